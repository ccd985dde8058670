"""Use cases of the end: a decommissioning with a grace period that can be undone, and demonstrations that expire."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from provisioning.models import Operation
from tenants.audit import acting
from tenants.errors import DomainError, OperationInProgress, WrongState
from tenants.lifecycle import InstanceState
from tenants.models import AuditEntry, Instance
from tenants.services import instances

GRACE_DAYS = 7
SCHEDULABLE = frozenset({InstanceState.READY, InstanceState.SUSPENDED, InstanceState.FAILED})


def schedule_decommission(instance: Instance, *, grace_days: int = GRACE_DAYS) -> Operation | None:
    """Suspend now and delete after ``grace_days``; no days mean at once. Returns the work that began, if any.

    Raises WrongState or OperationInProgress. Until the end :func:`undo_decommission` takes it back.
    """
    if grace_days <= 0:
        return instances.decommission(instance)
    with transaction.atomic():
        current = Instance.objects.select_for_update().get(pk=instance.pk)
        if current.state not in SCHEDULABLE or current.decommission_after is not None:
            raise WrongState
        if current.active_operation() is not None:
            raise OperationInProgress
        current.decommission_after = timezone.now() + timedelta(days=grace_days)
        current.save(update_fields=["decommission_after"])
        AuditEntry.write(
            "schedule_decommission", current.pk, after={"decommission_after": current.decommission_after.isoformat()}
        )
        return instances.suspend(current) if current.state == InstanceState.READY else None


def undo_decommission(instance: Instance) -> None:
    """Keep the instance; it stays suspended until it is resumed. Raises WrongState when nothing is scheduled."""
    with transaction.atomic():
        current = Instance.objects.select_for_update().get(pk=instance.pk)
        if current.decommission_after is None or current.state not in SCHEDULABLE:
            raise WrongState
        before = {"decommission_after": current.decommission_after.isoformat()}
        current.decommission_after = None
        # an end that has passed would schedule it again at once
        if current.expires_at is not None and current.expires_at <= timezone.now():
            before["expires_at"] = current.expires_at.isoformat()
            current.expires_at = None
        current.save(update_fields=["decommission_after", "expires_at"])
        AuditEntry.write("undo_decommission", current.pk, before=before, after={})


def expire(*, dry_run: bool = False) -> list[tuple[str, Instance]]:
    """Suspend what has expired and decommission what has used up its grace period; returns what was (or would be) done.

    Repeating it does nothing twice. What is busy or was changed by somebody meanwhile waits for the next call.
    """
    now = timezone.now()
    living = Instance.objects.filter(state__in=SCHEDULABLE).select_related("tenant", "plan__blueprint")
    over = [("decommission", each) for each in living.filter(decommission_after__lte=now)]
    expired = [("suspend", each) for each in living.filter(decommission_after=None, expires_at__lte=now)]
    planned = over + expired
    if dry_run:
        return planned
    return [(act, each) for act, each in planned if _carry_out(act, each)]


def _carry_out(act: str, instance: Instance) -> bool:
    reason = "expired" if act == "suspend" else "the grace period is over"
    try:
        with transaction.atomic(), acting("", reason):
            current = Instance.objects.select_for_update().get(pk=instance.pk)
            end = current.expires_at if act == "suspend" else current.decommission_after
            if end is None or end > timezone.now():
                return False
            if act == "suspend":
                schedule_decommission(current)
            else:
                instances.decommission(current)
    except DomainError:
        return False
    return True
