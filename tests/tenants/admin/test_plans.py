"""Plans, blueprints and partners as staff edit them: the past stays, what is in use stays, and the trail tells."""

import pytest
from django.forms.models import model_to_dict
from django.urls import reverse

from provisioning import driver
from tenants.errors import OrdersStopped
from tenants.models import AuditEntry, Blueprint, Instance, Plan
from tenants.services import signup
from tests.tenants.api.conftest import Caller

pytestmark = pytest.mark.django_db


def page(model, verb, *arguments):
    return reverse(f"admin:tenants_{model}_{verb}", args=arguments)


def form_of(row, **changes):
    """As a browser sends the form of a row: nothing for what is empty or not ticked."""
    return {name: value for name, value in (model_to_dict(row) | changes).items() if value not in (None, False)}


def test_a_new_price_is_for_new_orders_and_the_trail_tells_both(sign_in, make_instance):
    old, plan = make_instance(plan_code="starter"), Plan.objects.get(code="starter")
    answer = sign_in("Operations").post(page("plan", "change", plan.pk), form_of(plan, price_per_month="59"))
    assert answer.status_code == 302
    new = make_instance("beta-corp", plan_code="starter")
    old.refresh_from_db()
    assert (old.price_per_month, new.price_per_month) == (49, 59)
    entry = AuditEntry.objects.get(act="plan:changed")
    assert (entry.actor, entry.subject) == ("staff-Operations", "starter")
    assert (entry.before, entry.after) == ({"price_per_month": "49"}, {"price_per_month": "59"})


def test_a_form_sent_unchanged_leaves_no_entry(sign_in):
    plan = Plan.objects.get(code="starter")
    sign_in("Operations").post(page("plan", "change", plan.pk), form_of(plan))
    assert not AuditEntry.objects.filter(act__startswith="plan").exists()


@pytest.mark.parametrize(("model", "code"), [("plan", "demo"), ("blueprint", "odoo-19")])
def test_what_is_in_use_is_not_deleted_and_the_page_says_in_french_why(sign_in, make_instance, model, code):
    make_instance()
    row = {"plan": Plan, "blueprint": Blueprint}[model].objects.get(code=code)
    refused = sign_in("Operations").post(page(model, "delete", row.pk), {"post": "yes"})
    assert refused.status_code == 200
    assert "protégés" in refused.content.decode()
    row.refresh_from_db()


def test_a_plan_that_nobody_ordered_is_deleted_with_an_entry(sign_in):
    plan = Plan.objects.get(code="business")
    sign_in("Operations").post(page("plan", "delete", plan.pk), {"post": "yes"})
    assert not Plan.objects.filter(code="business").exists()
    entry = AuditEntry.objects.get(act="plan:removed")
    assert entry.before["price_per_month"] == "129"


def test_support_reads_offers_and_neither_edits_nor_deletes_them(sign_in):
    plan = Plan.objects.get(code="business")
    client = sign_in("Support")
    assert client.get(page("plan", "change", plan.pk)).status_code == 200
    assert client.post(page("plan", "change", plan.pk), form_of(plan, price_per_month="1")).status_code == 403
    assert client.post(page("plan", "delete", plan.pk), {"post": "yes"}).status_code == 403
    plan.refresh_from_db()
    assert plan.price_per_month == 129


def switch(client, name, *codes):
    chosen = [Plan.objects.get(code=code).pk for code in codes]
    return client.post(reverse("admin:tenants_plan_changelist"), {"action": name, "_selected_action": chosen})


def test_orders_of_a_plan_are_stopped_everywhere_and_taken_again(sign_in, order_instance, client):
    console = sign_in("Operations")
    switch(console, "stop_orders", "demo")
    refused = Caller()("POST", "/instances", {"clientName": "acme-corp", "adminEmail": "a@b.example", "plan": "demo"})
    assert (refused.status_code, refused.json()["code"]) == (503, "orders_stopped")
    assert refused["Retry-After"]
    with pytest.raises(OrdersStopped):
        order_instance()
    assert "demo" not in {plan.code for plan in signup.offered_plans()}
    assert not Instance.objects.exists()
    assert "nouvelles commandes sont refusées" in console.get(reverse("admin:index")).content.decode()
    switch(console, "take_orders", "demo", "starter")
    assert order_instance().state == "provisioning"
    told = AuditEntry.objects.filter(act="plan:changed").values_list("subject", "after__takes_orders")
    assert set(told) == {("demo", False), ("demo", True)}


def test_what_was_ordered_before_goes_on_while_orders_are_stopped(sign_in, order_instance, sandbox):
    instance = order_instance()
    switch(sign_in("Operations"), "stop_orders", "demo")
    driver.drive(instance.operations.get().pk, timeout=60, tick=lambda operation: None)
    instance.refresh_from_db()
    assert instance.state == "ready"


def test_support_stops_no_orders(sign_in):
    switch(sign_in("Support"), "stop_orders", "demo")
    assert Plan.objects.get(code="demo").takes_orders
