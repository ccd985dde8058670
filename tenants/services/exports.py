"""The export of an instance: its newest good backup, and the kit that starts the same Odoo elsewhere."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from provisioning.backups import asking, bucket
from provisioning.exit_kit import elsewhere, files
from provisioning.exit_kit.elsewhere import Elsewhere
from provisioning.exit_kit.files import KitFile
from provisioning.models import Backup, Operation
from provisioning.spec import InstanceSpec
from tenants.errors import NoBackup
from tenants.models import AuditEntry, Instance
from tenants.services import making, preconditions

# a download that has begun goes on after it
ADDRESS_SECONDS = 900
SERIES = "19.0"


@dataclass(frozen=True)
class Export:
    """``url`` gives the backup to whoever has it, from the storage itself, until ``expires_at``."""

    backup: Backup
    filename: str
    url: str
    expires_at: datetime
    kit: tuple[KitFile, ...]


def export(instance: Instance, backup: Backup | None = None) -> Export:
    """Hand out this good backup of it, or the newest; the audit trail keeps to whom.

    Raises BackupsUnavailable or NoBackup.
    """
    backup = backup or _newest(instance)
    filename = _filename(instance, backup)
    # the address is asked of nobody: it is signed here
    url = bucket.storage().download_address(backup.key, seconds=ADDRESS_SECONDS, filename=filename)
    AuditEntry.write("exported", instance.pk, after={"backup": backup.public_id})
    expires_at = timezone.now().replace(microsecond=0) + timedelta(seconds=ADDRESS_SECONDS)
    return Export(backup, filename, url, expires_at, _kit(instance, backup))


def kit(instance: Instance) -> tuple[KitFile, ...]:
    """The kit alone, in which nothing is of the customer's but names. Raises BackupsUnavailable or NoBackup."""
    return _kit(instance, _newest(instance))


def _newest(instance: Instance) -> Backup:
    preconditions.require("export", instance)
    backup = asking.newest_good(instance.pk)
    if backup is None:
        raise NoBackup
    return backup


def _kit(instance: Instance, backup: Backup) -> tuple[KitFile, ...]:
    spec = _spec(instance)
    return files.files_of(
        Elsewhere(
            client_name=instance.client_name,
            database=instance.database_name,
            image=spec.source.image,
            repository=spec.source.repository,
            branch=spec.source.branch,
            addons_path=spec.source.addons_path,
            postgres=elsewhere.postgres_major(spec.postgres_image, str(backup.facts.get("postgresVersion", ""))),
            filename=_filename(instance, backup),
            sha256=backup.sha256,
            size=backup.size or 0,
            taken=_begun(backup).strftime("%Y-%m-%d %H:%M"),
            series=str(backup.facts.get("version", SERIES)),
            odoo_version=instance.odoo_version,
        )
    )


def _spec(instance: Instance) -> InstanceSpec:
    """What its services were configured with: that is done once, by the creation."""
    made = Operation.objects.made_by().filter(instance=instance).order_by("pk").first()
    return InstanceSpec.from_json(made.spec) if made else making.spec_of(instance)


def _filename(instance: Instance, backup: Backup) -> str:
    return f"{instance.client_name}-{_begun(backup):%Y-%m-%d}-{backup.public_id}.zip"


def _begun(backup: Backup) -> datetime:
    return (backup.taken_at or backup.created_at).astimezone(UTC)
