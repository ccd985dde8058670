"""Deployments that nobody of ours asked for: made by hand in Railway's dashboard, or by Railway itself."""

import httpx
import pytest

from provisioning.gate import clients
from provisioning.models import Operation, Resource
from provisioning.sandbox import Sandbox
from provisioning.states import OperationState, ResourceState, StepState
from tenants.lifecycle import InstanceState
from tenants.models import Instance
from tenants.services import ending
from tests import fault_matrix, trials

pytestmark = [fault_matrix.ANY_STORE, pytest.mark.django_db, pytest.mark.usefixtures("quick_hashes")]
BOTH = ("Postgres", "odoo")


@pytest.fixture
def ready(order_instance, clock, sandbox):
    instance = order_instance()
    done(Operation.objects.get(instance=instance), clock, sandbox)
    instance.refresh_from_db()
    return instance


def done(operation, clock, sandbox):
    ended = trials.finish(operation, clock, sandbox)
    assert ended.state == OperationState.SUCCEEDED, (ended.reason, ended.message)
    return ended


def by_hand(sandbox, instance, service, field="serviceInstanceRedeploy"):
    """As the buttons of the dashboard do, with nothing written into our ledger; the id of what was made."""
    found = next(each for each in services(sandbox, instance) if each["name"] == service)
    project = trials.only_project(sandbox, instance)
    if field == "deploymentRedeploy":
        document = "mutation Button($id: String!) { deploymentRedeploy(id: $id) { id } }"
        variables = {"id": found["deployments"][-1]["id"]}
    else:
        document = f"mutation Button($s: String!, $e: String!) {{ {field}(serviceId: $s, environmentId: $e) }}"
        variables = {"s": found["id"], "e": project["environmentId"]}
    answer = httpx.post(
        sandbox.url,
        json={"query": document, "variables": variables},
        headers={"Authorization": f"Bearer {sandbox.token}"},
    )
    assert "errors" not in answer.json(), answer.text
    return next(each for each in services(sandbox, instance) if each["name"] == service)["deployments"][-1]["id"]


def services(sandbox, instance):
    return trials.only_project(sandbox, instance)["services"]


def running(sandbox, instance):
    return [service["deploymentsByStatus"].get("SUCCESS", 0) for service in services(sandbox, instance)]


def assert_all_stopped(sandbox, instance):
    assert [service["deploymentsByStatus"] for service in services(sandbox, instance)] == [
        {"REMOVED": service["deploymentCount"]} for service in services(sandbox, instance)
    ]


@pytest.mark.parametrize("field", ["serviceInstanceRedeploy", "deploymentRedeploy", "serviceInstanceDeployV2"])
@pytest.mark.parametrize("service", BOTH)
def test_suspended_means_stopped_whoever_started_it(sandbox, ready, clock, service, field):
    made = by_hand(sandbox, ready, service, field)
    done(trials.order("suspend", ready), clock, sandbox)
    assert_all_stopped(sandbox, ready)
    row = Resource.objects.get(kind="deployment", external_id=made)
    assert (row.instance_id, row.state) == (ready.pk, ResourceState.GONE), "it was written into the ledger, and ended"


def test_what_is_started_while_the_suspension_runs_is_stopped_too(sandbox, ready, clock):
    operation, made = trials.order("suspend", ready), []

    def redeploy(step):
        if not made:
            made.append(by_hand(sandbox, ready, "Postgres"))

    with trials.at_step("stop_services", StepState.DONE, redeploy):
        done(operation, clock, sandbox)
    assert made
    assert_all_stopped(sandbox, ready)


def test_what_is_being_removed_still_runs_and_is_not_suspended_yet(settings, order_instance, clock):
    # its removals take a while
    with Sandbox(deploy_seconds=300) as sandbox:
        settings.RAILWAY_API_URL, settings.RAILWAY_WORKSPACE_ID = sandbox.url, sandbox.workspace_id
        instance = order_instance()
        done(Operation.objects.get(instance=instance), clock, sandbox)
        seen = []
        with trials.at_step("verify_stopped", StepState.WAITING, lambda _: seen.append(running(sandbox, instance))):
            done(trials.order("suspend", instance), clock, sandbox)
        assert seen
        assert_all_stopped(sandbox, instance)


def test_an_expired_instance_that_somebody_redeployed_is_stopped(sandbox, ready, clock, told):
    by_hand(sandbox, ready, "odoo")
    Instance.objects.filter(pk=ready.pk).update(expires_at=ready.ready_at)
    told()
    ending.expire()
    done(Operation.objects.latest("pk"), clock, sandbox)
    ready.refresh_from_db()
    assert ready.state == InstanceState.SUSPENDED
    assert_all_stopped(sandbox, ready)


def test_what_is_decommissioned_does_not_run_until_it_is_gone(sandbox, ready, clock):
    by_hand(sandbox, ready, "odoo")
    operation, again = trials.order("decommission", ready), []

    def redeploy(step):
        if not again:
            again.append(by_hand(sandbox, ready, "odoo"))
        else:
            sandbox.advance(1)
            assert running(sandbox, ready) == [0, 0]

    with trials.at_step("prove_gone", StepState.WAITING, redeploy):
        trials.finish(operation, clock, sandbox)
    ready.refresh_from_db()
    assert ready.state == InstanceState.DECOMMISSIONED


@pytest.mark.parametrize("service", BOTH)
def test_a_creation_goes_on_with_what_replaced_its_own_deployment(sandbox, order_instance, clock, service):
    instance, made = order_instance(), []
    sandbox.faults.add(kind="slow", service=service, seconds=20.0, times=1)

    def redeploy(step):
        if not made:
            made.append(by_hand(sandbox, instance, service))

    with trials.at_step(f"deploy_{service.lower()}", StepState.WAITING, redeploy):
        done(Operation.objects.get(instance=instance), clock, sandbox)
    instance.refresh_from_db()
    assert (instance.state, running(sandbox, instance)) == (InstanceState.READY, [1, 1])


def test_a_resumption_does_not_take_anothers_deployment_for_its_own(sandbox, ready, clock):
    done(trials.order("suspend", ready), clock, sandbox)
    by_hand(sandbox, ready, "Postgres")
    sandbox.faults.add(kind="timeout_before", operation="Deploy", seconds=0.05, times=1)
    done(trials.order("resume", ready), clock, sandbox)
    ready.refresh_from_db()
    assert (ready.state, running(sandbox, ready)) == (InstanceState.READY, [1, 1])
    assert clients.railway().stack(*place(ready)).service("Postgres").latest_deployment.id == named(ready, "Postgres")


def place(instance):
    return [named(instance, "project", "project"), named(instance, "production", "environment")]


def named(instance, name, kind="deployment"):
    return Resource.objects.get(instance=instance, kind=kind, name=name, gone_at=None).external_id
