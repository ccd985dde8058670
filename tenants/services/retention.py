"""The use case of data retention: what has been kept for as long as it may be is cleared."""

from datetime import timedelta

from axes.models import AccessAttempt, AccessLog
from django.conf import settings
from django.core.management import call_command
from django.db.models import Q
from django.utils import timezone

from provisioning.models import Operation, UnreadableEvent
from provisioning.states import MAKING, OperationKind, OperationState
from tenants.lifecycle import InstanceState

EVENTS_KEPT = timedelta(days=90)
MOST_EVENTS = 1000
# far longer than any lock counts (AXES_COOLOFF_TIME)
ATTEMPTS_KEPT = timedelta(days=1)


def forget_sign_ins() -> None:
    """Clear sessions that have ended and wrong passwords that no lock counts; the audit trail keeps the news."""
    call_command("clearsessions")
    AccessAttempt.objects.filter(attempt_time__lt=timezone.now() - ATTEMPTS_KEPT).delete()
    # of before AXES_DISABLE_ACCESS_LOG
    AccessLog.objects.all().delete()


def forget_passwords() -> int:
    """Clear the secrets of work that ended CREDENTIALS_RETENTION_DAYS ago; returns how many.

    A creation that failed keeps its own while it can be retried: it would otherwise prove another password.
    """
    now = timezone.now()
    resumable = Q(kind__in=MAKING, state__in=(OperationState.FAILED, OperationState.CANCELLED)) & ~Q(
        instance__state=InstanceState.DECOMMISSIONED
    )
    # with it the unit will be handed over
    warm = Q(kind=OperationKind.PREPARE, instance__state=InstanceState.WARM)
    old = Operation.objects.filter(ended_at__lt=now - timedelta(days=settings.CREDENTIALS_RETENTION_DAYS))
    over = old.exclude(sealed="").exclude(resumable | warm)
    return Operation.objects.filter(pk__in=over.values("pk")).update(sealed="")


def forget_events() -> int:
    """Of what providers told and nobody understood: what is old, and what is more than anybody reads."""
    events = UnreadableEvent.objects.all()
    read = events.filter(last_at__gt=timezone.now() - EVENTS_KEPT)[:MOST_EVENTS]
    count, _each = events.exclude(pk__in=list(read.values_list("pk", flat=True))).delete()
    return count
