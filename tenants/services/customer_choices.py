"""What a customer decides about an instance of one's own: to end it now or on a day, to keep it after all, to start it.

What the seller has ended, or the end of a trial, is not the customer's to undo.
"""

from collections.abc import Callable
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
from tenants.mails import news
from tenants.mails.told import BY, BY_CUSTOMER
from tenants.models import AuditEntry, Instance, Mail
from tenants.services import ending, instances, preconditions, whose_end
from tenants.services.whose_end import CUSTOMER

LONGEST_REASON = 500
FURTHEST = timedelta(days=730)


def end_now(instance: Instance, reason: str = "") -> None:
    """Stop it, and delete it after DECOMMISSION_GRACE_DAYS. Raises WrongState, OperationInProgress or InvalidText."""
    with transaction.atomic(), acting(CUSTOMER, _checked(reason)):
        ending.schedule_decommission(instance, grace_days=settings.DECOMMISSION_GRACE_DAYS, by=BY_CUSTOMER)


def end_on(instance: Instance, day: date, reason: str = "") -> None:
    """Let it go on until the end of a day; that is told now, and again before it.

    Raises InvalidExpiry, InvalidText, WrongState or OperationInProgress.
    """
    moment = timezone.make_aware(datetime.combine(day, time(23, 59)))
    if moment > timezone.now() + FURTHEST:
        raise InvalidExpiry(_("Choose a day within the next two years."))
    with transaction.atomic(), acting(CUSTOMER, _checked(reason)):
        current = Instance.objects.locked().get(pk=instance.pk)
        agreed = whose_end.sellers_end(current)
        if agreed is not None and moment > agreed:
            raise InvalidExpiry(_("It ends before that day already: choose an earlier one."))
        preconditions.require("choose_end", current)
        _change_end(current, moment, news.write_end_chosen)


def may_keep(instance: Instance) -> bool:
    """Whether there is an end that its customer has asked for, and that has not begun; the seller's has not passed."""
    if whose_end.is_over(instance):
        return False
    if instance.decommission_after is not None:
        own = whose_end.deleted_by(instance) == BY_CUSTOMER
        return own and preconditions.why_not("undo_decommission", instance) is None
    return whose_end.has_own_end(instance) and preconditions.why_not("change_expiry", instance) is None


def keep(instance: Instance) -> None:
    """Take that end back: the seller's, if there is one, is the end again. Raises WrongState.

    What has been stopped for it starts again as soon as it can.
    """
    with transaction.atomic(), acting(CUSTOMER):
        current = Instance.objects.locked().get(pk=instance.pk)
        if not may_keep(current):
            raise WrongState
        agreed = whose_end.sellers_end(current)
        if current.decommission_after is None:
            _change_end(current, agreed, news.write_end_undone)
            return
        ending.undo_decommission(current, next_end=agreed)
    instance.refresh_from_db()
    if may_resume(instance):
        resume(instance)


def may_resume(instance: Instance) -> bool:
    """Whether it stands still only because its customer had asked for its end."""
    stopped = Operation.objects.filter(instance=instance, kind=OperationKind.SUSPEND).last()
    own = stopped is not None and stopped.facts.get(BY) == BY_CUSTOMER
    return own and not whose_end.is_over(instance) and preconditions.why_not("resume", instance) is None


def resume(instance: Instance) -> None:
    """Raises WrongState or OperationInProgress."""
    if not may_resume(instance):
        raise WrongState
    with acting(CUSTOMER):
        instances.resume(instance)


def why_not_end(instance: Instance) -> DomainError | None:
    return preconditions.why_not("decommission", instance)


def why_not_end_on_a_day(instance: Instance) -> DomainError | None:
    return preconditions.why_not("choose_end", instance)


def _change_end(instance: Instance, moment: datetime | None, tell: Callable[[Instance, int], Mail]) -> None:
    ending.change_expiry(instance, moment)
    instance.refresh_from_db()
    tell(instance, AuditEntry.objects.filter(instance=instance, act="change_expiry").count())


def _checked(reason: str) -> str:
    return names.line(reason, longest=LONGEST_REASON, refusal=InvalidText) if reason.strip() else ""
