"""The news of the engine and of the mail provider, without either."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from provisioning.models import Operation
from provisioning.signals import operation_changed
from provisioning.states import OperationState
from tenants.models import Mail
from tenants.services import ending


@pytest.fixture
def finish():
    """The work under way on an instance has succeeded, and whoever listens hears it."""

    def finish(instance):
        operation = Operation.objects.active().get(instance=instance)
        with transaction.atomic():
            operation.state, operation.ended_at = OperationState.SUCCEEDED, timezone.now()
            operation.save(update_fields=["state", "ended_at"])
            operation_changed.send(Operation, operation=operation)
        instance.refresh_from_db()
        return operation

    return finish


@pytest.fixture
def told():
    """The customer has known of every end that has come for two days: its notice went out then."""

    def told():
        ending.expire()
        long_ago = timezone.now() - timedelta(days=2)
        Mail.objects.exclude(announces=None).update(state=Mail.State.SENT, sent_at=long_ago)

    return told
