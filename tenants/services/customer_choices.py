"""What a customer decides about an instance of one's own: to end it now or on a day, to keep it after all, to start it.

What the seller has ended, or the end of a trial, is not the customer's to undo.
"""

from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from provisioning.models import Operation
from provisioning.states import OperationKind
from tenants import names
from tenants.audit import acting
from tenants.errors import DomainError, InvalidExpiry, InvalidText, WrongState
from tenants.lifecycle import InstanceState
from tenants.mails.notices import BY, BY_CUSTOMER
from tenants.models import AuditEntry, Instance
from tenants.services import ending, instances, preconditions

CUSTOMER = "customer"
LONGEST_REASON = 500
FURTHEST = timedelta(days=730)


def end_now(instance: Instance, reason: str = "") -> None:
    """Stop it, and delete it after DECOMMISSION_GRACE_DAYS. Raises WrongState, OperationInProgress or InvalidText."""
    with transaction.atomic(), acting(CUSTOMER, _checked(reason)):
        ending.schedule_decommission(instance, grace_days=settings.DECOMMISSION_GRACE_DAYS, by=BY_CUSTOMER)


def end_on(instance: Instance, day: date, reason: str = "") -> None:
    """Let it go on until the end of a day, as reminders then tell. Raises InvalidExpiry, WrongState or InvalidText."""
    moment = timezone.make_aware(datetime.combine(day, time(23, 59)))
    known = instance.expires_at
    if moment > timezone.now() + FURTHEST:
        raise InvalidExpiry(_("Choose a day within the next two years."))
    if known is not None and moment > known and not _is_own_end(instance):
        raise InvalidExpiry(_("It ends before that day already: choose an earlier one."))
    with transaction.atomic(), acting(CUSTOMER, _checked(reason)):
        ending.change_expiry(instance, moment)


def may_keep(instance: Instance) -> bool:
    """Whether there is an end that its customer has asked for, and that has not begun."""
    if instance.decommission_after is not None:
        own = _last_actor(instance, "schedule_decommission") == CUSTOMER
        return own and preconditions.why_not("undo_decommission", instance) is None
    return instance.expires_at is not None and instance.state == InstanceState.READY and _is_own_end(instance)


def keep(instance: Instance) -> None:
    """Take that end back; what has been stopped for it starts again as soon as it can. Raises WrongState."""
    with transaction.atomic(), acting(CUSTOMER):
        current = Instance.objects.select_for_update().get(pk=instance.pk)
        if not may_keep(current):
            raise WrongState
        if current.decommission_after is None:
            ending.change_expiry(current, None)
            return
        ending.undo_decommission(current)
    instance.refresh_from_db()
    if may_resume(instance):
        resume(instance)


def may_resume(instance: Instance) -> bool:
    """Whether it stands still only because its customer had asked for its end."""
    stopped = Operation.objects.filter(instance=instance, kind=OperationKind.SUSPEND).last()
    own = stopped is not None and stopped.facts.get(BY) == BY_CUSTOMER
    return own and preconditions.why_not("resume", instance) is None


def resume(instance: Instance) -> None:
    """Raises WrongState or OperationInProgress."""
    if not may_resume(instance):
        raise WrongState
    with acting(CUSTOMER):
        instances.resume(instance)


def why_not_end(instance: Instance) -> DomainError | None:
    return preconditions.why_not("decommission", instance)


def _is_own_end(instance: Instance) -> bool:
    return _last_actor(instance, "change_expiry") == CUSTOMER


def _last_actor(instance: Instance, act: str) -> str:
    entry = AuditEntry.objects.filter(instance=instance, act=act).order_by("-pk").first()
    return entry.actor if entry else ""


def _checked(reason: str) -> str:
    return names.line(reason, longest=LONGEST_REASON, refusal=InvalidText) if reason.strip() else ""
