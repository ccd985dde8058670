"""What ends at Railway while an instance is being made: its database, its project."""

from datetime import timedelta

import pytest
from django.utils import timezone

from provisioning.gate import clients
from provisioning.models import Operation, Step
from provisioning.states import OperationState, StepState
from tenants.lifecycle import InstanceState
from tenants.models import Mail
from tests import trials

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_hashes")]


@pytest.mark.parametrize("watched", [True, False])
def test_a_database_that_crashes_while_odoo_installs_is_noticed_soon(
    sandbox, order_instance, clock, watched, monkeypatch
):
    if not watched:
        monkeypatch.setattr("provisioning.watching.watcher.watch", lambda: None)
    sandbox.faults.add(kind="crashed_later", service="Postgres", seconds=5.0 if watched else 100.0, times=1)
    sandbox.faults.add(kind="slow", service="odoo", seconds=580.0, times=1)
    operation, began = Operation.objects.get(instance=order_instance()), timezone.now()
    ended = trials.finish(operation, clock, sandbox)
    assert (ended.state, ended.reason) == (OperationState.FAILED, "deployment_crashed")
    assert "Postgres" in ended.message
    assert Step.objects.get(operation=operation, state=StepState.FAILED).code == "deploy_odoo"
    assert timezone.now() - began < timedelta(minutes=5)
    assert trials.finish(trials.retry(ended), clock, sandbox).state == OperationState.SUCCEEDED
    trials.assert_exactly_one_of_everything(sandbox, operation.instance, starts=2)


@pytest.mark.parametrize("code", ["create_services", "deploy_odoo", "prove_login"])
def test_a_project_that_somebody_has_deleted_does_not_become_ready(sandbox, order_instance, clock, code):
    instance, asked = order_instance(), []
    operation = Operation.objects.get(instance=instance)

    def delete(step):
        if not asked:
            asked.append(trials.only_project(sandbox, instance)["id"])
            clients.railway().schedule_project_deletion(asked[0])

    with trials.at_step(code, StepState.RUNNING, delete):
        ended = trials.finish(operation, clock, sandbox)
    assert (ended.state, ended.reason) == (OperationState.FAILED, "project_being_deleted")
    instance.refresh_from_db()
    assert instance.state == InstanceState.FAILED
    assert not Mail.objects.filter(kind=Mail.Kind.WELCOME).exists()
    clients.railway().cancel_project_deletion(asked[0])
    assert trials.finish(trials.retry(ended), clock, sandbox).state == OperationState.SUCCEEDED
