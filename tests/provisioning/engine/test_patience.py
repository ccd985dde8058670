"""What only takes long is waited for: a slow Railway, an hour without budget, and a time in which we were away."""

from datetime import timedelta

import pytest
from django.utils import timezone

from provisioning.engine import running
from provisioning.models import Operation
from provisioning.sandbox import Sandbox
from provisioning.states import OperationState, StepState
from tests import trials

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_hashes")]


@pytest.fixture
def creation(sandbox, order_instance):
    return Operation.objects.get(instance=order_instance())


def assert_succeeds(operation, clock, sandbox):
    ended = trials.finish(operation, clock, sandbox)
    assert ended.state == OperationState.SUCCEEDED, f"{ended.reason}: {ended.message}"
    trials.assert_exactly_one_of_everything(sandbox, ended.instance)


@pytest.mark.parametrize("document", ["ProjectCreate", "ServicesCreate", "VolumeCreate", "DomainCreate", "Deploy"])
def test_looking_for_a_lost_answer_takes_as_long_as_the_settings_say(document, creation, sandbox, clock, settings):
    settings.RAILWAY_SETTLE_SECONDS = 120
    sandbox.faults.add(kind="server_error", status=503, operation=document, times=1)
    began = timezone.now()
    assert_succeeds(creation, clock, sandbox)
    assert timedelta(seconds=120) <= timezone.now() - began < timedelta(seconds=180)


def test_what_a_lost_answer_has_made_is_found_when_it_shows_just_before_that_time_is_over(
    creation, sandbox, clock, settings
):
    settings.RAILWAY_SETTLE_SECONDS = 120
    sandbox.faults.add(kind="lost_answer", operation="ProjectCreate", times=1)
    sandbox.faults.add(kind="lag", operation="ProjectCreate", seconds=110.0)
    assert_succeeds(creation, clock, sandbox)


def test_what_becomes_visible_only_after_a_minute_and_a_half_is_waited_for(creation, sandbox, clock):
    sandbox.faults.add(kind="lag", seconds=90.0)
    assert_succeeds(creation, clock, sandbox)


def test_an_hour_without_budget_costs_an_hour_and_no_creation(creation, sandbox, clock):
    sandbox.faults.add(kind="rate_limited", operation="DomainCreate", retry_after=3600.0, times=1)
    assert_succeeds(creation, clock, sandbox)


def test_a_railway_that_allows_nothing_for_half_a_day_fails_nobody(creation, sandbox, clock):
    sandbox.faults.add(kind="rate_limited", operation="DomainCreate", retry_after=900.0, times=48)
    assert_succeeds(creation, clock, sandbox)


@pytest.fixture
def slow(settings):
    """A sandbox whose deployments take half a minute."""
    with Sandbox(deploy_seconds=30) as running:
        settings.RAILWAY_API_URL, settings.RAILWAY_WORKSPACE_ID = running.url, running.workspace_id
        yield running


def test_while_no_watcher_lives_operations_look_by_themselves(slow, order_instance, clock):
    operation = Operation.objects.get(instance=order_instance())
    began = timezone.now()
    while operation.state == OperationState.ACTIVE:
        slow.advance(0)
        running.run(operation.pk)
        operation.refresh_from_db()
        clock.shift(max((operation.run_after - timezone.now()).total_seconds(), 0.0) + 0.01)
    assert operation.state == OperationState.SUCCEEDED
    assert timezone.now() - began < timedelta(minutes=10)


def test_a_time_in_which_no_worker_lived_is_not_taken_from_the_deadline(slow, order_instance, clock):
    operation = Operation.objects.get(instance=order_instance())
    running.run(operation.pk)
    before = Operation.objects.get(pk=operation.pk)
    assert before.state == OperationState.ACTIVE
    clock.shift(7200)
    assert_succeeds(operation, clock, slow)
    assert timezone.now() > before.deadline_at


@pytest.mark.parametrize("code", ["create_volumes", "configure", "deploy_postgres"])
def test_a_machine_that_died_at_work_and_came_back_hours_later_goes_on(code, slow, order_instance, clock):
    operation = Operation.objects.get(instance=order_instance())
    away = []

    def die_and_stay_away(step):
        if not away:
            away.append(step)
            clock.shift(7200)
            raise trials.Killed

    with trials.at_step(code, StepState.DONE, die_and_stay_away):
        assert_succeeds(operation, clock, slow)
    assert away


@pytest.mark.parametrize("jump", [3_600, 86_400])
def test_a_clock_that_jumps_forward_while_a_deployment_is_under_way_does_not_call_it_stuck(
    jump, slow, order_instance, clock
):
    operation = Operation.objects.get(instance=order_instance())
    running.run(operation.pk)
    clock.shift(jump)
    slow.advance(-jump)
    assert_succeeds(operation, clock, slow)


def test_what_really_takes_too_long_still_fails(order_instance, clock, settings):
    with Sandbox(deploy_seconds=7200) as stuck:
        settings.RAILWAY_API_URL, settings.RAILWAY_WORKSPACE_ID = stuck.url, stuck.workspace_id
        operation = Operation.objects.get(instance=order_instance())
        began = timezone.now()
        ended = trials.finish(operation, clock, stuck)
    assert (ended.state, ended.reason) == (OperationState.FAILED, "deployment_stuck")
    assert timezone.now() - began < timedelta(hours=1)
