"""A decommissioning whose workers are killed at every boundary ends complete, and touches nobody else's project."""

from collections import Counter

import pytest

from provisioning import driver
from provisioning.engine import running
from provisioning.gate import clients
from provisioning.models import Operation, Resource
from provisioning.states import OperationState
from tenants.lifecycle import InstanceState
from tests import trials
from tests.journeys.test_kill_matrix import HELD, beat, ended, expire_lease, workers
from tests.processes import kill_children, until

__all__ = ["workers"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("services")]

GRACE_SECONDS = 48 * 3600
BEFORE, AFTER = "timeout_before", "timeout_after"
# document, which of its requests, and on which side of its effect; what was stopped is not asked for again
ASKING = [
    ("StackState", 0, BEFORE),
    ("DeploymentsRemove", 0, BEFORE),
    ("DeploymentsRemove", 0, AFTER),
    ("FindProjects", 0, BEFORE),
    ("ProjectScheduleDelete", 0, BEFORE),
    ("ProjectScheduleDelete", 0, AFTER),
    # the first of them is asked for by the same step once more
    ("FindProjects", 1, BEFORE),
    ("StackState", 0, BEFORE),
]


@pytest.fixture
def ready(sandbox, order_instance):
    def ready(name="acme-corp"):
        operation = Operation.objects.get(instance=order_instance(name))
        assert driver.drive(operation.pk, timeout=60, tick=lambda row: None).state == OperationState.SUCCEEDED
        return operation.instance

    return ready


def test_the_boundaries_are_those_of_every_request_that_a_decommissioning_sends(sandbox, ready):
    instance = ready()
    before = Counter(sandbox.state()["requests"])
    operation = trials.order("decommission", instance)
    running.run(operation.pk)
    sandbox.advance(GRACE_SECONDS + 60)
    running.wake(operation.pk)
    running.run(operation.pk)
    assert ended(operation)
    asked = Counter(sandbox.state()["requests"]) - before
    assert set(asked) == {document for document, _skip, _kind in ASKING}


def hold(sandbox, document, skip, kind):
    """That request is held open, before or after its effect; True when it has come."""
    fault = sandbox.faults.add(kind=kind, operation=document, after=skip, times=1, seconds=HELD)
    return lambda: next(each["used"] for each in sandbox.faults.all() if each["id"] == fault)


def strangers(sandbox):
    """Projects that no ledger lists, some of them quoting our marker."""
    railway = clients.railway()
    names = ["the blog", "eazynova-acme-corp", "eazynova-acme-corp"]
    texts = ["", "eazynova-instance=acme-corp", "moved from eazynova-instance=acme-corp-0123456789"]
    made = [
        railway.create_project(workspace_id=sandbox.workspace_id, name=name, description=text)
        for name, text in zip(names, texts, strict=True)
    ]
    return {project.id for project in made}


def test_workers_killed_at_every_boundary_of_a_decommissioning_leave_nothing_of_ours_and_all_of_others(
    sandbox, workers, ready
):
    neighbour, instance, others = ready("neighbour"), ready(), strangers(sandbox)
    kept = others | {Resource.objects.get(instance=neighbour, kind="project").external_id}
    worker = workers.start()
    came = hold(sandbox, *ASKING[0])
    operation = trials.order("decommission", instance)
    for number, (document, _skip, kind) in enumerate(ASKING, start=1):
        until(came, f"{document} {kind}", beat)
        if number < len(ASKING):
            came = hold(sandbox, *ASKING[number])
        kill_children(worker)
        expire_lease(operation)
    until(lambda: waits_for_deletion(operation), "Railway has been asked to delete", beat)
    assert not trials.only_project(sandbox, instance)["deleted"]
    sandbox.advance(GRACE_SECONDS + 60)
    came = hold(sandbox, "FindProjects", 0, BEFORE)
    running.wake(operation.pk)
    until(came, "the proof is asked for", beat)
    kill_children(worker)
    expire_lease(operation)
    until(lambda: ended(operation), "nothing is left", beat)
    assert_gone(sandbox, operation, kept)


def waits_for_deletion(operation):
    row = Operation.objects.get(pk=operation.pk)
    return row.steps.filter(code="prove_gone", reason="waiting_for_deletion").exists() and not row.lease_token


def assert_gone(sandbox, operation, kept):
    operation.refresh_from_db()
    assert operation.state == OperationState.SUCCEEDED, operation.message
    assert operation.instance.state == InstanceState.DECOMMISSIONED
    assert not operation.instance.resources.filter(gone_at=None).exists()
    project = trials.only_project(sandbox, operation.instance)
    assert project["deleted"]
    assert {status for service in project["services"] for status in service["deploymentsByStatus"]} == {"REMOVED"}
    left = [each for each in sandbox.state()["projects"] if each["id"] != project["id"]]
    assert {each["id"] for each in left} == kept
    assert [each["id"] for each in left if each["deleted"] or each["deletionAt"]] == []
