"""Whether the storage of backups opens with its keys: one signed request that lists nothing (AWS Signature Version 4)."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timezone
from urllib.parse import quote, urlsplit

from installer.asking import ask
from installer.words import Refused, tr

EMPTY = hashlib.sha256(b"").hexdigest()
QUERY = "list-type=2&max-keys=1"


def check(values: dict[str, str]) -> str:
    """What was found to be good. Raises Refused."""
    bucket = values["BACKUP_S3_BUCKET"]
    url = f"{values['BACKUP_S3_ENDPOINT'].rstrip('/')}/{quote(bucket)}"
    status, body = ask(f"{url}?{QUERY}", headers=signed(url, values))
    if status == 200:
        return tr(f"the bucket {bucket} opens", f"le compartiment {bucket} s’ouvre")
    if status == 404 or b"NoSuchBucket" in body:
        raise Refused(
            tr(f"There is no bucket {bucket} there.", f"Il n’y a pas de compartiment {bucket} à cet endroit.")
        )
    if status in (400, 401, 403):
        code = next((part for part in body.decode(errors="replace").split("Code>")[1:2]), "").split("<")[0]
        raise Refused(
            tr(
                f"The storage refuses the keys, or the region is another one ({code or status}).",
                f"Le stockage refuse les clés, ou la région est une autre ({code or status}).",
            )
        )
    raise Refused(tr(f"The storage answered {status}.", f"Le stockage a répondu {status}."))


def signed(url: str, values: dict[str, str]) -> dict[str, str]:
    """The headers of a GET of ``url`` with `QUERY`."""
    parts = urlsplit(url)
    moment = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    region = values.get("BACKUP_S3_REGION") or "us-east-1"
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    headers = {"host": parts.netloc, "x-amz-content-sha256": EMPTY, "x-amz-date": moment}
    names = ";".join(headers)
    canonical = "\n".join(
        ["GET", parts.path, QUERY, *(f"{name}:{value}" for name, value in headers.items()), "", names, EMPTY]
    )
    what = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{values['BACKUP_S3_SECRET_ACCESS_KEY']}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, what.encode(), hashlib.sha256).hexdigest()
    credential = f"Credential={values['BACKUP_S3_ACCESS_KEY_ID']}/{scope}"
    del headers["host"]
    return {**headers, "Authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature={signature}"}
