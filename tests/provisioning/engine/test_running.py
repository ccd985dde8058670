"""The engine alone: its steps run in order, once, and whatever happens to their runner."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from provisioning.doorbell import LOST_AFTER
from provisioning.engine import lease, recording, running
from provisioning.engine.running import NotRetryable
from provisioning.errors import Permanent, Temporary
from provisioning.models import Operation, Step
from provisioning.outcomes import Done, Wait
from provisioning.states import OperationState, StepState
from tenants.lifecycle import InstanceState
from tenants.models import Instance
from tenants.services.making import spec_of
from tests.processes import until

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(BaseException):
    """Stands for SIGKILL: nothing below the test may catch it."""


def reload(operation):
    return Operation.objects.get(pk=operation.pk)


def middle(operation):
    return Step.objects.get(operation=operation, code="middle")


def test_steps_run_in_order_and_the_operation_succeeds(operation, script):
    assert running.run(operation.pk)
    assert script.runs == ["first", "middle", "last"]
    assert reload(operation).state == OperationState.SUCCEEDED
    assert Instance.objects.get().state == InstanceState.SUSPENDED


def test_a_finished_operation_is_never_run_again(operation, script):
    running.run(operation.pk)
    assert not running.run(operation.pk)
    assert len(script.runs) == 3


def test_waiting_lets_go_and_comes_back_when_it_is_time(operation, script):
    script.acts = [Wait(60, "waiting_for_odoo")]
    running.run(operation.pk)
    assert middle(operation).state == StepState.WAITING
    assert not running.run(operation.pk)
    with time_machine.travel(timezone.now() + timedelta(seconds=61), tick=False):
        assert running.run(operation.pk)
    assert reload(operation).state == OperationState.SUCCEEDED
    assert script.runs == ["first", "middle", "middle", "last"]


def test_news_wakes_an_operation_that_waits(operation, script):
    script.acts = [Wait(3600, "waiting_for_odoo")]
    running.run(operation.pk)
    running.wake(operation.pk)
    assert running.run(operation.pk)
    assert reload(operation).state == OperationState.SUCCEEDED


def test_news_that_comes_while_the_step_runs_is_not_slept_through(operation, script):
    def news_then_wait():
        running.wake(operation.pk)
        return Wait(3600, "waiting_for_odoo")

    script.acts = [news_then_wait]
    running.run(operation.pk)
    assert running.run(operation.pk)
    assert reload(operation).state == OperationState.SUCCEEDED


def test_a_temporary_error_is_tried_again_later_and_leaves_its_reason_meanwhile(operation, script):
    script.acts = [Temporary("Railway is slow.", retry_after=30)]
    running.run(operation.pk)
    step = middle(operation)
    assert (step.state, step.reason, step.failures) == (StepState.WAITING, "temporary", 1)
    assert not running.run(operation.pk)
    with time_machine.travel(timezone.now() + timedelta(seconds=45), tick=False):
        running.run(operation.pk)
    assert reload(operation).state == OperationState.SUCCEEDED
    assert middle(operation).reason == ""


def test_a_temporary_error_that_never_ends_fails_loudly(operation, script):
    script.acts = [Temporary("Railway is slow.", retry_after=5)] * running.MAX_FAILURES
    pauses = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        while reload(operation).state == OperationState.ACTIVE:
            assert running.run(operation.pk)
            pauses.append((reload(operation).run_after - timezone.now()).total_seconds())
            clock.shift(max(pauses[-1], 0.0))
    assert reload(operation).reason == "temporary"
    assert 5 <= pauses[0] <= pauses[1] * 1.25 <= pauses[3] < pauses[5], (
        "never sooner than asked, and less and less often"
    )


def test_an_unknown_error_gets_few_tries_and_keeps_its_text_to_itself(operation, script):
    script.acts = [ValueError("secret in the text")] * running.MAX_UNEXPECTED
    with time_machine.travel(timezone.now(), tick=False) as clock:
        while reload(operation).state == OperationState.ACTIVE:
            running.run(operation.pk)
            clock.shift(300)
    assert (reload(operation).reason, reload(operation).message) == ("unexpected", "ValueError")


def test_a_permanent_error_stops_at_once_and_a_retry_goes_on_from_that_step(operation, script):
    script.acts = [Permanent("The plan does not allow it.")]
    running.run(operation.pk)
    failed = reload(operation)
    assert (failed.state, failed.reason) == (OperationState.FAILED, "permanent")
    running.retry(failed)
    running.run(operation.pk)
    assert reload(operation).state == OperationState.SUCCEEDED
    assert script.runs == ["first", "middle", "middle", "last"]


def test_past_its_deadline_an_operation_fails_with_what_it_waited_for(operation, script):
    script.acts = [Wait(10, "waiting_for_odoo")] * 1000
    with time_machine.travel(timezone.now(), tick=False) as clock:
        while running.run(operation.pk):
            assert timezone.now() < operation.deadline_at + timedelta(minutes=1)
            clock.shift(11)
    failed = reload(operation)
    assert (failed.state, failed.reason) == (OperationState.FAILED, "deadline")
    assert middle(operation).reason == "waiting_for_odoo"


def test_what_fails_again_and_again_ends_at_its_deadline_however_many_tries_are_left(operation, script):
    script.acts = [Temporary("Railway is slow.", retry_after=600)] * running.MAX_FAILURES
    with time_machine.travel(timezone.now(), tick=False) as clock:
        while running.run(operation.pk):
            assert timezone.now() < operation.deadline_at + timedelta(minutes=15)
            clock.move_to(max(reload(operation).run_after, timezone.now()))
    failed = reload(operation)
    assert (failed.state, failed.reason, failed.message) == (OperationState.FAILED, "deadline", "Railway is slow.")


def test_work_that_comes_late_but_needs_no_more_waiting_is_finished(operation, script):
    """Workers that were away, or a clock that jumped, must not spoil what has come true meanwhile."""
    script.acts = [Wait(10, "waiting_for_odoo")]
    running.run(operation.pk)
    with time_machine.travel(timezone.now() + timedelta(days=1), tick=False):
        running.run(operation.pk)
    assert reload(operation).state == OperationState.SUCCEEDED


def test_a_killed_runner_costs_its_lease_and_nothing_else(operation, script):
    script.acts = [Killed()]
    with pytest.raises(Killed):
        running.run(operation.pk)
    with time_machine.travel(timezone.now() + timedelta(seconds=28), tick=False):
        assert not running.run(operation.pk), "it may only be slow"
    with time_machine.travel(timezone.now() + timedelta(seconds=31), tick=False):
        assert running.sweep() == 1
        assert running.run(operation.pk)
    assert reload(operation).state == OperationState.SUCCEEDED
    assert script.runs == ["first", "middle", "middle", "last"]


@pytest.mark.usefixtures("services")
def test_a_step_that_lasts_longer_than_a_lease_is_taken_up_by_nobody_else(operation, script, monkeypatch):
    monkeypatch.setattr(lease, "LEASE_SECONDS", 0.6)
    others = []

    def last_three_leases():
        for _ in range(3):
            over = reload(operation).lease_expires_at
            until(lambda over=over: timezone.now() > over, "the lease that was read is over")
            others.append(running.run(operation.pk))
        return Done()

    script.acts = [last_three_leases]
    running.run(operation.pk)
    assert others == [False] * 3
    assert script.runs == ["first", "middle", "last"]


def test_a_step_that_kills_every_runner_does_not_live_for_ever(operation, script):
    script.acts = [Killed()] * (recording.MOST_DEATHS + 1)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(recording.MOST_DEATHS + 1):
            with pytest.raises(Killed):
                running.run(operation.pk)
            clock.shift(lease.LEASE_SECONDS * 3)
        assert running.run(operation.pk)
    assert (reload(operation).state, reload(operation).reason) == (OperationState.FAILED, "unexpected")
    assert middle(operation).state == StepState.FAILED


def test_a_sweep_rings_once_and_again_only_when_nobody_has_heard(operation):
    assert running.sweep() == 0, "its start has rung for it"
    with time_machine.travel(timezone.now() + LOST_AFTER + timedelta(seconds=1), tick=False):
        assert running.sweep() == 1
        assert running.sweep() == 0


def test_a_sweep_rings_at_once_for_what_has_just_become_due(operation, script):
    script.acts = [Wait(10, "waiting_for_odoo")]
    running.run(operation.pk)
    with time_machine.travel(timezone.now() + timedelta(seconds=11), tick=False):
        assert running.sweep() == 1


@pytest.mark.parametrize("outcome", [Done({"url": "https://wrong.example"}), Wait(10, "waiting_for_odoo")])
def test_a_runner_that_was_overtaken_records_nothing(operation, script, outcome):
    def overtaken():
        Operation.objects.filter(pk=operation.pk).update(lease_token="somebody else")
        return outcome

    script.acts = [overtaken]
    running.run(operation.pk)
    assert reload(operation).facts == {}
    assert middle(operation).state == StepState.RUNNING


def test_only_one_of_two_claims_wins(operation):
    assert lease.claim(operation.pk) is not None
    assert lease.claim(operation.pk) is None


def test_cancel_is_honoured_at_the_next_step_and_can_be_repeated(operation, script):
    script.acts = [lambda: running.cancel(reload(operation)) and Done()]
    running.run(operation.pk)
    assert reload(operation).state == OperationState.CANCELLED
    assert script.runs == ["first", "middle"]
    assert not running.cancel(reload(operation))


def test_an_instance_has_one_active_operation_at_most(operation):
    with pytest.raises(IntegrityError), transaction.atomic():
        running.start(kind="suspend", instance=operation.instance, spec=operation.instance_spec)


def test_what_runs_cannot_be_retried(operation):
    with pytest.raises(NotRetryable):
        running.retry(operation)


def test_secrets_are_sealed_in_the_row(make_instance, script):
    instance = make_instance(state=InstanceState.READY)
    operation = running.start(
        kind="suspend", instance=instance, spec=spec_of(instance), secrets={"admin_password": "Geheimnis42"}
    )
    row = Operation.objects.filter(pk=operation.pk).values().get()
    assert "Geheimnis42" not in str(row)
    assert reload(operation).secrets() == {"admin_password": "Geheimnis42"}
