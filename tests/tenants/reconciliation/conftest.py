import pytest

from provisioning.gate import clients
from provisioning.models import Operation
from provisioning.states import OperationState
from tests import trials
from tests.provisioning.conftest import clock

__all__ = ["clock"]


@pytest.fixture
def ready(order_instance, clock, sandbox):
    def ready(name="acme-corp"):
        instance = order_instance(name)
        assert trials.finish(Operation.objects.get(instance=instance), clock, sandbox).state == OperationState.SUCCEEDED
        instance.refresh_from_db()
        return instance

    return ready


@pytest.fixture
def gone(ready, clock, sandbox):
    """A decommissioned instance, its project deleted."""

    def gone(name="acme-corp"):
        instance = ready(name)
        operation = trials.order("decommission", instance)
        assert trials.finish(operation, clock, sandbox).state == OperationState.SUCCEEDED
        instance.refresh_from_db()
        return instance

    return gone


@pytest.fixture
def railway(sandbox):
    return clients.railway()
