"""The keys of our own backups, in age's format (age-encryption.org/v1).

age encrypts a stream in numbered chunks with a mark on the last one, so that a cut, a swap or an addition is noticed,
and whoever has a key opens a backup with the `age` tool alone, without this project.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

import pyrage
from django.conf import settings

from provisioning.site_backup.errors import SiteBackupDamaged, SiteBackupKeysMissing


class Reader(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Writer(Protocol):
    def write(self, data: bytes, /) -> object: ...


def configured() -> bool:
    return bool(settings.SITE_BACKUP_KEYS)


def encrypt(reader: Reader, writer: Writer) -> None:
    """Everything that ``reader`` has, for the first key. What reader or writer raise comes out as it is."""
    source, target = _Reading(reader), _Writing(writer)
    try:
        pyrage.encrypt_io(source, target, [_identities()[0].to_public()])
    except (pyrage.EncryptError, OSError) as error:
        raise (source.failure or target.failure or error) from error


def decrypt(reader: Reader, writer: Writer) -> None:
    """What :func:`encrypt` made, with any of the keys.

    The end is only known to be the end when this returns: whatever was written before counts for nothing if it raises.
    Raises SiteBackupDamaged, or what reader and writer raise.
    """
    source, target = _Reading(reader), _Writing(writer)
    try:
        pyrage.decrypt_io(source, target, _identities())
    except (pyrage.DecryptError, OSError) as error:
        failure = source.failure or target.failure
        why = "no key of SITE_BACKUP_KEYS opens it" if "No matching keys" in str(error) else "it was changed or cut"
        raise (failure or SiteBackupDamaged(f"The backup cannot be decrypted: {why}.")) from error


def fingerprint(key: str) -> str:
    """Names a key without telling it, for a manifest that anybody may read. For keys that nobody can guess."""
    return hashlib.sha256(key.encode()).hexdigest()[:12]


def first() -> str:
    """Raises SiteBackupKeysMissing."""
    _identities()
    return str(settings.SITE_BACKUP_KEYS[0])


def _identities() -> "Sequence[pyrage.x25519.Identity]":
    if not configured():
        raise SiteBackupKeysMissing("SITE_BACKUP_KEYS is not set.")
    return parsed(tuple(settings.SITE_BACKUP_KEYS))


@lru_cache(maxsize=4)
def parsed(keys: tuple[str, ...]) -> "Sequence[pyrage.x25519.Identity]":
    """Raises SiteBackupKeysMissing, without repeating a key."""
    try:
        return [pyrage.x25519.Identity.from_str(key) for key in keys]
    except pyrage.IdentityError as error:
        raise SiteBackupKeysMissing("A key of SITE_BACKUP_KEYS is malformed.") from error


class _Reading:
    """The library tells only the text of what a reader raised; this keeps the error itself."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.failure: Exception | None = None

    def read(self, size: int) -> bytes:
        try:
            return self._reader.read(size)
        except Exception as error:
            self.failure = error
            raise


class _Writing:
    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.failure: Exception | None = None

    def write(self, data: bytes) -> int:
        try:
            self._writer.write(data)
        except Exception as error:
            self.failure = error
            raise
        return len(data)

    def flush(self) -> None:
        """The parts are sent when they are full, and the last one at the end."""
