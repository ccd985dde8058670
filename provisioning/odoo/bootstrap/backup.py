"""A backup in Odoo's own format (one zip: dump.sql, filestore/, manifest.json), streamed part by part as it is packed.

Nothing is copied to the disk first, and no more than one part is in memory.
"""

import hashlib
import http.client
import json
import re
import ssl
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import IO, Any, Protocol
from urllib.parse import urlsplit

CHUNK = 256 * 1024
PART_TRIES = 5
PART_TIMEOUT_SECONDS = 300
EARLIEST = (1980, 1, 1, 0, 0, 0)
# of a refusal: S3 says <Code>QuotaExceeded</Code>
MOST_SAID, CODE = 4096, re.compile(rb"<Code>([A-Za-z]{1,40})</Code>")


class Failed(Exception):
    """The backup cannot be made now; ``reason`` is a code."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Snapshot(Protocol):
    """A database and its files at one moment."""

    def __enter__(self) -> "Snapshot": ...

    def __exit__(self, *error: object) -> None: ...

    def accounts(self) -> list[str]:
        """The logins of all who have an account in it."""

    def dump(self) -> Iterator[bytes]:
        """SQL that makes the database. Raises Failed."""

    def files(self) -> Iterator[tuple[str, AbstractContextManager[IO[bytes]]]]:
        """Each file that the database knows and that is there: its name below the filestore, and itself."""

    def manifest(self) -> dict[str, Any]: ...

    def facts(self) -> dict[str, Any]:
        """``tables``, ``attachments``, ``missingFiles``, ``odooVersion``; complete once all files were given."""


Say = Callable[..., dict[str, Any]]


def make(job: Mapping[str, Any], house: Any, say: Say) -> dict[str, Any]:
    """Pack and send; what the other side must know to believe it. Raises Failed, or what ``say`` raises.

    A job ``onlyOf`` a login is done while nobody else has an account in this Odoo.
    """
    began = time.monotonic()
    upload = Upload(job, say)
    try:
        with house.snapshot() as snapshot:
            if "onlyOf" in job and snapshot.accounts() != [job["onlyOf"]]:
                raise Failed("not_only_theirs", "somebody else has an account in it")
            packed = _pack(snapshot, upload)
            facts = snapshot.facts()
    except OSError as error:
        raise Failed("file_error", f"{type(error).__name__}: {error.filename}") from error
    upload.finish()
    facts |= packed | {"seconds": round(time.monotonic() - began)}
    return {"parts": upload.parts, "sha256": upload.digest.hexdigest(), "facts": facts}


def _pack(snapshot: Snapshot, upload: "Upload") -> dict[str, int]:
    count = size = 0
    with zipfile.ZipFile(upload, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        with _entry(archive, "dump.sql") as target:
            for chunk in snapshot.dump():
                target.write(chunk)
        for name, opened in snapshot.files():
            with opened as source, _entry(archive, f"filestore/{name}") as target:
                while chunk := source.read(CHUNK):
                    size += target.write(chunk)
            count += 1
        with _entry(archive, "manifest.json") as target:
            target.write(json.dumps(snapshot.manifest(), indent=4).encode())
    return {"files": count, "filestoreBytes": size}


def _entry(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    info = zipfile.ZipInfo(name, EARLIEST)
    info.compress_type = zipfile.ZIP_DEFLATED
    return archive.open(info, "w", force_zip64=True)


class Upload:
    """A file that can only be written: each full part goes to its own address as soon as it is full."""

    def __init__(self, job: Mapping[str, Any], say: Say) -> None:
        self.parts: list[list[Any]] = []
        self.digest = hashlib.sha256()
        self._bytes = int(job["partBytes"])
        self._addresses = {int(number): str(address) for number, address in job["addresses"].items()}
        self._say = say
        self._buffer = bytearray()
        self._lost = False

    def write(self, data: bytes) -> int:
        if self._lost:
            # the archive is being closed on the way out of a failure: nothing is tried all over again
            return len(data)
        self.digest.update(data)
        left = memoryview(data)
        while left:
            room = self._bytes - len(self._buffer)
            self._buffer += left[:room]
            left = left[room:]
            if len(self._buffer) == self._bytes:
                self._send()
        return len(data)

    def flush(self) -> None:
        """Nothing is sent before a part is full: the storage refuses small ones."""

    def close(self) -> None:
        """The end is `finish`, and only when all went well."""

    def finish(self) -> None:
        if self._buffer or not self.parts:
            self._send()

    def _send(self) -> None:
        number, trouble = len(self.parts) + 1, ""
        self._lost = True
        for attempt in range(PART_TRIES):
            if number not in self._addresses or attempt:
                fresh = self._say(event="more", **{"from": number})["job"]["addresses"]
                self._addresses = {int(each): str(address) for each, address in fresh.items()}
            try:
                etag = put(self._addresses[number], self._buffer)
            except Refused as error:
                trouble = str(error)
                time.sleep(min(2.0**attempt, 30))
            except (OSError, http.client.HTTPException) as error:
                trouble = type(error).__name__
                time.sleep(min(2.0**attempt, 30))
            else:
                self.parts.append([etag, len(self._buffer)])
                self._buffer.clear()
                self._lost = False
                return
        raise Failed("upload_failed", f"part {number} was not taken ({trouble})")


class Refused(Exception):
    """The storage's status, and its word for why: no address and no key."""


def put(address: str, part: bytes | bytearray) -> str:
    """The ETag that the storage gives to this part. Raises Refused, OSError or HTTPException."""
    target = urlsplit(address)
    secure = target.scheme == "https"
    context = ssl.create_default_context() if secure else None
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    options: dict[str, Any] = {"context": context} if secure else {}
    connection = kind(target.netloc, timeout=PART_TIMEOUT_SECONDS, **options)
    try:
        connection.request("PUT", f"{target.path}?{target.query}", part, {"Content-Type": "application/octet-stream"})
        answer = connection.getresponse()
        said = answer.read(MOST_SAID)
    finally:
        connection.close()
    etag = answer.getheader("ETag")
    if answer.status != 200 or not etag:
        code = CODE.search(said)
        raise Refused(f"the storage answered {answer.status} {code[1].decode() if code else ''}".strip())
    return etag.strip('"')
