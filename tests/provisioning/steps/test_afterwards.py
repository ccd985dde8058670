"""What no customer waits for: it follows a creation by itself, and staff are told when it does not come true."""

from datetime import timedelta

import pytest

from provisioning.engine import running
from provisioning.models import Operation, Step
from provisioning.states import OperationState, StepState
from provisioning.watching import afterwards
from tenants.alerts import conditions
from tenants.lifecycle import InstanceState
from tenants.models import Alert, Mail
from tests import trials

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_hashes")]

BACKUPS = "volumeInstanceBackupScheduleUpdate"
REFUSALS = {
    "the plan has none": {"kind": "error", "operation": BACKUPS, "message": "Backup entitlement missing"},
    "an unknown reason": {"kind": "error", "operation": BACKUPS, "message": "Not on a full moon"},
    "Railway is slow": {"kind": "server_error", "operation": BACKUPS, "status": 503},
    "true, and nothing done": {"kind": "no_effect", "operation": BACKUPS},
}


@pytest.fixture
def made(order_instance, clock, sandbox):
    def made(plan="demo", **fault):
        if fault:
            sandbox.faults.add(**fault)
        instance = order_instance(plan_code=plan)
        ended = trials.finish(Operation.objects.get(instance=instance), clock, sandbox)
        assert ended.state == OperationState.SUCCEEDED, (ended.reason, ended.message)
        instance.refresh_from_db()
        return instance

    return made


def schedules(sandbox, instance):
    return [sorted(volume["schedules"]) for volume in trials.only_project(sandbox, instance)["volumes"]]


def told():
    return [(each.topic, each.references) for each in conditions.present() if each.kind == Alert.Kind.AFTERWARDS]


def minutes_pass(clock, minutes):
    clock.shift(timedelta(minutes=minutes).total_seconds())


def test_backups_are_scheduled_as_soon_as_the_instance_is_ready(made, sandbox):
    assert schedules(sandbox, made()) == [["DAILY", "WEEKLY"]] * 2
    before = sandbox.state()["requests"]
    assert afterwards.tend() == 0
    assert sandbox.state()["requests"] == before


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_proven_instance_is_ready_and_mailed_whatever_becomes_of_its_backups(made, sandbox, clock, refusal):
    instance = made(**REFUSALS[refusal])
    assert instance.state == InstanceState.READY
    assert Mail.objects.filter(kind=Mail.Kind.WELCOME).count() == 1
    assert (schedules(sandbox, instance), told()) == ([[], []], [])
    for _ in range(3):
        minutes_pass(clock, 6)
        assert afterwards.tend() == 1
        assert afterwards.tend() == 0, "not again in the same minute"
    assert told() == [("backups_not_scheduled", ("acme-corp",))]
    sandbox.faults.clear()
    minutes_pass(clock, 6)
    afterwards.tend()
    assert (schedules(sandbox, instance), told()) == ([["DAILY", "WEEKLY"]] * 2, [])


def test_nobody_waits_until_pushes_are_no_longer_followed(made, sandbox, clock):
    instance = made("starter", kind="error", operation="AutoDeployOff", message="Not on a full moon")
    assert instance.state == InstanceState.READY
    minutes_pass(clock, 15)
    afterwards.tend()
    assert told() == [("still_follows_pushes", ("acme-corp",))]
    sandbox.faults.clear()
    minutes_pass(clock, 6)
    afterwards.tend()
    assert told() == []
    assert not any(service["autoDeploy"] for service in trials.only_project(sandbox, instance)["services"])


def test_a_creation_of_the_former_release_that_was_withheld_for_its_backups_is_ready_when_retried(
    order_instance, sandbox, clock
):
    operation = Operation.objects.get(instance=order_instance())
    Step.objects.filter(operation=operation, code="announce").update(position=9)
    old = Step.objects.create(operation=operation, code="schedule_backups", position=8)
    with trials.at_step("schedule_backups", StepState.RUNNING, lambda _: running.cancel(operation)):
        assert trials.finish(operation, clock, sandbox).state == OperationState.CANCELLED
    ended = trials.finish(trials.retry(operation), clock, sandbox)
    old.refresh_from_db()
    assert (ended.state, old.state) == (OperationState.SUCCEEDED, StepState.DONE)
    assert schedules(sandbox, operation.instance) == [["DAILY", "WEEKLY"]] * 2
