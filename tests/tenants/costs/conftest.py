from datetime import UTC, datetime

import pytest
import time_machine

from provisioning.gate import clients
from provisioning.models import Operation
from provisioning.railway.results import NewService, ServiceSettings
from provisioning.states import OperationState
from tests import trials


@pytest.fixture
def november():
    """The morning of 2 November 2026, from where time can be shifted; the sandbox lives in it too."""
    with time_machine.travel(datetime(2026, 11, 2, 10, tzinfo=UTC), tick=True) as traveller:
        yield traveller


@pytest.fixture
def ready(order_instance, november, sandbox):
    def ready(name="acme-corp", **order):
        instance = order_instance(name, **order)
        done = trials.finish(Operation.objects.get(instance=instance), november, sandbox)
        assert done.state == OperationState.SUCCEEDED
        instance.refresh_from_db()
        return instance

    return ready


@pytest.fixture
def stranger(sandbox):
    """Somebody's own project in our workspace, with a service that runs; its id."""

    def stranger(name="private", description=""):
        railway = clients.railway()
        made = railway.create_project(workspace_id=sandbox.workspace_id, name=name, description=description)
        place = {"project_id": made.id, "environment_id": made.environment_id}
        services = railway.create_services(**place, services=[NewService("worker", {})])
        railway.configure(
            environment_id=made.environment_id, services={services["worker"]: ServiceSettings(image="busybox:1.36.1")}
        )
        railway.deploy(service_id=services["worker"], environment_id=made.environment_id)
        return made.id

    return stranger
