"""An agent as the door knows it: it calls, packs what it was given, and sends the parts to the addresses it gets."""

import hashlib
import io
import json
import zipfile

import httpx

OCTETS = {"Content-Type": "application/octet-stream"}
MANIFEST = {"odoo_dump": "1", "db_name": "acme_corp_prod", "version": "19.0", "modules": {"base": "19.0.1.3"}}


def packed(files=3, *, dump=b"CREATE TABLE res_users ();\n", manifest=None):
    """A backup in Odoo's own format, the same bytes each time."""
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("dump.sql"), dump)
        for number in range(files):
            archive.writestr(zipfile.ZipInfo(f"filestore/ab/ab{number:038}"), f"file {number}")
        archive.writestr(zipfile.ZipInfo("manifest.json"), json.dumps(MANIFEST if manifest is None else manifest))
    return found.getvalue()


class LittleAgent:
    def __init__(self, client, token):
        self.client = client
        self.token = token

    def call(self, **body):
        return self.client.post(
            "/agent/", json.dumps(body), content_type="application/json", HTTP_AUTHORIZATION=f"Bearer {self.token}"
        )

    def job(self):
        return self.call(report={}).json().get("job")

    def send(self, job, body, part_bytes=None):
        """The parts as the storage acknowledged them."""
        size, addresses, parts = part_bytes or job["partBytes"], dict(job["addresses"]), []
        for number, start in enumerate(range(0, len(body), size), 1):
            if str(number) not in addresses:
                more = self.call(job={"id": job["id"], "event": "more", "from": number})
                addresses |= more.json()["job"]["addresses"]
            part = body[start : start + size]
            answer = httpx.put(addresses[str(number)], content=part, headers=OCTETS, verify=False)
            answer.raise_for_status()
            parts.append([answer.headers["ETag"].strip('"'), len(part)])
        return parts

    def done(self, job, body, parts, files=3):
        facts = {"tables": 1, "attachments": files, "files": files, "seconds": 1, "odooVersion": "19.0-20260723"}
        sha256 = hashlib.sha256(body).hexdigest()
        return self.call(job={"id": job["id"], "event": "done", "parts": parts, "sha256": sha256, "facts": facts})

    def back_up(self, body=None, files=3):
        """All of it, as on a good day; returns the job."""
        body = body or packed(files)
        job = self.job()
        assert self.done(job, body, self.send(job, body), files).status_code == 200
        return job
