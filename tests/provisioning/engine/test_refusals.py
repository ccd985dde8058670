"""Refusals of Railway that no waiting cures: they end the work soon, and staff read Railway's own words."""

from datetime import timedelta

import pytest
from django.utils import timezone

from provisioning.models import Operation
from provisioning.reasons import UNKNOWN, reason
from provisioning.states import OperationState
from tests import fault_matrix, trials

pytestmark = [fault_matrix.ANY_STORE, pytest.mark.django_db, pytest.mark.usefixtures("quick_hashes")]

REQUESTS = ("ProjectCreate", "ServicesCreate", "VolumeCreate", "DomainCreate", "Configure", "Deploy")
KNOWN = {
    "Your trial has expired. Please select a plan to continue using Railway.": "railway_account_blocked",
    "Please add a payment method to continue": "railway_account_blocked",
    "Invalid project name": "railway_value_refused",
    "Unauthorized": "railway_not_authorized",
    "Resource provision limit exceeded": "railway_plan_limit",
}


def refused(sandbox, order_instance, clock, request, words):
    """A creation at whose ``request`` Railway says these words for ever; how long it took to end."""
    sandbox.faults.add(kind="error", operation=request, message=words)
    began = timezone.now()
    ended = trials.finish(Operation.objects.get(instance=order_instance()), clock, sandbox)
    assert ended.state == OperationState.FAILED
    return ended, timezone.now() - began


@pytest.mark.parametrize("request_name", REQUESTS)
@pytest.mark.parametrize("words", KNOWN)
def test_a_known_refusal_ends_the_work_at_once_and_says_what_to_do(sandbox, order_instance, clock, request_name, words):
    ended, took = refused(sandbox, order_instance, clock, request_name, words)
    assert (ended.reason, ended.message) == (KNOWN[words], words)
    assert reason(ended.reason).advice
    assert sandbox.state()["requests"][request_name] == 1
    assert took < timedelta(minutes=1)


@pytest.mark.parametrize("request_name", REQUESTS)
def test_an_unknown_refusal_gets_few_tries_and_staff_read_railways_own_words(
    sandbox, order_instance, clock, request_name, settings
):
    settings.RAILWAY_PROJECT_INTERVAL_SECONDS = settings.RAILWAY_VOLUME_INTERVAL_SECONDS = 3
    ended, took = refused(sandbox, order_instance, clock, request_name, "Projects may not be made on a full moon")
    assert (ended.reason, ended.message) == ("railway_unknown_refusal", "Projects may not be made on a full moon")
    assert reason(ended.reason) is not UNKNOWN
    assert sandbox.state()["requests"][request_name] == 3
    assert took < timedelta(minutes=5)


def test_a_refusal_is_not_held_against_a_retry(sandbox, order_instance, clock):
    ended, _took = refused(sandbox, order_instance, clock, "ProjectCreate", "Not on a full moon")
    sandbox.faults.clear()
    sandbox.faults.add(kind="error", operation="ProjectCreate", message="Not on a full moon", times=2)
    assert trials.finish(trials.retry(ended), clock, sandbox).state == OperationState.SUCCEEDED
