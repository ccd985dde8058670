"""A backup of our own database is made: dumped, encrypted and stored in one stream, then read back from the storage."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from provisioning.backups import bucket
from provisioning.errors import ProvisioningError
from provisioning.models import SiteBackup
from provisioning.site_backup import keys, shelf
from provisioning.site_backup.dumps import Dumps, of_this_database
from provisioning.site_backup.errors import SiteBackupDamaged, SiteBackupRunning
from provisioning.site_backup.reading import read_back
from provisioning.site_backup.shelf import Manifest
from provisioning.site_backup.streams import MeasuredReader, MeasuredWriter, PartsWriter
from provisioning.storage.client import Storage
from provisioning.storage.results import StoredObject

logger = logging.getLogger(__name__)
LEASE = timedelta(minutes=15)
SIGN_SECONDS = 20.0
_S = SiteBackup.State


def configured() -> bool:
    return bucket.configured() and keys.configured()


def make_when_due() -> Manifest | None:
    """As :func:`make`, unless the last good one is young or another process is at it; None then."""
    recent = timezone.now() - timedelta(hours=settings.SITE_BACKUP_INTERVAL_HOURS)
    if not configured() or SiteBackup.objects.filter(state=_S.GOOD, begun_at__gt=recent).exists():
        return None
    try:
        return make()
    except SiteBackupRunning:
        return None


def make() -> Manifest:
    """Make one, and erase what no policy keeps any more.

    Raises SiteBackupKeysMissing, BackupsNotConfigured, SiteBackupToolMissing, SiteBackupRunning, SiteBackupFailed,
    SiteBackupDamaged, or the storage's errors. Whatever it raises is in its row too.
    """
    keys.first()
    storage, dumps = bucket.storage(), of_this_database()
    row = _begin()
    with _recorded(row):
        manifest = _make(storage, dumps, row)
        shelf.put(storage, manifest, locked_until=_moment(manifest.locked_until))
    SiteBackup.objects.filter(pk=row.pk).update(
        state=_S.GOOD, ended_at=timezone.now(), lease_expires_at=None, size=manifest.stored_size
    )
    logger.info("Our own database is backed up: %s, %d bytes", manifest.name, manifest.stored_size)
    shelf.try_to_erase()
    return manifest


def _make(storage: Storage, dumps: Dumps, row: SiteBackup) -> Manifest:
    started, made_by, migrations = time.monotonic(), dumps.facts(), _migrations()
    alive = _signs_of_life(row)
    locked_until = bucket.lock()
    with _upload(storage, shelf.data_key(row.name), locked_until) as parts:
        sent = MeasuredWriter(parts, alive)
        with dumps.dump() as reader:
            dumped = MeasuredReader(reader, alive)
            keys.encrypt(dumped, sent)
        stored = parts.complete()
    _check_stored(stored, sent.size, locked_until)
    manifest = Manifest(
        name=row.name,
        taken_at=row.begun_at.isoformat(),
        engine=dumps.ENGINE,
        made_by=made_by,
        size=dumped.size,
        sha256=dumped.sha256,
        stored_size=sent.size,
        stored_sha256=sent.sha256,
        migrations=migrations,
        key=keys.fingerprint(keys.first()),
        encryption_keys=[keys.fingerprint(key) for key in settings.ENCRYPTION_KEYS],
        locked_until=stored.locked_until.isoformat() if stored.locked_until else "",
        seconds=0,
    )
    with dumps.examine() as nowhere:
        read_back(storage, manifest, nowhere, alive)
    return Manifest(**vars(manifest) | {"seconds": round(time.monotonic() - started, 1)})


@contextmanager
def _upload(storage: Storage, key: str, locked_until: datetime | None) -> Iterator[PartsWriter]:
    """A stream that broke leaves no parts behind: they cost money."""
    parts = PartsWriter(storage, key, locked_until=locked_until)
    try:
        yield parts
    except BaseException:
        with suppress(ProvisioningError):
            parts.abort()
        raise


def _check_stored(stored: StoredObject, size: int, locked_until: datetime | None) -> None:
    if stored.size != size:
        raise SiteBackupDamaged(f"The storage has {stored.size} bytes of {size}.")
    if locked_until and not (stored.locked_until and stored.locked_until >= locked_until):
        raise SiteBackupDamaged("The storage did not lock it although it said that it would.")


def _begin() -> SiteBackup:
    """One at a time, in all processes. Raises SiteBackupRunning."""
    now = timezone.now().replace(microsecond=0)
    lost = SiteBackup.objects.filter(state=_S.RUNNING, lease_expires_at__lt=now)
    lost.update(state=_S.FAILED, ended_at=now, reason="site_backup_interrupted", lease_expires_at=None)
    while SiteBackup.objects.filter(name=shelf.name_of(now)).exists():
        now += timedelta(seconds=1)
    try:
        with transaction.atomic():
            return SiteBackup.objects.create(
                name=shelf.name_of(now), begun_at=now, lease_expires_at=timezone.now() + LEASE
            )
    except IntegrityError as error:
        raise SiteBackupRunning("Another process is backing up our own database at this moment.") from error


@contextmanager
def _recorded(row: SiteBackup) -> Iterator[None]:
    """Whatever ends it, also somebody's Ctrl-C, is written down."""
    try:
        yield
    except BaseException as error:
        reason, message = "unexpected", type(error).__name__
        if isinstance(error, ProvisioningError):
            reason, message = error.code, error.message
        SiteBackup.objects.filter(pk=row.pk).update(
            state=_S.FAILED, ended_at=timezone.now(), lease_expires_at=None, reason=reason, message=message[:500]
        )
        logger.error("Our own database could not be backed up: %s %s", reason, message)  # noqa: TRY400  it is raised on
        raise


def _signs_of_life(row: SiteBackup) -> Callable[[], None]:
    """Renews the lease, at most every few seconds however often it is called."""
    last = time.monotonic()

    def alive() -> None:
        nonlocal last
        if time.monotonic() - last > SIGN_SECONDS:
            last = time.monotonic()
            SiteBackup.objects.filter(pk=row.pk).update(lease_expires_at=timezone.now() + LEASE)

    return alive


def _migrations() -> dict[str, str]:
    """The last one of each app."""
    applied = MigrationRecorder(connection).applied_migrations()
    return {app: max(name for each, name in applied if each == app) for app in sorted({app for app, _name in applied})}


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
