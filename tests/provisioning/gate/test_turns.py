"""Queues for what Railway throttles by the clock: one at a time, the oldest operation first, nobody for ever."""

from datetime import timedelta

import pytest
from django.utils import timezone

from provisioning.engine import running
from provisioning.gate import clients, turns
from provisioning.models import Operation, Slot
from provisioning.railway.errors import ProjectThrottled
from provisioning.sandbox.sandbox import Sandbox
from provisioning.states import OperationState
from tests import trials
from tests.tenants.api.test_idempotency import together

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_hashes")]
QUEUE = "project_create:default"


@pytest.fixture(autouse=True)
def intervals(settings):
    settings.RAILWAY_PROJECT_INTERVAL_SECONDS = 31
    settings.RAILWAY_VOLUME_INTERVAL_SECONDS = 15


@pytest.fixture
def throttling(settings):
    """A sandbox as strict as Railway about how fast projects and volumes are created."""
    with Sandbox(project_interval=30, volume_interval=14) as running:
        settings.RAILWAY_API_URL = running.url
        settings.RAILWAY_WORKSPACE_ID = running.workspace_id
        yield running


@pytest.fixture
def queued(throttling, order_instance):
    """Five creations of which the first has had its turn."""
    operations = [Operation.objects.get(instance=order_instance(f"client-{number}")) for number in range(5)]
    for operation in operations:
        running.run(operation.pk)
    return operations


def expected(operation):
    operation.refresh_from_db()
    return (operation.run_after - timezone.now()).total_seconds()


def projects(sandbox):
    return [project["name"] for project in sandbox.state()["projects"]]


def test_each_waiting_operation_gets_the_moment_of_its_own_turn(queued, throttling, clock):
    assert projects(throttling) == ["eazynova-client-0"]
    assert [expected(each) for each in queued[1:]] == pytest.approx([31, 62, 93, 124], abs=8)
    places = [turns.position_of(each) for each in queued[1:]]
    assert [(place.position, place.waiting) for place in places] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert turns.position_of(Operation.objects.get(pk=queued[0].pk)).waiting == 1, "it waits for its volumes alone"


def test_creations_in_a_queue_all_succeed_without_one_refusal(queued, throttling, clock):
    for operation in queued:
        assert trials.finish(operation, clock, throttling).state == OperationState.SUCCEEDED
    assert len(projects(throttling)) == 5
    assert not Operation.objects.filter(steps__failures__gt=0).exists()
    assert throttling.state()["requests"]["ProjectCreate"] == 5
    assert throttling.state()["requests"]["VolumeCreate"] == 10


def test_the_oldest_goes_first_whoever_asks_first(queued, throttling, clock):
    clock.shift(32)
    running.run(queued[3].pk)
    running.wake(queued[3].pk)
    running.run(queued[3].pk)
    assert len(projects(throttling)) == 1
    running.run(queued[1].pk)
    assert projects(throttling) == ["eazynova-client-0", "eazynova-client-1"]


def test_those_behind_one_that_gives_up_move_forward(queued, throttling, clock):
    for operation in queued[1:4]:
        running.cancel(operation)
    last = queued[4]
    last.refresh_from_db()
    assert turns.position_of(last).position == 1
    clock.shift(32)
    assert expected(last) > 60
    running.sweep()
    assert expected(last) <= 0
    running.run(last.pk)
    assert projects(throttling) == ["eazynova-client-0", "eazynova-client-4"]


def test_one_whose_runner_is_lost_does_not_hold_up_the_others(queued, throttling, clock):
    clock.shift(31 * 4 + turns.MISSED.total_seconds() + 1)
    running.run(queued[4].pk)
    assert projects(throttling) == ["eazynova-client-0", "eazynova-client-4"]


def test_a_queue_longer_than_the_deadline_makes_nobody_fail(queued, throttling, clock):
    Operation.objects.filter(pk=queued[1].pk).update(deadline_at=timezone.now() + timedelta(seconds=1))
    running.wake(queued[1].pk)
    running.run(queued[1].pk)
    queued[1].refresh_from_db()
    assert queued[1].queue == QUEUE
    assert queued[1].deadline_at - queued[1].run_after >= timedelta(minutes=44)
    assert trials.finish(queued[1], clock, throttling).state == OperationState.SUCCEEDED


def test_a_project_that_somebody_else_created_puts_the_turn_off(throttling, clock):
    stranger = clients.railway()
    stranger.create_project(workspace_id=throttling.workspace_id, name="not ours", description="")
    with pytest.raises(ProjectThrottled):
        stranger.create_project(workspace_id=throttling.workspace_id, name="too fast", description="")
    assert Slot.objects.get(pk=QUEUE).free_at == pytest.approx(timezone.now().timestamp() + 31, abs=3)


def test_time_in_the_queue_is_not_taken_for_the_steps_own(queued, throttling, clock):
    for operation in queued[:3]:
        trials.finish(operation, clock, throttling)
    step = queued[2].steps.get(code="create_project")
    assert step.ended_at - step.started_at < timedelta(seconds=20)


@pytest.mark.django_db(transaction=True)
def test_of_ten_who_come_at_once_one_has_the_turn(services, order_instance):
    operations = [Operation.objects.get(instance=order_instance(f"client-{number}")) for number in range(10)]
    Slot.objects.create(key=QUEUE)
    waits = together(10, lambda number: turns.take(operations[number], QUEUE))
    assert sorted(waits)[0] == 0.0
    assert all(wait > 0 for wait in sorted(waits)[1:])
