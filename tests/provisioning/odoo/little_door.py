"""The agents' door and a storage in one small server, whose every answer can be bent."""

import hashlib
import io
import json
import subprocess
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DUMP = ["pg_dump", "--no-owner", "--no-privileges"]


class LittleDoor(ThreadingHTTPServer):
    """``said`` is what the bootstrap told. ``refuses`` are events answered 409, ``is_away`` answers nothing but 503.

    ``cuts`` are numbers of bytes after which the storage breaks off, one for each of its next answers; an address is
    good for one answer.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.archive = b""
        self.facts = {}
        self.flags = {}
        self.sha256 = None
        self.said = []
        self.ranges = []
        self.cuts = []
        self.refuses = set()
        self.is_away = False
        self.storage_is_away = False
        self.addresses = 0
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def events(self):
        return [news["event"] for news in self.said if news["event"] != "progress"]

    @property
    def variables(self):
        return {"PROV_AGENT_URL": f"{self.url}/agent/", "PROV_AGENT_TOKEN": "t", "PROV_AGENT_PAUSE": "60"}

    def take_backup(self, container, files, modules, attachments):
        """As the agent makes it: of the container's database, with these files by their name in the filestore."""
        dump = subprocess.run([*DUMP, container.database], env=container.server, check=True, capture_output=True)
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("dump.sql", dump.stdout)
            for name, content in files.items():
                archive.writestr(f"filestore/{name}", content)
            manifest = {"major_version": "19.0", "version": "19.0", "modules": dict.fromkeys(modules, "19.0.1.0")}
            archive.writestr("manifest.json", json.dumps(manifest))
        self.archive = held.getvalue()
        self.facts = {"attachments": attachments, "files": len(files), "missingFiles": 0, "filestoreBytes": 100}

    def order(self):
        self.addresses += 1
        return {
            "address": f"{self.url}/backup?n={self.addresses}",
            "size": len(self.archive),
            "sha256": self.sha256 or hashlib.sha256(self.archive).hexdigest(),
            "facts": self.facts,
            **self.flags,
        }


class Handler(BaseHTTPRequestHandler):
    server: LittleDoor

    def log_message(self, *_arguments):
        """The tests' own output is enough."""

    def do_POST(self):
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        news = said.get("restore")
        if self.server.is_away:
            self._answer(503, b"{}")
            return
        if news is None:
            self._answer(200, b"{}")
            return
        self.server.said.append(news)
        if news["event"] in self.server.refuses:
            self._answer(409, b"{}")
            return
        self._answer(200, json.dumps({"restore": self.server.order()} if news["event"] == "begin" else {}).encode())

    def do_GET(self):
        if self.server.storage_is_away or self.path != f"/backup?n={self.server.addresses}":
            self._answer(403, b"expired")
            return
        first = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        self.server.ranges.append(first)
        body = self.server.archive[first:]
        self.send_response(206)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.server.addresses += 1
        cut = self.server.cuts.pop(0) if self.server.cuts else None
        self.wfile.write(body[:cut])
        if cut == 0:
            time.sleep(60)

    def _answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
