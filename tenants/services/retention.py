"""Use cases of forgetting and reminding: passwords that are no longer kept, demonstrations that end soon."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from provisioning.models import Operation
from provisioning.states import OperationKind, OperationState
from tenants import mails
from tenants.lifecycle import InstanceState
from tenants.models import Instance, Mail

REMIND_BEFORE = timedelta(days=3)


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
    """Write the "expires soon" e-mail for every instance that ends within three days, once."""
    now = timezone.now()
    told = Mail.objects.filter(kind=Mail.Kind.EXPIRES_SOON).values("instance")
    due = Instance.objects.filter(
        state=InstanceState.READY, expires_at__gt=now, expires_at__lte=now + REMIND_BEFORE
    ).exclude(pk__in=told)
    found = list(due.select_related("tenant"))
    for instance in found:
        with transaction.atomic():
            mails.write_expires_soon(instance)
    return len(found)
