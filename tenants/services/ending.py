"""Use cases of the end: a decommissioning with a grace period that can be undone, demos that expire, reminders."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from provisioning.engine import running
from provisioning.models import Backup, Operation
from provisioning.states import OperationKind
from provisioning.steps import safeguard
from tenants.audit import acting
from tenants.errors import DomainError, InvalidExpiry, WrongState
from tenants.lifecycle import InstanceState
from tenants.mails import news
from tenants.mails.told import BY, BY_EXPIRY, BY_SELLER, NOTICE
from tenants.models import AuditEntry, Instance, Mail, PlanChange, Unit
from tenants.models.mail import MailQuerySet
from tenants.models.webhook import WebhookEvents
from tenants.services import instances, preconditions, whose_end
from tenants.services.whose_end import EXPIRY
from tenants.webhooks import deliveries

LAST_REMINDER = timedelta(days=2)
# of the reminder that is written when the end has come already
LATE = 0


def schedule_decommission(
    instance: Instance, *, grace_days: int | None = None, by: str = BY_SELLER
) -> Operation | None:
    """Stop what runs now and delete after ``grace_days`` (else DECOMMISSION_GRACE_DAYS); none mean at once.

    Returns the work that began, if any. Raises WrongState or OperationInProgress. Until the end
    :func:`undo_decommission` takes it back. The customer is told the day, and ``by`` whom.
    """
    days = settings.DECOMMISSION_GRACE_DAYS if grace_days is None else grace_days
    if days <= 0 or Unit.objects.filter(pk=instance.pk).exists():
        # a warm unit has nobody who might want it back
        return instances.decommission(instance, by=by)
    with transaction.atomic():
        current = Instance.objects.locked().get(pk=instance.pk)
        preconditions.require("decommission", current)
        current.decommission_after = timezone.now() + timedelta(days=days)
        current.save(update_fields=["decommission_after"])
        scheduled = current.plan_changes.filter(state=PlanChange.State.SCHEDULED)
        scheduled.update(state=PlanChange.State.UNDONE, ended_at=timezone.now())
        AuditEntry.write(
            "schedule_decommission", current.pk, after={"decommission_after": current.decommission_after.isoformat()}
        )
        deliveries.announce(current, WebhookEvents.DECOMMISSION_SCHEDULED)
        _tell_of_the_day(current, by)
        if current.state == InstanceState.SUSPENDED:
            return None
        # what has failed may run all the same
        return instances.start_work(
            current, OperationKind.SUSPEND, facts={safeguard.OCCASION: Backup.Occasion.FINAL, BY: by}
        )


def undo_decommission(instance: Instance, *, next_end: datetime | None = None) -> None:
    """Keep the instance; it stays as it is until it is resumed or retried. Raises WrongState: nothing is scheduled.

    A deletion that still waits for its last backup is cancelled. An end that has passed gives way to ``next_end``.
    """
    with transaction.atomic():
        # before the instance, as whoever records a step does
        waiting = (
            Operation.objects.active().select_for_update().filter(instance=instance, kind=OperationKind.DECOMMISSION)
        )
        deletion = waiting.first()
        current = Instance.objects.locked().get(pk=instance.pk)
        preconditions.require("undo_decommission", current)
        if deletion is not None:
            running.cancel(deletion)
        before, after = {"decommission_after": _told(current.decommission_after)}, {}
        scheduled, current.decommission_after = current.decommission_after, None
        # an end that has passed would schedule it again at once
        if current.expires_at is not None and current.expires_at <= timezone.now():
            before["expires_at"] = _told(current.expires_at)
            current.expires_at = next_end
            after = {"expires_at": _told(next_end)} if next_end else {}
        current.save(update_fields=["decommission_after", "expires_at"])
        AuditEntry.write("undo_decommission", current.pk, before=before, after=after)
        news.write_deletion_undone(current, scheduled)
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
        current = Instance.objects.locked().get(pk=instance.pk)
        preconditions.require("change_expiry", current)
        before = {"expires_at": _told(current.expires_at)}
        current.expires_at = expires_at
        if current.plan.is_demo and expires_at is not None:
            # what was ordered for the end of a trial
            current.plan_changes.filter(state=PlanChange.State.SCHEDULED).update(due_at=expires_at)
        current.save(update_fields=["expires_at"])
        AuditEntry.write("change_expiry", current.pk, before=before, after={"expires_at": _told(expires_at)})


def expire(*, dry_run: bool = False) -> list[tuple[str, Instance]]:
    """Suspend what has expired and decommission what has used up its grace period; returns what was (or would be) done.

    What the customer has not been told at least a day before (`told.NOTICE`) waits until that is so; a notice that
    nobody wrote is written now. Repeating it does nothing twice. What is busy or was changed by somebody meanwhile
    waits for the next call.
    """
    planned = [(act, each) for act, each in due() if _announced(act, each)]
    if dry_run:
        return planned
    for act, each in untold():
        _tell(act, each)
    return [(act, each) for act, each in planned if _carry_out(act, each)]


def due() -> list[tuple[str, Instance]]:
    """Whose end has come: "suspend" or "decommission", and the instance."""
    now = timezone.now()
    living = Instance.objects.kept().filter(state__in=preconditions.ENDABLE)
    living = living.select_related("tenant", "plan__blueprint")
    over = [("decommission", each) for each in living.filter(decommission_after__lte=now)]
    ends = living.filter(decommission_after=None, expires_at__lte=now).exclude(_goes_over())
    expired = [("suspend", each) for each in ends]
    return over + expired


def _goes_over() -> Exists:
    """Of instances: a trial that has another plan by its end goes on. What is paid keeps its end with another plan."""
    in_time = Q(state=PlanChange.State.BEGUN) | Q(state=PlanChange.State.SCHEDULED, due_at__lte=OuterRef("expires_at"))
    return Exists(PlanChange.objects.filter(in_time, instance=OuterRef("pk"), former_plan__lifetime_days__isnull=False))


def untold() -> list[tuple[str, Instance]]:
    """Whose end has come and must wait, because the customer does not know of it, or has for less than a day."""
    return [(act, each) for act, each in due() if not _announced(act, each)]


def stops_at(instance: Instance) -> datetime | None:
    """When it is stopped at the earliest, by itself; None: never, or it is stopped, or goes over to another plan."""
    if instance.expires_at is None or instance.decommission_after or instance.state != InstanceState.READY:
        return None
    if Instance.objects.filter(_goes_over(), pk=instance.pk).exists():
        return None
    return _not_before(instance.expires_at, news.stopping_notices(instance))


def deleted_at(instance: Instance) -> datetime | None:
    """When it is deleted at the earliest; None: nobody has said so."""
    if instance.decommission_after is None or instance.state == InstanceState.DECOMMISSIONED:
        return None
    return _not_before(instance.decommission_after, news.deletion_notices(instance))


def _not_before(moment: datetime, notices: MailQuerySet) -> datetime:
    """That moment while it is to come; afterwards the end of the notice that the customer is owed."""
    now = timezone.now()
    return moment if moment > now else max(moment, (news.told_at(notices) or now) + NOTICE)


def remind_of_ends() -> int:
    """Write the "expires soon" e-mail once for each of the EXPIRY_REMINDER_DAYS before an end, and once more before a
    deletion; returns how many.
    """
    now, days = timezone.now(), settings.EXPIRY_REMINDER_DAYS
    written = 0
    if days:
        soon = (
            Instance.objects.real()
            .kept()
            .filter(state=InstanceState.READY, expires_at__gt=now, expires_at__lte=now + timedelta(days=days[0]))
            .exclude(_goes_over())
        )
        for each in soon.select_related("tenant"):
            if not _told_since(each, left := _reminder(each, now)):
                written += 1
                news.write_expires_soon(each, left, by=whose_end.ends_by(each))
    ending = (
        Instance.objects.real()
        .kept()
        .filter(
            state__in=preconditions.ENDABLE,
            ready_at__isnull=False,
            decommission_after__gt=now,
            decommission_after__lte=now + LAST_REMINDER,
        )
    )
    for each in ending.select_related("tenant"):
        if _told_long_ago(each) and not news.deletion_notices(each).filter(kind=Mail.Kind.DELETION_SOON).exists():
            written += 1
            news.write_deletion_soon(each)
    return written


def _told_since(instance: Instance, days: int) -> bool:
    """Whether this end was written to its customer since so many days were left."""
    moment = (instance.expires_at or timezone.now()) - timedelta(days=days)
    return news.stopping_notices(instance).filter(created_at__gte=moment).exists()


def _told_long_ago(instance: Instance) -> bool:
    """A deletion that was announced the day before needs no reminder."""
    told = news.told_at(news.deletion_notices(instance))
    return told is not None and told < timezone.now() - LAST_REMINDER


def _announced(act: str, instance: Instance) -> bool:
    """Whether its customer has known for long enough. What was never handed over, or is of test mode, stops nobody's
    work.
    """
    if instance.is_test or instance.ready_at is None or (act == "suspend" and instance.state != InstanceState.READY):
        return True
    return news.told_in_time(news.stopping_notices(instance) if act == "suspend" else news.deletion_notices(instance))


def _tell(act: str, instance: Instance) -> None:
    """A notice of this very end, unless there is one on its way or lost: of that, staff are told."""
    if act == "suspend" and not news.stopping_notices(instance).exists():
        news.write_expires_soon(instance, LATE, by=whose_end.ends_by(instance))
    elif act == "decommission" and not news.deletion_notices(instance).exists():
        news.write_deletion_scheduled(instance, by=whose_end.deleted_by(instance))


def _tell_of_the_day(instance: Instance, by: str) -> None:
    if by == BY_EXPIRY and instance.state == InstanceState.READY:
        news.write_suspended(instance, f"{instance.public_id}:{instance.decommission_after:%Y%m%dT%H%M%S}", by=by)
    elif instance.ready_at is not None:
        news.write_deletion_scheduled(instance, by=by)


def _carry_out(act: str, instance: Instance) -> bool:
    # kept as it is, and told in the reader's language
    reason = gettext_noop("expired") if act == "suspend" else gettext_noop("the grace period is over")
    try:
        with transaction.atomic(), acting(EXPIRY, reason):
            current = Instance.objects.locked().get(pk=instance.pk)
            end = current.expires_at if act == "suspend" else current.decommission_after
            if end is None or end > timezone.now() or not _announced(act, current):
                return False
            if act == "suspend":
                schedule_decommission(current, grace_days=settings.EXPIRY_GRACE_DAYS, by=whose_end.ends_by(current))
            else:
                instances.decommission(current, by=whose_end.deleted_by(current))
    except DomainError:
        return False
    return True


def _reminder(instance: Instance, now: datetime) -> int:
    """The latest of the days before the end that has come; the others are not made up for."""
    left = (instance.expires_at or now) - now
    return min(days for days in settings.EXPIRY_REMINDER_DAYS if left <= timedelta(days=days))


def _told(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
