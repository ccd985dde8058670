"""Whether a backup is good: what the storage has is read back, whole, and compared with what the agent said."""

import hashlib
import io
import json
import logging
import zipfile
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from provisioning.backups import bucket, upkeep
from provisioning.backups.errors import BackupDamaged
from provisioning.errors import Permanent, ProvisioningError
from provisioning.models import Backup, Restore
from provisioning.signals import backup_changed
from provisioning.storage.client import Storage
from provisioning.storage.errors import ObjectMissing, UploadGone
from provisioning.storage.results import Part, StoredObject

logger = logging.getLogger(__name__)
CHECK_LEASE = timedelta(minutes=30)
AGAIN = timedelta(minutes=2)
# less than this share of the one before is not believed
PLAUSIBLE = 0.5
NEEDED = ("dump.sql", "manifest.json")
FILES = "filestore/"
_S = Backup.State


def check(backup_id: int) -> bool | None:
    """Complete the upload, read the object back and say whether it is good; None when nobody needs to, or not now."""
    now = timezone.now()
    mine = Backup.objects.filter(
        Q(lease_expires_at=None) | Q(lease_expires_at__lte=now), pk=backup_id, state=_S.CHECKING
    )
    if not mine.update(lease_expires_at=now + CHECK_LEASE):
        return None
    backup = Backup.objects.get(pk=backup_id)
    try:
        facts = _examine(bucket.storage(), backup)
    except Permanent as error:
        upkeep.fail(backup, error.code, error.message)
        return False
    except ProvisioningError as error:
        logger.info("Backup %s is checked later: %s", backup.public_id, error.message)
        Backup.objects.filter(pk=backup.pk).update(lease_expires_at=timezone.now() + AGAIN, reason=error.code)
        return None
    _record(backup, facts)
    return True


def _examine(storage: Storage, backup: Backup) -> dict[str, Any]:
    """What is in it. Raises BackupDamaged, or one of the storage's errors."""
    stored = _completed(storage, backup)
    if stored.size != backup.size:
        raise BackupDamaged(f"The storage has {stored.size} bytes, the agent sent {backup.size}.")
    if backup.locked_until and not (stored.locked_until and stored.locked_until >= backup.locked_until):
        raise BackupDamaged("The storage did not lock it although it said that it would.")
    digest = hashlib.sha256()
    for chunk in storage.stream(backup.key):
        digest.update(chunk)
    if digest.hexdigest() != backup.sha256:
        raise BackupDamaged("What the storage has is not what the agent sent.")
    found = contents(RemoteFile(storage, backup.key, stored.size))
    if found["files"] != backup.facts.get("files"):
        raise BackupDamaged(f"It holds {found['files']} files, the agent packed {backup.facts.get('files')}.")
    _compare_with_former(backup)
    return found


def _completed(storage: Storage, backup: Backup) -> StoredObject:
    """Completing again after a lost answer finds the upload gone and the object there."""
    parts = [Part(number, etag, size) for number, (etag, size) in enumerate(backup.facts["parts"], 1)]
    try:
        return storage.complete(backup.key, backup.upload_id, parts)
    except UploadGone:
        try:
            return storage.head(backup.key)
        except ObjectMissing as error:
            raise BackupDamaged("Its upload is gone, and the storage has no such object.") from error


def _compare_with_former(backup: Backup) -> None:
    if backup.any_size:
        return
    former = _last_state(backup.instance_id)
    if former and former.size and backup.size and backup.size < former.size * PLAUSIBLE:
        raise BackupDamaged(f"It has {backup.size} bytes, the one before had {former.size}.", code="backup_implausible")


def _last_state(instance_id: int) -> Backup | None:
    """The backup that has what the instance was last known to have: what was brought back is its state from then on."""
    former = Backup.objects.filter(instance=instance_id, state=_S.GOOD).order_by("-ended_at").first()
    proven = Restore.objects.filter(instance=instance_id, mode=Restore.Mode.SAME, state=Restore.State.PROVEN)
    restored = proven.select_related("backup").order_by("-ended_at").first()
    later = former and former.taken_at and restored and restored.ended_at and restored.ended_at > former.taken_at
    return restored.backup if restored and later else former


def _record(backup: Backup, found: dict[str, Any]) -> None:
    facts = {name: value for name, value in backup.facts.items() if name != "parts"} | found
    with transaction.atomic():
        mine = Backup.objects.filter(pk=backup.pk, state=_S.CHECKING)
        if mine.update(
            state=_S.GOOD, facts=facts, ended_at=timezone.now(), lease_expires_at=None, reason="", upload_id=""
        ):
            backup.refresh_from_db()
            backup_changed.send(Backup, backup=backup)


def contents(file: "RemoteFile") -> dict[str, Any]:
    """Odoo's own format, looked at without unpacking it: ``files`` and the modules' count. Raises BackupDamaged."""
    try:
        with zipfile.ZipFile(io.BufferedReader(file, 1024 * 1024)) as archive:
            sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
            if any(not sizes.get(name) for name in NEEDED):
                raise BackupDamaged(f"It lacks {' or '.join(NEEDED)}.")
            manifest = json.loads(archive.read("manifest.json"))
        files = sum(name.startswith(FILES) and not name.endswith("/") for name in sizes)
        found = {"files": files, "modules": len(manifest["modules"]), "version": str(manifest["version"])[:20]}
        server = manifest.get("pg_version")
        return found | ({"postgresVersion": server[:20]} if isinstance(server, str) else {})
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, EOFError) as error:
        raise BackupDamaged(f"It cannot be read as a backup of Odoo: {type(error).__name__}.") from error


class RemoteFile(io.RawIOBase):
    """An object of the storage as a file that can be read anywhere, in as few requests as its reader asks for."""

    def __init__(self, storage: Storage, key: str, size: int) -> None:
        super().__init__()
        self._storage = storage
        self._key = key
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(start + offset, 0)
        return self._position

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), self._size - self._position)
        if wanted <= 0:
            return 0
        found = self._storage.read(self._key, self._position, self._position + wanted - 1)
        buffer[: len(found)] = found
        self._position += len(found)
        return len(found)
