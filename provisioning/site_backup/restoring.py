"""A backup of our own database is brought back, whole or not at all."""

from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from provisioning.backups import bucket
from provisioning.models import SiteBackup
from provisioning.site_backup import keys, postgresql
from provisioning.site_backup.dumps import of_this_database
from provisioning.site_backup.errors import DatabaseNotEmpty, SiteBackupFailed
from provisioning.site_backup.reading import read_back
from provisioning.site_backup.shelf import Manifest


@dataclass(frozen=True)
class Schema:
    """How the restored tables differ from this release: migrations that they lack, and that only they know."""

    behind: tuple[str, ...]
    ahead: tuple[str, ...]


def check(manifest: Manifest, *, replace: bool) -> None:
    """Everything that can be known before anything is read. Raises DatabaseNotEmpty, SiteBackupKeysMissing, …"""
    dumps = of_this_database()
    keys.first()
    if manifest.engine != dumps.ENGINE:
        raise SiteBackupFailed(
            f"It is a backup of {manifest.engine}, and DATABASE_URL names a database of {dumps.ENGINE}."
        )
    dumps.check_target(manifest.made_by)
    if not replace and not dumps.is_empty():
        raise DatabaseNotEmpty("The database is not empty.")


def restore(manifest: Manifest, *, replace: bool = False) -> str:
    """Read it once to see that it is whole, then bring it back in one transaction.

    With ``replace``, what is in the database now is set aside; returns the name under which it lies (a schema of
    PostgreSQL, the end of a file's name for SQLite), or "". Killed at any moment the database is as it was.
    Raises what :func:`check` raises, SiteBackupDamaged, SiteBackupFailed, or the storage's errors.
    """
    check(manifest, replace=replace)
    storage, dumps = bucket.storage(), of_this_database()
    aside = "" if dumps.is_empty() else f"{postgresql.ASIDE}{timezone.now():%Y%m%d_%H%M%S}"
    with dumps.examine() as nowhere:
        read_back(storage, manifest, nowhere)
    with dumps.restore(aside) as database:
        read_back(storage, manifest, database)
    return aside


def schema() -> Schema:
    """Of the database as it is now."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    known = set(executor.loader.disk_migrations or ())
    foreign = sorted(set(executor.loader.applied_migrations or ()) - known)
    return Schema(
        behind=tuple(f"{migration.app_label}.{migration.name}" for migration, _back in plan),
        ahead=tuple(f"{app}.{name}" for app, name in foreign),
    )


def seals_open(manifest: Manifest) -> bool:
    """Whether a key is here of those with which the sealed columns were readable when it was made."""
    return any(keys.fingerprint(key) in manifest.encryption_keys for key in settings.ENCRYPTION_KEYS)


def note(manifest: Manifest) -> None:
    """In the dump the backup is still being made: tell the restored database that it was."""
    SiteBackup.objects.filter(name=manifest.name).update(
        state=SiteBackup.State.GOOD, lease_expires_at=None, ended_at=timezone.now(), size=manifest.stored_size
    )
