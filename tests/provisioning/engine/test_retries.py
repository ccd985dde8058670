"""What is tried again begins with all its tries and all its time."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from provisioning.engine import running
from provisioning.errors import Permanent, Temporary
from provisioning.models import Operation
from provisioning.outcomes import Wait
from provisioning.states import OperationState

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def still():
    """Time that stands until it is shifted."""
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


def state_of(operation):
    return Operation.objects.get(pk=operation.pk).state


def run_until_it_rests(operation, clock):
    while running.run(operation.pk):
        clock.shift(200)


def test_a_retry_has_all_its_tries_again(operation, script, still):
    script.acts = [Temporary("Railway is slow.")] * (running.MAX_FAILURES + 1)
    run_until_it_rests(operation, still)
    assert state_of(operation) == OperationState.FAILED
    running.retry(Operation.objects.get(pk=operation.pk))
    running.run(operation.pk)
    assert state_of(operation) == OperationState.ACTIVE
    still.shift(200)
    run_until_it_rests(operation, still)
    assert state_of(operation) == OperationState.SUCCEEDED


def test_a_retry_long_after_its_deadline_has_all_its_time_again(operation, script, still):
    script.acts = [Permanent("The plan does not allow it."), Wait(150, "waiting_for_odoo")]
    running.run(operation.pk)
    still.shift(timedelta(days=3))
    running.retry(Operation.objects.get(pk=operation.pk))
    run_until_it_rests(operation, still)
    assert state_of(operation) == OperationState.SUCCEEDED


def test_failures_of_which_progress_was_made_since_are_not_held_against_it(operation, script, still):
    Operation.objects.update(deadline_at=timezone.now() + timedelta(days=1))
    nearly = [Temporary("Railway is slow.")] * (running.MAX_FAILURES - 1)
    script.acts = [*nearly, Wait(5, "waiting_for_odoo"), *nearly]
    run_until_it_rests(operation, still)
    assert state_of(operation) == OperationState.SUCCEEDED
