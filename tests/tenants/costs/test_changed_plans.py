"""A month in which the plan was changed: each day at the price that it had then."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine

from tenants.costs import lines
from tenants.lifecycle import InstanceState
from tenants.models import Instance, Plan, PlanChange

pytestmark = pytest.mark.django_db


@pytest.fixture
def instance(make_instance):
    with time_machine.travel(datetime(2026, 10, 20, tzinfo=UTC)):
        made = make_instance(state=InstanceState.READY, plan_code="business")
    Instance.objects.update(price_per_month=120)
    return Instance.objects.get(pk=made.pk)


def changed(instance, day, former, state="done", currency="USD"):
    demo = Plan.objects.get(code="demo")
    PlanChange.objects.create(
        instance=instance, former_plan=demo, former_price=former, plan=instance.plan, price_per_month=120,
        estimated_cost=1, currency=currency, email="x@example.com", state=state,
        ended_at=datetime(2026, 11, day, 12, tzinfo=UTC),
    )  # fmt: skip


@time_machine.travel(datetime(2026, 12, 5, tzinfo=UTC))
@pytest.mark.parametrize(
    ("changes", "revenue"),
    [
        ([], 120),
        # ten days of a trial, twenty at 120
        ([(11, 0)], 80),
        ([(11, 0), (21, 30)], 50),
        ([(11, 0, "failed")], 120),
    ],
)
def test_what_a_changed_plan_brings_is_of_the_days_that_it_was_had(instance, changes, revenue):
    for change in changes:
        changed(instance, *change)
    assert lines.revenue(instance, date(2026, 11, 1)) == Decimal(revenue)
    assert lines.revenue(instance, date(2026, 12, 1)) == Decimal(120) * 4 / 31, "the month after is at the new price"
