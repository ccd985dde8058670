"""The news of the engine and of the mail provider, without either."""

import pytest
from django.db import transaction
from django.utils import timezone

from provisioning.models import Operation
from provisioning.signals import operation_changed
from provisioning.states import OperationState


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
