"""The first page of the console: its figures, who may see them, and what they cost the database."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib import admin
from django.forms import model_to_dict
from django.urls import reverse
from django.utils import timezone

from provisioning.models import Operation, Step
from provisioning.states import OperationState, StepState
from tenants.lifecycle import InstanceState
from tenants.models import Instance
from tenants.services import instances, statistics

pytestmark = pytest.mark.django_db
INDEX = reverse("admin:index")


def ready(order_instance, name, seconds):
    """A creation that took so many seconds and ended now."""
    operation = Operation.objects.get(instance=order_instance(name))
    now = timezone.now()
    Operation.objects.filter(pk=operation.pk).update(
        state=OperationState.SUCCEEDED, ended_at=now, created_at=now - timedelta(seconds=seconds)
    )


def test_median_and_nine_of_ten_are_those_of_the_nearest_rank(order_instance):
    for number in range(1, 12):
        ready(order_instance, f"acme-{number}", number * 10)
    (week,) = statistics.last_weeks(statistics.creations_by_day())
    assert (week.ready, week.median, week.p90) == (11, timedelta(seconds=60), timedelta(seconds=100))


def test_a_single_creation_is_its_own_median(order_instance):
    ready(order_instance, "acme", 42)
    (week,) = statistics.last_weeks(statistics.creations_by_day())
    assert week.median == week.p90 == timedelta(seconds=42)


def test_creations_are_counted_on_their_day_and_a_cancelled_one_does_not_spoil_the_rate(order_instance):
    ready(order_instance, "acme", 42)
    instances.cancel(order_instance("beta-two"))
    order_instance("gamma")
    days = statistics.creations_by_day()
    assert (days[-1].succeeded, days[-1].failed, days[-1].other) == (1, 0, 2)
    assert len(days) == 35
    assert statistics.success_rate(days) == 1


def test_two_currencies_are_never_added(make_instance):
    for name, currency in (("one", "EUR"), ("two", "EUR"), ("three", "USD")):
        instance = make_instance(name, state=InstanceState.READY)
        Instance.objects.filter(pk=instance.pk).update(price_per_month=50, estimated_cost=20, currency=currency)
    make_instance("unpaid", state=InstanceState.FAILED)
    for rows in statistics.money(statistics.live()).values():
        assert [(row.currency, row.instances, row.margin) for row in rows] == [
            ("EUR", 2, Decimal(60)),
            ("USD", 1, Decimal(30)),
        ]


def test_a_new_price_of_a_plan_leaves_what_was_sold_before_as_it_was(sign_in, make_instance):
    instance = make_instance(state=InstanceState.READY, plan_code="starter")
    before, plan = statistics.money(statistics.live())["all"], instance.plan
    form = {name: value for name, value in model_to_dict(plan).items() if value is not None} | {"price_per_month": "99"}
    assert sign_in("Operations").post(reverse("admin:tenants_plan_change", args=[plan.pk]), form).status_code == 302
    plan.refresh_from_db()
    assert plan.price_per_month == 99
    assert statistics.money(statistics.live())["all"] == before


def test_the_share_that_succeeds_is_told_week_by_week(order_instance):
    ready(order_instance, "acme", 42)
    failed = Operation.objects.filter(instance=order_instance("beta-two"))
    failed.update(state=OperationState.FAILED, ended_at=timezone.now())
    long_ago = Operation.objects.filter(instance=order_instance("gamma"))
    long_ago.update(state=OperationState.FAILED, ended_at=timezone.now(), created_at=timezone.now() - timedelta(days=8))
    told = [(week.success_rate, week.ready) for week in statistics.last_weeks(statistics.creations_by_day())]
    assert (told[0], told[-1]) == ((0.5, 1), (0.0, 0))


def test_what_waits_and_what_failed_are_told_by_reason_until_somebody_went_on(order_instance):
    waiting, failed, retried = (Operation.objects.get(instance=order_instance(name)) for name in ("a-a", "b-b", "c-c"))
    Step.objects.filter(operation=waiting, position=1).update(state=StepState.WAITING, reason="waiting_for_turn")
    for operation in (failed, retried):
        Operation.objects.filter(pk=operation.pk).update(
            state=OperationState.FAILED, reason="deployment_failed", ended_at=timezone.now()
        )
    Operation.objects.create(kind="create", instance=retried.instance, deadline_at=timezone.now())
    found = {(each.state, each.reason): each.count for each in statistics.troubles()}
    assert found == {("failed", "deployment_failed"): 1, ("active", "waiting_for_turn"): 1}


def test_each_trouble_links_to_exactly_its_operations(sign_in, order_instance):
    waiting, other = (Operation.objects.get(instance=order_instance(name)) for name in ("a-a", "b-b"))
    Step.objects.filter(operation=waiting, position=1).update(state=StepState.WAITING, reason="waiting_for_turn")
    client = sign_in("Support")
    (line,) = client.get(INDEX).context["troubles"]
    page = client.get(line.link).content.decode()
    assert waiting.reference in page
    assert other.reference not in page


def test_support_sees_the_work_but_not_the_money(sign_in, make_instance):
    make_instance(state=InstanceState.READY)
    page = sign_in("Support").get(INDEX)
    assert {state: count for state, _label, count, _link in page.context["states"]}["ready"] == 1
    assert "money" not in page.context


def test_operations_see_the_money(sign_in, make_instance):
    make_instance(state=InstanceState.READY)
    page = sign_in("Operations").get(INDEX)
    assert page.context["money"]["all"][0].instances == 1
    assert 'id="money-title"' in page.content.decode()


def test_who_belongs_to_no_group_sees_no_figure(sign_in, make_instance):
    make_instance(state=InstanceState.READY)
    page = sign_in().get(INDEX)
    assert page.status_code == 200
    assert "states" not in page.context
    assert "money" not in page.context


def test_the_language_of_the_console_can_be_chosen(sign_in):
    client = sign_in("Support")
    client.post(reverse("set_language"), {"language": "en", "next": INDEX})
    assert "Live instances" in client.get(INDEX).content.decode()


@pytest.mark.parametrize("model", ["instance", "operation", "mail", "webhookdelivery", "auditentry"])
def test_a_list_costs_the_same_few_statements_with_many_rows(
    sign_in, order_instance, django_assert_max_num_queries, model
):
    (app,) = {each._meta.app_label for each in admin.site._registry if each._meta.model_name == model}
    address, client = reverse(f"admin:{app}_{model}_changelist"), sign_in("superuser")
    for number in range(8):
        order_instance(f"acme-{number}")
    with django_assert_max_num_queries(14):
        assert client.get(address).status_code == 200


def test_the_dashboard_costs_the_same_few_statements_with_many_rows(
    sign_in, order_instance, django_assert_max_num_queries
):
    client = sign_in("superuser")
    for number in range(8):
        order_instance(f"acme-{number}")
    with django_assert_max_num_queries(14):
        assert client.get(INDEX).status_code == 200
