"""Use cases of forgetting and reminding: passwords that are no longer kept, demonstrations that end soon."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from provisioning.models import Operation
from provisioning.states import OperationKind, OperationState
from tenants.lifecycle import InstanceState
from tenants.mails import outbox
from tenants.models import Instance, Mail


def forget_passwords() -> int:
    """Clear the secrets of work that ended CREDENTIALS_RETENTION_DAYS ago; returns how many.

    A creation that failed keeps its own while it can be retried: it would otherwise prove another password.
    """
    now = timezone.now()
    resumable = Q(kind=OperationKind.CREATE, state__in=(OperationState.FAILED, OperationState.CANCELLED)) & ~Q(
        instance__state=InstanceState.DECOMMISSIONED
    )
    old = Operation.objects.filter(ended_at__lt=now - timedelta(days=settings.CREDENTIALS_RETENTION_DAYS))
    return Operation.objects.filter(pk__in=old.exclude(sealed="").exclude(resumable).values("pk")).update(sealed="")


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


def _reminder(instance: Instance, now: datetime) -> int:
    """The latest of the days before the end that has come; the others are not made up for."""
    left = (instance.expires_at or now) - now
    return min(days for days in settings.EXPIRY_REMINDER_DAYS if left <= timedelta(days=days))
