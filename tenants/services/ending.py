"""Use cases of the end: a decommissioning with a grace period that can be undone, demos that expire, reminders."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from provisioning.engine import running
from provisioning.models import Backup, Operation
from provisioning.states import OperationKind
from provisioning.steps import safeguard
from tenants.audit import acting
from tenants.errors import DomainError, InvalidExpiry, WrongState
from tenants.lifecycle import InstanceState
from tenants.mails import outbox
from tenants.models import AuditEntry, Instance, Mail
from tenants.models.webhook import WebhookEvents
from tenants.services import instances, preconditions
from tenants.webhooks import deliveries

EXPIRY = "expiry"


def schedule_decommission(instance: Instance, *, grace_days: int | None = None) -> Operation | None:
    """Stop what runs now and delete after ``grace_days`` (else DECOMMISSION_GRACE_DAYS); none mean at once.

    Returns the work that began, if any. Raises WrongState or OperationInProgress. Until the end
    :func:`undo_decommission` takes it back.
    """
    days = settings.DECOMMISSION_GRACE_DAYS if grace_days is None else grace_days
    if days <= 0:
        return instances.decommission(instance)
    with transaction.atomic():
        current = Instance.objects.select_for_update().get(pk=instance.pk)
        preconditions.require("decommission", current)
        current.decommission_after = timezone.now() + timedelta(days=days)
        current.save(update_fields=["decommission_after"])
        AuditEntry.write(
            "schedule_decommission", current.pk, after={"decommission_after": current.decommission_after.isoformat()}
        )
        deliveries.announce(current, WebhookEvents.DECOMMISSION_SCHEDULED)
        if current.state == InstanceState.SUSPENDED:
            return None
        # what has failed may run all the same
        return instances.start_work(current, OperationKind.SUSPEND, facts={safeguard.OCCASION: Backup.Occasion.FINAL})


def undo_decommission(instance: Instance) -> None:
    """Keep the instance; it stays as it is until it is resumed or retried. Raises WrongState: nothing is scheduled.

    A deletion that still waits for its last backup is cancelled.
    """
    with transaction.atomic():
        # before the instance, as whoever records a step does
        waiting = (
            Operation.objects.active().select_for_update().filter(instance=instance, kind=OperationKind.DECOMMISSION)
        )
        deletion = waiting.first()
        current = Instance.objects.select_for_update().get(pk=instance.pk)
        preconditions.require("undo_decommission", current)
        if deletion is not None:
            running.cancel(deletion)
        before = {"decommission_after": _told(current.decommission_after)}
        current.decommission_after = None
        # an end that has passed would schedule it again at once
        if current.expires_at is not None and current.expires_at <= timezone.now():
            before["expires_at"] = _told(current.expires_at)
            current.expires_at = None
        current.save(update_fields=["decommission_after", "expires_at"])
        AuditEntry.write("undo_decommission", current.pk, before=before, after={})
        deliveries.announce(current, WebhookEvents.DECOMMISSION_UNDONE)


def go_on_without_backup(instance: Instance) -> Operation:
    """A person's decision: what waits for a backup of this instance waits no longer. Raises WrongState."""
    with transaction.atomic():
        waiting = preconditions.waiting_for_backup(instance)
        if waiting is None:
            preconditions.require("without_backup", instance)
            raise WrongState
        operation = Operation.objects.select_for_update().get(pk=waiting.pk)
        operation.facts = {**operation.facts, safeguard.WAIVED: timezone.now().isoformat()}
        operation.save(update_fields=["facts"])
        AuditEntry.write("backup_waived", instance.pk, after={"operation": operation.reference})
        running.wake(operation.pk)
    return operation


def change_expiry(instance: Instance, expires_at: datetime | None) -> None:
    """Another end, or None for no end at all; a reminder is due again. Raises InvalidExpiry or WrongState."""
    if expires_at is not None and expires_at <= timezone.now():
        raise InvalidExpiry
    with transaction.atomic():
        current = Instance.objects.select_for_update().get(pk=instance.pk)
        preconditions.require("change_expiry", current)
        before = {"expires_at": _told(current.expires_at)}
        current.expires_at = expires_at
        current.save(update_fields=["expires_at"])
        AuditEntry.write("change_expiry", current.pk, before=before, after={"expires_at": _told(expires_at)})


def expire(*, dry_run: bool = False) -> list[tuple[str, Instance]]:
    """Suspend what has expired and decommission what has used up its grace period; returns what was (or would be) done.

    Repeating it does nothing twice. What is busy or was changed by somebody meanwhile waits for the next call.
    """
    now = timezone.now()
    living = Instance.objects.filter(state__in=preconditions.ENDABLE).select_related("tenant", "plan__blueprint")
    over = [("decommission", each) for each in living.filter(decommission_after__lte=now)]
    expired = [("suspend", each) for each in living.filter(decommission_after=None, expires_at__lte=now)]
    planned = over + expired
    if dry_run:
        return planned
    return [(act, each) for act, each in planned if _carry_out(act, each)]


def remind_of_ends() -> int:
    """Write the "expires soon" e-mail once for each of the EXPIRY_REMINDER_DAYS before an end; returns how many."""
    now, days = timezone.now(), settings.EXPIRY_REMINDER_DAYS
    if not days:
        return 0
    soon = Instance.objects.filter(
        state=InstanceState.READY, expires_at__gt=now, expires_at__lte=now + timedelta(days=days[0])
    )
    due = {outbox.reminder_purpose(each, _reminder(each, now)): each for each in soon.select_related("tenant")}
    told = set(Mail.objects.filter(purpose__in=list(due)).values_list("purpose", flat=True))
    for purpose in due.keys() - told:
        with transaction.atomic():
            outbox.write_expires_soon(due[purpose], _reminder(due[purpose], now))
    return len(due.keys() - told)


def _carry_out(act: str, instance: Instance) -> bool:
    # kept as it is, and told in the reader's language
    reason = gettext_noop("expired") if act == "suspend" else gettext_noop("the grace period is over")
    try:
        with transaction.atomic(), acting(EXPIRY, reason):
            current = Instance.objects.select_for_update().get(pk=instance.pk)
            end = current.expires_at if act == "suspend" else current.decommission_after
            if end is None or end > timezone.now():
                return False
            if act == "suspend":
                schedule_decommission(current, grace_days=settings.EXPIRY_GRACE_DAYS)
            else:
                instances.decommission(current)
    except DomainError:
        return False
    return True


def _reminder(instance: Instance, now: datetime) -> int:
    """The latest of the days before the end that has come; the others are not made up for."""
    left = (instance.expires_at or now) - now
    return min(days for days in settings.EXPIRY_REMINDER_DAYS if left <= timedelta(days=days))


def _told(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
