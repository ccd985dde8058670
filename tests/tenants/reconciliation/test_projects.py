"""Projects that leaked, doubled or were never recorded: only what is proven ours is put right."""

from datetime import timedelta

import pytest

from provisioning.models import Operation, Resource
from provisioning.railway.results import NewService, ServiceSettings
from provisioning.states import OperationState, ResourceState
from tenants.models import AuditEntry
from tenants.services.reconciliation import Rules
from tests import trials
from tests.tenants.reconciliation.looks import (
    assert_only_told,
    assert_put_right,
    kinds,
    later,
    look,
    mutations_since,
    place,
    project,
    requests,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_hashes")]
RAILWAYS_PART = pytest.mark.any_store(
    "what differs is Railway's; test_rules, test_restoration and what is unmarked here mend the rows on both"
)


@RAILWAYS_PART
def test_a_project_that_somebody_has_deleted_under_a_living_instance_is_told(ready, railway, sandbox):
    instance = ready()
    railway.schedule_project_deletion(place(instance)["project_id"])
    assert_only_told(sandbox, [("deletion_unwanted", "project eazynova-acme-corp")])


def test_a_project_that_lives_on_after_its_decommissioning_is_priced_and_deleted(gone, railway, sandbox, clock):
    instance = gone()
    leak = project(railway, sandbox, instance)
    services = railway.create_services(
        project_id=leak.id, environment_id=leak.environment_id, services=[NewService("odoo")]
    )
    settings = ServiceSettings(image="odoo:19")
    railway.configure(environment_id=leak.environment_id, services={services["odoo"]: settings})
    railway.deploy(service_id=services["odoo"], environment_id=leak.environment_id)
    later(clock)
    run = assert_only_told(sandbox, [("leak_ended", "project eazynova-acme-corp")], act="delete")
    assert float(run.differences[0]["monthlyCost"]) > 0
    again = assert_put_right()
    assert kinds(again) == [("deletion_pending", "project eazynova-acme-corp")]
    found = sandbox.state(leak.id)["projects"][0]
    assert found["deletionAt"] is not None
    assert set(found["services"][0]["deploymentsByStatus"]) <= {"REMOVED", "FAILED", "CRASHED"}
    entry = AuditEntry.objects.get(act="reconcile:delete")
    assert (entry.instance, entry.actor, entry.after["external_id"]) == (instance, "zoe", leak.id)
    later(clock, 49)
    sandbox.advance(0)
    assert kinds(look()) == [("ledger_open", "ledger")]
    assert_put_right()
    assert not Resource.objects.filter(instance=instance, gone_at=None).exists()
    assert look().differences == []


def test_a_second_project_of_a_living_instance_is_deleted_and_the_first_is_left_alone(ready, railway, sandbox, clock):
    instance = ready()
    double = project(railway, sandbox, instance)
    later(clock)
    assert_only_told(sandbox, [("leak_double", "project eazynova-acme-corp")], act="delete")
    assert_put_right()
    scheduled = {each["id"]: each["deletionAt"] is not None for each in sandbox.state()["projects"]}
    assert scheduled == {double.id: True, place(instance)["project_id"]: False}
    later(clock, 49)
    sandbox.advance(0)
    assert kinds(look()) == [("ledger_open", f"project leak-{double.id[:8]}")]
    assert_put_right()
    assert Resource.objects.get(external_id=place(instance)["project_id"]).state == ResourceState.PRESENT


def test_a_decommissioning_deletes_the_second_project_too(ready, railway, sandbox, clock):
    instance = ready()
    project(railway, sandbox, instance)
    later(clock)
    look(apply=True)
    trials.finish(trials.order("decommission", instance), clock, sandbox)
    assert [each["deleted"] for each in sandbox.state()["projects"]] == [True, True]
    assert not Resource.objects.filter(instance=instance, gone_at=None).exists()


@RAILWAYS_PART
def test_a_project_that_was_never_recorded_is_adopted_and_the_creation_goes_on_in_it(
    order_instance, railway, sandbox, clock
):
    instance = order_instance()
    operation = Operation.objects.get(instance=instance)
    sandbox.faults.add(kind="token_refused", operation="ProjectCreate")
    assert trials.finish(operation, clock, sandbox).state == OperationState.FAILED
    sandbox.faults.clear()
    lost = project(railway, sandbox, instance)
    later(clock)
    assert_only_told(sandbox, [("not_adopted", "project eazynova-acme-corp")], act="adopt")
    assert_put_right()
    assert place(instance) == {"project_id": lost.id, "environment_id": lost.environment_id}
    trials.retry(operation)
    assert trials.finish(operation, clock, sandbox).state == OperationState.SUCCEEDED
    trials.assert_exactly_one_of_everything(sandbox, instance)


@RAILWAYS_PART
def test_of_two_projects_that_may_be_the_one_none_is_touched(order_instance, railway, sandbox, clock):
    instance = order_instance()
    sandbox.faults.add(kind="token_refused", operation="ProjectCreate")
    trials.finish(Operation.objects.get(instance=instance), clock, sandbox)
    sandbox.faults.clear()
    for _ in range(2):
        project(railway, sandbox, instance)
    later(clock)
    before = requests(sandbox)
    run = look(apply=True)
    assert [each["hold"] for each in run.differences] == ["ambiguous"] * 2
    assert (run.acts, mutations_since(sandbox, before)) == ([], set())


@RAILWAYS_PART
@pytest.mark.parametrize(
    ("changes", "hold"),
    [
        ({"name": "something-else"}, "unproven"),
        ({"description": "eazynova-instance={id} kept for the lawyers"}, "unproven"),
    ],
)
def test_a_project_that_somebody_made_something_else_is_told_and_left_alone(
    changes, hold, gone, railway, sandbox, clock
):
    instance = gone()
    kept = {name: value.format(id=instance.public_id) for name, value in changes.items()}
    project(railway, sandbox, instance, **kept)
    later(clock)
    before = requests(sandbox)
    run = look(apply=True)
    assert [(each["act"], each["hold"]) for each in run.differences] == [("delete", hold)]
    assert (run.acts, mutations_since(sandbox, before)) == ([], set())


@RAILWAYS_PART
def test_what_is_young_is_left_alone(gone, railway, sandbox, clock):
    project(railway, sandbox, gone())
    later(clock, 23)
    before = requests(sandbox)
    run = look(apply=True)
    assert [each["hold"] for each in run.differences] == ["young"]
    assert (run.acts, mutations_since(sandbox, before)) == ([], set())


@RAILWAYS_PART
def test_unknown_projects_are_never_touched(ready, railway, sandbox, clock):
    ready()
    unknown = {"name": "eazynova-acme-corp", "description": "eazynova-instance=somebody-else-0123456789"}
    railway.create_project(workspace_id=sandbox.workspace_id, **unknown)
    railway.create_project(workspace_id=sandbox.workspace_id, name="the blog", description="not ours at all")
    railway.create_project(workspace_id=sandbox.workspace_id, name="eazynova-acme-corp", description="")
    later(clock, 24 * 365)
    before = requests(sandbox)
    run = look(Rules(timedelta(0), 1000, 100), apply=True)
    assert [(each["kind"], each["act"]) for each in run.differences] == [("leak_unknown", None)]
    assert (run.listed, run.ours, run.acts) == (4, 2, [])
    assert mutations_since(sandbox, before) == set()
