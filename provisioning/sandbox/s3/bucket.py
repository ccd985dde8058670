"""The objects of one bucket and its unfinished uploads, kept as files in a folder."""

import hashlib
import json
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from provisioning.sandbox.s3.errors import S3Refusal, denied, missing

LEAST_PART = 5 * 1024 * 1024
MOST_PARTS = 10_000
CHUNK = 1024 * 1024


@dataclass
class Lock:
    """Until when (seconds since the epoch) a version cannot be deleted."""

    mode: str
    until: float


@dataclass
class Version:
    """One version of an object; a ``marker`` stands for its deletion."""

    id: str
    key: str
    size: int = 0
    etag: str = ""
    content_type: str = ""
    modified: float = 0.0
    lock: Lock | None = None
    marker: bool = False


@dataclass
class Part:
    size: int
    etag: str


@dataclass
class Upload:
    id: str
    key: str
    content_type: str
    started: float
    lock: Lock | None = None
    parts: dict[int, Part] = field(default_factory=dict)


class Bucket:
    """With ``locking`` it keeps versions and honours locks. ``most_bytes`` is its quota (0: none)."""

    def __init__(self, folder: Path, *, locking: bool = False, most_bytes: int = 0) -> None:
        self.locking = locking
        self.most_bytes = most_bytes
        self._folder = folder
        self._versions: dict[str, list[Version]] = {}
        self.uploads: dict[str, Upload] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._load()

    def put(self, key: str, body: bytes, *, content_type: str, lock: Lock | None, now: float) -> Version:
        self._room_for(len(body))
        version = self._new_version(key, content_type, lock, now)
        self._path(version.id).write_bytes(body)
        version.size, version.etag = len(body), hashlib.md5(body, usedforsecurity=False).hexdigest()
        return self._keep(version)

    def newest(self, key: str) -> Version:
        """Raises S3Refusal NoSuchKey."""
        versions = self._versions.get(key)
        if not versions or versions[-1].marker:
            raise missing("NoSuchKey", "The specified key does not exist.")
        return versions[-1]

    def has(self, key: str) -> bool:
        versions = self._versions.get(key, [])
        return bool(versions) and not versions[-1].marker

    def read(self, version: Version, first: int, last: int) -> bytes:
        with self._path(version.id).open("rb") as file:
            file.seek(first)
            return file.read(last - first + 1)

    def newest_of_all(self, prefix: str, after: str) -> Iterator[Version]:
        """In the order of their keys."""
        for key in sorted(self._versions):
            if key.startswith(prefix) and key > after and self.has(key):
                yield self._versions[key][-1]

    def delete(self, key: str, version_id: str, now: float) -> None:
        """Without a version a versioned bucket only puts a marker. Raises S3Refusal where a lock forbids it."""
        versions = self._versions.get(key, [])
        if self.locking and not version_id:
            versions = self._versions.setdefault(key, [])
            versions.append(Version(uuid.uuid4().hex, key, modified=now, marker=True))
        for version in [each for each in versions if each.id == version_id or not self.locking]:
            if version.lock and version.lock.until > now:
                raise denied("Access Denied because object protected by object lock.")
            versions.remove(version)
            self._path(version.id).unlink(missing_ok=True)
        if not versions:
            self._versions.pop(key, None)
        self._save()

    def begin(self, key: str, *, content_type: str, lock: Lock | None, now: float) -> Upload:
        upload = Upload(uuid.uuid4().hex, key, content_type, now, lock)
        self.uploads[upload.id] = upload
        self._save()
        return upload

    def upload(self, key: str, upload_id: str) -> Upload:
        """Raises S3Refusal NoSuchUpload."""
        upload = self.uploads.get(upload_id)
        if upload is None or upload.key != key:
            raise missing("NoSuchUpload", "The specified multipart upload does not exist.")
        return upload

    def add_part(self, upload: Upload, number: int, body: bytes) -> Part:
        if not 1 <= number <= MOST_PARTS:
            raise S3Refusal("InvalidArgument", f"Part number must be an integer between 1 and {MOST_PARTS}")
        self._room_for(len(body))
        self._path(f"{upload.id}.{number}").write_bytes(body)
        part = upload.parts[number] = Part(len(body), hashlib.md5(body, usedforsecurity=False).hexdigest())
        self._save()
        return part

    def complete(self, upload: Upload, wanted: list[tuple[int, str]], now: float) -> Version:
        """Raises S3Refusal InvalidPart, InvalidPartOrder or EntityTooSmall."""
        if not wanted or [number for number, _etag in wanted] != sorted({number for number, _etag in wanted}):
            raise S3Refusal("InvalidPartOrder", "The list of parts was not in ascending order.")
        parts = [upload.parts.get(number) for number, _etag in wanted]
        if any(part is None or part.etag != etag for part, (_number, etag) in zip(parts, wanted, strict=True)):
            raise S3Refusal("InvalidPart", "One or more of the specified parts could not be found.")
        if any(part.size < LEAST_PART for part in parts[:-1] if part):
            raise S3Refusal("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
        version = self._new_version(upload.key, upload.content_type, upload.lock, now)
        digest = hashlib.md5(usedforsecurity=False)
        with self._path(version.id).open("wb") as file:
            for number, etag in wanted:
                digest.update(bytes.fromhex(etag))
                with self._path(f"{upload.id}.{number}").open("rb") as part:
                    shutil.copyfileobj(part, file, CHUNK)
            version.size = file.tell()
        version.etag = f"{digest.hexdigest()}-{len(wanted)}"
        self._keep(version)
        self.abort(upload)
        return version

    def abort(self, upload: Upload) -> None:
        for number in upload.parts:
            self._path(f"{upload.id}.{number}").unlink(missing_ok=True)
        self.uploads.pop(upload.id, None)
        self._save()

    def clear(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._versions, self.uploads = {}, {}

    def _new_version(self, key: str, content_type: str, lock: Lock | None, now: float) -> Version:
        return Version(uuid.uuid4().hex, key, content_type=content_type, modified=now, lock=lock)

    def _keep(self, version: Version) -> Version:
        former = self._versions.get(version.key, [])
        if not self.locking:
            for each in former:
                self._path(each.id).unlink(missing_ok=True)
            former = []
        self._versions[version.key] = [*former, version]
        self._save()
        return version

    def _room_for(self, more: int) -> None:
        used = sum(each.size for versions in self._versions.values() for each in versions)
        used += sum(part.size for upload in self.uploads.values() for part in upload.parts.values())
        if self.most_bytes and used + more > self.most_bytes:
            raise S3Refusal("QuotaExceeded", "The bucket's quota is used up.", 403)

    def _path(self, name: str) -> Path:
        return self._folder / name

    def _save(self) -> None:
        index = {
            "versions": [asdict(each) for versions in self._versions.values() for each in versions],
            "uploads": [asdict(each) for each in self.uploads.values()],
        }
        fresh = self._path("index.new")
        fresh.write_text(json.dumps(index))
        fresh.replace(self._path("index.json"))

    def _load(self) -> None:
        index = self._path("index.json")
        if not index.exists():
            return
        found = json.loads(index.read_text())
        for row in found["versions"]:
            version = Version(**row | {"lock": _lock(row["lock"])})
            self._versions.setdefault(version.key, []).append(version)
        for row in found["uploads"]:
            parts = {int(number): Part(**part) for number, part in row["parts"].items()}
            self.uploads[row["id"]] = Upload(**row | {"lock": _lock(row["lock"]), "parts": parts})


def _lock(row: dict[str, object] | None) -> Lock | None:
    return Lock(str(row["mode"]), float(str(row["until"]))) if row else None
