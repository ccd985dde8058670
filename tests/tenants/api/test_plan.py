"""A partner changes the plan of an instance of its own: what is possible and costs, the order, its taking back."""

import pytest

from provisioning.engine import recording
from provisioning.models import Operation, Step
from provisioning.states import OperationKind, OperationState, StepState
from tenants.models import AuditEntry, Instance, PlanChange, WebhookEvent
from tenants.services import webhooks

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(ready):
    return f"/instances/{ready.public_id}/plan"


def ended(state, **values):
    """The change of plan that is under way ends, as the engine records it."""
    operation = Operation.objects.active().get(kind=OperationKind.CHANGE_PLAN)
    Operation.objects.filter(pk=operation.pk).update(**values)
    operation.refresh_from_db()
    recording.end(operation, state, reason=values.get("reason", ""))


def test_what_is_possible_and_costs_is_told_before_it_is_ordered(as_alice, address):
    told = as_alice("GET", address).json()
    assert (told["plan"], told["change"], told["whyNot"]) == ("starter", None, None)
    [offer] = told["offers"]
    assert (offer["plan"], offer["pricePerMonth"], offer["currency"]) == ("business", "129.00", "USD")
    assert (offer["addedModules"], offer["keptModules"], offer["restarts"]) == (["stock", "project"], [], True)
    assert "Alice Conseil" in offer["invoicing"], "the partner's customers get the partner's invoice"


def test_an_order_is_taken_once_however_often_it_is_sent_and_its_end_is_told(as_alice, alice, address, ready):
    webhooks.create_endpoint(alice, url="https://alice.example/hook")
    sent = {"Idempotency-Key": "change-1"}
    first, again = (as_alice("POST", address, {"plan": "business"}, **sent) for _ in range(2))
    assert (first.status_code, again["Idempotent-Replayed"]) == (202, "true")
    assert first.json() == again.json()
    assert (first.json()["change"]["status"], first.json()["plan"]) == ("begun", "starter")
    assert first.json()["whyNot"]
    assert AuditEntry.objects.get(act="plan_change_asked").actor.startswith("Alice Conseil")
    assert as_alice("POST", address, {"plan": "business"}).json()["code"] == "operation_in_progress"
    ended(OperationState.SUCCEEDED)
    told = as_alice("GET", address).json()
    assert (told["plan"], told["pricePerMonth"], told["change"]["status"]) == ("business", "129.00", "done")
    assert [event.type for event in WebhookEvent.objects.all()] == ["instance.plan_changed"]
    assert as_alice("GET", f"/instances/{ready.public_id}").json()["status"] == "ready"


def test_what_failed_is_told_with_its_reason_and_the_plan_that_has_stayed(as_alice, alice, address):
    webhooks.create_endpoint(alice, url="https://alice.example/hook")
    as_alice("POST", address, {"plan": "business"})
    ended(OperationState.FAILED, reason="plan_not_changed")
    told = as_alice("GET", address).json()
    assert (told["plan"], told["change"]["status"]) == ("starter", "failed")
    assert told["change"]["error"]
    assert [event.type for event in WebhookEvent.objects.all()] == ["instance.plan_change_failed"]


def test_what_stopped_between_two_plans_is_failed_until_a_retry_has_led_to_one(as_alice, address, ready):
    as_alice("POST", address, {"plan": "business"})
    operation = Operation.objects.active().get()
    Step.objects.filter(operation=operation, code="apply_plan").update(state=StepState.DONE, attempts=1)
    ended(OperationState.FAILED, reason="deployment_crashed", facts=operation.facts | {"restarts": ["odoo"]})
    status = as_alice("GET", f"/instances/{ready.public_id}").json()
    assert (status["status"], status["errorCode"]) == ("failed", "deployment_crashed")
    assert as_alice("POST", f"/instances/{ready.public_id}/retry").status_code == 202
    assert Instance.objects.get().state == "provisioning"
    ended(OperationState.SUCCEEDED)
    assert as_alice("GET", f"/instances/{ready.public_id}").json()["status"] == "ready"
    assert as_alice("GET", address).json()["plan"] == "business"


def test_an_order_for_the_end_of_the_period_is_taken_back(as_alice, address):
    answer = as_alice("POST", address, {"plan": "business", "when": "period_end"})
    assert answer.json()["change"]["takesEffectAt"] == answer.json()["periodEnd"]
    assert not Operation.objects.active().exists()
    assert as_alice("POST", address, {"plan": "business"}).json()["code"] == "wrong_state"
    assert as_alice("DELETE", address).json()["change"]["status"] == "undone"
    assert as_alice("DELETE", address).json()["code"] == "wrong_state"


def test_an_order_may_say_the_price_that_it_agrees_to(as_alice, address):
    assert as_alice("POST", address, {"plan": "business", "pricePerMonth": 129}).status_code == 202
    assert PlanChange.objects.get().price_per_month == 129


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"plan": "gold"}, 422, "unknown_plan"),
        ({"plan": "demo"}, 422, "plan_not_offered"),
        ({"plan": "starter"}, 409, "same_plan"),
        ({"plan": "business", "when": "tomorrow"}, 422, "invalid"),
        ({"plan": "business", "pricePerMonth": "99.00"}, 422, "plan_not_offered"),
        ({"plan": "business", "pricePerMonth": "dear"}, 422, "invalid"),
        ({}, 422, "invalid"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_reason(as_alice, address, body, status, code):
    answer = as_alice("POST", address, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not PlanChange.objects.exists()
