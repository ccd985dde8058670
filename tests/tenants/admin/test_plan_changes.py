"""Staff change a plan in the console and at a terminal: what it changes and costs is read before."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from provisioning.models import Operation
from provisioning.states import OperationKind
from tenants.lifecycle import InstanceState
from tenants.models import AuditEntry, Plan, PlanChange

pytestmark = pytest.mark.django_db


def act(instance, name):
    return reverse("admin:tenants_instance_act", args=[instance.pk, name])


@pytest.fixture
def trial(make_instance):
    return make_instance(state=InstanceState.READY)


def test_staff_choose_a_plan_with_what_it_changes_beside_its_price(sign_in, trial):
    Plan.objects.filter(code="business").update(is_public=False)
    client = sign_in("Operations")
    page = client.get(act(trial, "change_plan")).content.decode()
    assert "Installés en plus" in page
    assert "Entreprise" in page, "what is not shown to everybody is theirs to sell"
    assert 'value="demo"' not in page
    client.post(act(trial, "change_plan"), {"plan": "business", "when": "now", "reason": "asked by telephone"})
    operation = Operation.objects.active().get()
    assert operation.kind == OperationKind.CHANGE_PLAN
    entry = AuditEntry.objects.get(act="staff:change_plan")
    assert (entry.reason, entry.after["plan"]) == ("asked by telephone", "business")


def test_staff_order_for_the_end_of_the_period_and_take_that_back(sign_in, trial):
    client = sign_in("Operations")
    client.post(act(trial, "change_plan"), {"plan": "starter", "when": "period_end"})
    assert PlanChange.objects.get().state == PlanChange.State.SCHEDULED
    client.post(act(trial, "undo_plan_change"), {"reason": "never mind"})
    assert PlanChange.objects.get().state == PlanChange.State.UNDONE
    assert not Operation.objects.active().exists()


def test_support_may_look_and_not_sell(sign_in, trial):
    assert sign_in("Support").post(act(trial, "change_plan"), {"plan": "starter", "when": "now"}).status_code == 403
    assert not PlanChange.objects.exists()


def test_at_a_terminal_it_is_said_first_and_done_by_the_same_use_case(trial, capsys):
    call_command("change_plan", "acme-corp", "business", "--dry-run")
    told = capsys.readouterr().out
    assert "Entreprise" in told
    assert "Installés en plus" in told
    assert not PlanChange.objects.exists()
    call_command("change_plan", "acme-corp", "business", "--reason", "asked", "--json")
    told = json.loads(capsys.readouterr().out)
    operation = Operation.objects.active().get()
    assert told == {"plan": "business", "status": "begun", "takesEffectAt": None, "operation": operation.reference}
    entry = AuditEntry.objects.get(act="plan_change_asked")
    assert (entry.actor.startswith("shell:"), entry.reason) == (True, "asked")
    for wrong in (["nobody", "starter"], ["acme-corp", "gold"], ["acme-corp", "starter"]):
        with pytest.raises(CommandError):
            call_command("change_plan", *wrong)
