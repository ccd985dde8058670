"""The certificate of an instance's end: what was deleted at Railway and when, and which backup is kept until when."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from provisioning.models import Backup, Operation, Resource, Step
from provisioning.states import OperationKind, OperationState, StepState
from provisioning.steps import safeguard
from tenants.lifecycle import InstanceState
from tenants.models import Instance

WITHOUT: dict[str, str | Promise] = {
    "waived": _("a person decided to delete it without a backup"),
    "no_storage": _("no backup storage was set up"),
    "never_ready": _("it was never handed over: there was nothing to keep"),
}


@dataclass(frozen=True)
class Certificate:
    """``without`` is a code of WITHOUT where there is no ``backup``, and empty for an end before there were any."""

    instance: Instance
    asked_at: datetime | None
    ended_at: datetime
    gone: tuple[Resource, ...]
    backup: Backup | None
    kept_until: datetime | None
    without: str

    @property
    def without_label(self) -> str | Promise:
        return WITHOUT.get(self.without, "")


def of(instance: Instance) -> Certificate | None:
    """None while it has not ended."""
    if instance.state != InstanceState.DECOMMISSIONED or instance.ended_at is None:
        return None
    work = Operation.objects.filter(
        instance=instance, kind=OperationKind.DECOMMISSION, state=OperationState.SUCCEEDED
    ).last()
    facts = work.facts if work else {}
    asked = Step.objects.filter(operation=work, code="delete_project", state=StepState.DONE).first()
    backup = Backup.objects.filter(instance=instance, public_id=facts.get(safeguard.MADE, "")).first()
    return Certificate(
        instance,
        asked.ended_at if asked else None,
        instance.ended_at,
        tuple(Resource.objects.filter(instance=instance, gone_at__isnull=False).exclude(external_id="").order_by("pk")),
        backup,
        _kept_until(instance.ended_at, backup) if backup else None,
        "" if backup else facts.get(safeguard.WITHOUT, ""),
    )


def told(end: Certificate) -> dict[str, Any]:
    """As JSON, for machines."""
    backup = end.backup
    return {
        "instanceId": end.instance.public_id,
        "deletionRequestedAt": _moment(end.asked_at),
        "endedAt": _moment(end.ended_at),
        "deleted": [
            {"kind": row.kind, "name": row.name, "id": row.external_id, "goneAt": _moment(row.gone_at)}
            for row in end.gone
        ],
        "lastBackup": {
            "backupId": backup.public_id,
            "takenAt": _moment(backup.taken_at),
            "bytes": backup.size,
            "sha256": backup.sha256,
            "keptUntil": _moment(end.kept_until),
            "erasedAt": _moment(backup.erased_at),
        }
        if backup
        else None,
        "withoutBackup": end.without or None,
    }


def _moment(value: datetime | None) -> str | None:
    """RFC 3339 in UTC, to the second."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if value else None


def _kept_until(ended_at: datetime, backup: Backup) -> datetime:
    over = ended_at + timedelta(days=settings.BACKUP_FINAL_DAYS)
    return max(over, backup.locked_until or over)
