"""The use case of data retention: what has been kept for as long as it may be is cleared."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from provisioning.models import Operation
from provisioning.states import OperationKind, OperationState
from tenants.lifecycle import InstanceState


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
