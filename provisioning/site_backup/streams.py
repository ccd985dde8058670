"""Bytes on their way between the database and the storage, counted as they pass and never all in memory."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime

from provisioning.site_backup.keys import Reader, Writer
from provisioning.storage.client import Storage
from provisioning.storage.results import Part, StoredObject

# ten thousand of them are the most that S3 takes: 156 GiB
PART = 16 * 1024 * 1024


class Measured:
    """Counts and digests what passes, and says with every piece that somebody is at work."""

    def __init__(self, alive: Callable[[], None]) -> None:
        self._alive = alive
        self._digest = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def took(self, data: bytes) -> bytes:
        self._digest.update(data)
        self.size += len(data)
        self._alive()
        return data


class MeasuredReader(Measured):
    def __init__(self, reader: Reader, alive: Callable[[], None]) -> None:
        super().__init__(alive)
        self._reader = reader

    def read(self, size: int) -> bytes:
        return self.took(self._reader.read(size))


class MeasuredWriter(Measured):
    def __init__(self, writer: Writer, alive: Callable[[], None]) -> None:
        super().__init__(alive)
        self._writer = writer

    def write(self, data: bytes) -> int:
        self._writer.write(self.took(data))
        return len(data)


class ChunkReader:
    """An iterator of pieces, read as a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def read(self, size: int) -> bytes:
        if not self._rest:
            self._rest = next(self._chunks, b"")
        data, self._rest = self._rest[:size], self._rest[size:]
        return data


class PartsWriter:
    """Sends a stream to the storage in parts; it is no object before `complete`, and leaves nothing after `abort`."""

    def __init__(self, storage: Storage, key: str, *, locked_until: datetime | None) -> None:
        self._storage = storage
        self._key = key
        self._upload_id = storage.begin(key, locked_until=locked_until)
        self._parts: list[Part] = []
        self._waiting = bytearray()

    def write(self, data: bytes) -> int:
        self._waiting += data
        if len(self._waiting) >= PART:
            self._send()
        return len(data)

    def complete(self) -> StoredObject:
        self._send()
        return self._storage.complete(self._key, self._upload_id, self._parts)

    def abort(self) -> None:
        self._storage.abort(self._key, self._upload_id)

    def _send(self) -> None:
        if self._waiting:
            body, self._waiting = bytes(self._waiting), bytearray()
            self._parts.append(self._storage.send(self._key, self._upload_id, len(self._parts) + 1, body))
