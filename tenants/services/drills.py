"""Drills: a backup is brought back into a unit of the house, its login is proven, and the unit is removed again."""

import logging
import secrets
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Max, Q, QuerySet
from django.utils import timezone

from provisioning.backups import asking, bucket
from provisioning.models import Backup, Operation, Restore
from provisioning.states import OperationKind
from provisioning.steps import safeguard
from tenants.errors import BackupsUnavailable, DomainError, NoBackup, OperationInProgress
from tenants.lifecycle import InstanceState
from tenants.models import AuditEntry, Instance, RestoreDrill
from tenants.services import instances, partners, preconditions, restores

logger = logging.getLogger(__name__)
# each customer at least once a year, a twelfth of them a month
YEAR, MONTH, MONTHS = timedelta(days=350), timedelta(days=30), 12
LONGEST = timedelta(hours=24)
COMPARED = ("attachments", "files", "missingFiles", "modules")
_S = RestoreDrill.State


def begin(instance: Instance) -> RestoreDrill:
    """Try out the newest good backup of this instance; one that is under way is refused.

    The customer's instance is not touched. Raises BackupsUnavailable, NoBackup, OperationInProgress or what an order
    raises; then nothing is written.
    """
    if not bucket.configured():
        raise BackupsUnavailable
    backup = asking.newest_good(instance.pk)
    if backup is None:
        raise NoBackup
    try:
        with transaction.atomic():
            unit = restores.into_new(
                backup,
                Restore.Mode.COPY,
                client_name=f"drill-{secrets.token_hex(5)}",
                # ours: what is written about a drill comes back to us
                email=partners.help_address(partners.house()),
                partner=partners.house(),
            )
            drill = RestoreDrill.objects.create(instance=instance, backup=backup, unit=unit)
            AuditEntry.write("drill_begun", instance.pk, after={"drill": drill.public_id, "backup": backup.public_id})
    except IntegrityError as error:
        raise OperationInProgress from error
    return drill


def begin_due(sample: int | None = None) -> list[RestoreDrill]:
    """Begin those that are due this month: whose proof is oldest, or who has none, comes first.

    Who failed is tried again after a month. With ``sample`` so many are begun now, whatever was begun this month.
    """
    if not bucket.configured():
        return []
    now = timezone.now()
    candidates = _candidates()
    if sample is None:
        begun = RestoreDrill.objects.filter(created_at__gt=now - MONTH).count()
        candidates = candidates.filter(Q(proven_at=None) | Q(proven_at__lt=now - YEAR))
        candidates = candidates.filter(Q(failed_at=None) | Q(failed_at__lt=now - MONTH))
        sample = max(ceil(_candidates().count() / MONTHS) - begun, 0)
    found: list[RestoreDrill] = []
    for instance in candidates.order_by(F("proven_at").asc(nulls_first=True), "pk"):
        if len(found) >= sample:
            break
        try:
            found.append(begin(instance))
        except DomainError as error:
            logger.warning("No drill of %s: %s", instance.public_id, error)
    return found


def tend() -> None:
    """Judge the drills that are under way, and remove the units of those that have ended."""
    for drill in RestoreDrill.objects.filter(removed_at=None).select_related("unit", "backup", "instance"):
        try:
            if drill.state == _S.RUNNING:
                _judge(drill)
            if drill.state != _S.RUNNING:
                _remove(drill)
        except DomainError as error:
            # one that somebody works on just now does not keep the others
            logger.warning("Drill %s is looked at later: %s", drill.public_id, error)


def last_proof(instance: Instance) -> Backup | None:
    """The backup of this instance that was last brought back with a proven login, by a drill or in earnest."""
    return Backup.objects.filter(instance=instance, proven_at__isnull=False).order_by("-proven_at").first()


def certificate(drill: RestoreDrill) -> dict[str, Any]:
    """What was proven, for whoever has to show it."""
    return {
        "drillId": drill.public_id,
        "instanceId": drill.instance.public_id,
        "company": drill.instance.tenant.company,
        "state": str(drill.state),
        "reason": drill.reason,
        "backup": {
            "backupId": drill.backup.public_id,
            "takenAt": _iso(drill.backup.taken_at),
            "bytes": drill.backup.size,
            "sha256": drill.backup.sha256,
            "odooVersion": drill.backup.facts.get("odooVersion", ""),
        },
        "counted": drill.facts,
        "loginProven": drill.seconds is not None,
        "secondsUntilLogin": drill.seconds,
        "begunAt": _iso(drill.created_at),
        "endedAt": _iso(drill.ended_at),
        "unitRemovedAt": _iso(drill.removed_at),
    }


def _candidates() -> "QuerySet[Instance]":
    rows = Instance.objects.filter(state=InstanceState.READY, drill_of=None, backups__state=Backup.State.GOOD)
    return rows.exclude(drills__state=_S.RUNNING).annotate(
        proven_at=Max("drills__created_at", filter=Q(drills__state=_S.PROVEN)),
        failed_at=Max("drills__created_at", filter=Q(drills__state=_S.FAILED)),
    )


def _judge(drill: RestoreDrill) -> None:
    creation = Operation.objects.filter(instance=drill.unit, kind=OperationKind.CREATE).first()
    if drill.unit.state == InstanceState.READY and drill.unit.ready_at:
        facts, differing = _counted(drill)
        drill.facts, drill.seconds = facts, round((drill.unit.ready_at - drill.created_at).total_seconds())
        _end(drill, "restore_counts_differ" if differing else "", ", ".join(differing))
    elif drill.unit.state == InstanceState.FAILED and creation:
        _end(drill, creation.reason or "unexpected", creation.message)
    elif timezone.now() > drill.created_at + LONGEST:
        if drill.unit.active_operation() is not None:
            instances.cancel(drill.unit)
        _end(drill, "restore_late", "The unit did not become ready.")


def _counted(drill: RestoreDrill) -> tuple[dict[str, Any], list[str]]:
    restore = Restore.objects.filter(instance=drill.unit).first()
    found = restore.facts if restore else {}
    expected = drill.backup.facts
    facts = {name: {"backup": expected[name], "found": found.get(name)} for name in COMPARED if name in expected}
    return facts, [name for name, each in facts.items() if each["found"] != each["backup"]]


def _end(drill: RestoreDrill, reason: str, message: str) -> None:
    drill.state = _S.FAILED if reason else _S.PROVEN
    drill.reason, drill.message, drill.ended_at = reason, message[:500], timezone.now()
    with transaction.atomic():
        drill.save()
        told = {"drill": drill.public_id, "state": str(drill.state), "reason": reason}
        AuditEntry.write("drill_ended", drill.instance_id, after=told)


def _remove(drill: RestoreDrill) -> None:
    """Without a last backup: the unit is a copy of one. Asked for again until it is gone."""
    unit = drill.unit
    if unit.state == InstanceState.DECOMMISSIONED:
        drill.removed_at = timezone.now()
        drill.save(update_fields=["removed_at"])
    elif unit.active_operation() is None:
        stopped = preconditions.retryable(unit)
        if stopped and stopped.kind == OperationKind.DECOMMISSION:
            instances.retry(unit)
        else:
            instances.start_work(unit, OperationKind.DECOMMISSION, facts={safeguard.WAIVED: drill.public_id})


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
