"""What a month cost, from Railway's measurements to what is left of the price."""

import json
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from provisioning.models import Bearer, DailyUsage, ExchangeRate, UsageCheck, UsageDay, UsagePrice
from tenants.costs import bearers, closing, upkeep
from tenants.costs.report import report
from tenants.lifecycle import InstanceState
from tenants.models import CostLine, CostMonth, Instance, Plan
from tests import trials

pytestmark = pytest.mark.django_db
NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)
DAY = 86_400


def run_command(*arguments):
    told = StringIO()
    call_command("costs", *arguments, stdout=told)
    return told.getvalue()


def line(**wanted):
    return CostLine.objects.get(corrects=None, **wanted)


def test_a_month_tells_what_an_instance_cost_and_what_is_left_of_its_price(ready, november, sandbox):
    instance = ready()
    Instance.objects.filter(pk=instance.pk).update(price_per_month=Decimal(30))
    november.shift(8 * DAY)
    assert upkeep.tend() == 9
    assert upkeep.tend() == 0, "what was read is not read again at once"
    told = line(month=NOVEMBER)
    # 0.65 GB and 0.06 vCPU around the clock are about eight dollars in thirty days
    assert (told.instance, told.bearer, told.days) == (instance, Bearer.CUSTOMER, 8)
    assert Decimal("1.7") < told.cost_usd < Decimal("2.2")
    assert told.cost == told.cost_usd, "a price in dollars needs no rate"
    assert told.revenue == Decimal(30) * 8 / 30
    assert told.margin == told.revenue - told.cost
    rows = DailyUsage.objects.filter(day=date(2026, 11, 5))
    assert {row.measurement for row in rows} == set(UsagePrice.objects.values_list("measurement", flat=True))
    assert len({row.service_id for row in rows}) == 2


def test_what_we_measure_is_what_railway_counts(ready, november, stranger):
    ready()
    stranger()
    november.shift(9 * DAY)
    upkeep.tend()
    check = UsageCheck.objects.get()
    assert check.told > Decimal("2.3")
    assert abs(check.percent) < Decimal("0.1")
    assert not check.differs


def test_a_price_that_is_not_railways_is_a_difference(ready, november):
    ready()
    november.shift(20 * DAY)
    UsagePrice.objects.filter(measurement="MEMORY_USAGE_GB").update(price=Decimal(20))
    upkeep.tend()
    check = UsageCheck.objects.get()
    assert check.percent > 2
    assert check.differs


def test_what_is_nobodys_and_what_stands_still_are_lines_of_their_own(ready, november, sandbox, stranger):
    sold, stopped, ended = ready("acme-sold"), ready("acme-stopped"), ready("acme-ended")
    private = stranger()
    trials.finish(trials.order("suspend", stopped), november, sandbox)
    november.shift(3 * DAY)
    # its project runs on, although our rows say that it is gone
    Instance.objects.get(pk=ended.pk).transition_to(InstanceState.DECOMMISSIONING)
    Instance.objects.get(pk=ended.pk).transition_to(InstanceState.DECOMMISSIONED)
    november.shift(3 * DAY)
    upkeep.tend()
    assert {(each.bearer, each.instance_id or each.project_id, each.days) for each in CostLine.objects.all()} == {
        (Bearer.CUSTOMER, sold.pk, 6),
        # on the day on which it was stopped it had run
        (Bearer.CUSTOMER, stopped.pk, 1),
        (Bearer.SUSPENDED, stopped.pk, 5),
        (Bearer.CUSTOMER, ended.pk, 4),
        (Bearer.LEAKED, ended.pk, 2),
        (Bearer.UNKNOWN, private, 6),
    }
    told = {each.name: each for each in report(NOVEMBER).bearers}
    assert told[Bearer.SUSPENDED].dollars < told[Bearer.CUSTOMER].dollars / 10, "only its volumes are left"
    assert {each.name for each in report(NOVEMBER).plans} == {"demo"}


def test_a_unit_that_waits_for_an_order_is_no_customers(monkeypatch, ready, november):
    Plan.objects.filter(code="demo").update(price_per_month=Decimal(30))
    unit = ready()
    # whatever the state that such units are in is named
    monkeypatch.setitem(bearers.BEARERS, InstanceState.READY, Bearer.POOL)
    november.shift(2 * DAY)
    upkeep.tend()
    # on the day on which it was made it was an order like every other
    assert {(each.bearer, each.revenue > 0) for each in CostLine.objects.filter(instance=unit)} == {
        (Bearer.CUSTOMER, True), (Bearer.POOL, False)
    }  # fmt: skip


def test_a_day_keeps_the_rate_that_it_was_read_with(ready, november):
    Plan.objects.filter(code="demo").update(currency="EUR")
    instance = ready()
    ExchangeRate.objects.create(currency="EUR", valid_from=date(2026, 1, 1), per_dollar=Decimal("0.5"))
    november.shift(4 * DAY)
    upkeep.tend()
    first = line(instance=instance)
    assert first.currency == "EUR"
    assert first.cost == pytest.approx(first.cost_usd / 2, rel=Decimal("0.001"))
    ExchangeRate.objects.update(per_dollar=Decimal(1))
    november.shift(4 * DAY)
    upkeep.tend()
    both = line(instance=instance)
    assert both.cost_usd * Decimal("0.55") < both.cost < both.cost_usd * Decimal("0.8")


def test_without_a_rate_a_cost_is_told_in_dollars_alone(ready, november):
    Plan.objects.filter(code="demo").update(currency="EUR")
    ready()
    november.shift(2 * DAY)
    upkeep.tend()
    assert line(month=NOVEMBER).cost is None
    assert line(month=NOVEMBER).margin is None
    assert report(NOVEMBER).plans[0].margin is None
    # a rate that comes later is better than none
    ExchangeRate.objects.create(currency="EUR", valid_from=date(2026, 1, 1), per_dollar=Decimal("0.9"))
    november.shift(DAY)
    upkeep.tend()
    assert line(month=NOVEMBER).cost is not None


def test_a_closed_month_stands_still_and_what_comes_later_is_a_line_of_its_own(ready, november):
    ready()
    november.shift(30 * DAY)
    upkeep.tend()
    assert not CostMonth.objects.get(month=NOVEMBER).closed_at
    november.shift(3 * DAY)
    upkeep.tend()
    assert CostMonth.objects.get(month=NOVEMBER).closed_at
    closed = list(CostLine.objects.filter(month=NOVEMBER).values())
    # what Railway charged turns out to have been more
    UsagePrice.objects.create(measurement="MEMORY_USAGE_GB", valid_from=date(2026, 11, 16), price=Decimal(20))
    november.shift(8 * DAY)
    upkeep.tend()
    assert list(CostLine.objects.filter(month=NOVEMBER).values()) == closed
    correction = CostLine.objects.get(corrects=NOVEMBER)
    assert (correction.month, correction.revenue) == (DECEMBER, 0)
    # 0.65 GB for half a month cost ten dollars more a GB
    assert correction.cost_usd == pytest.approx(Decimal("3.25"), rel=Decimal("0.02"))
    assert report(DECEMBER).corrections[0].dollars == correction.cost_usd
    assert closing.correct(NOVEMBER, ["default"], into=DECEMBER) == 0, "it is booked once"


def test_days_that_could_not_be_read_are_read_later(ready, november, sandbox):
    ready()
    november.shift(3 * DAY)
    # the second day is refused, also when it is asked for again
    sandbox.faults.add(kind="server_error", operation="Usage", times=2, after=1)
    upkeep.tend()
    sandbox.faults.clear()
    assert UsageDay.objects.count() == 1
    november.shift(3600)
    upkeep.tend()
    assert UsageDay.objects.count() == 4


def test_the_command_tells_the_month_and_asks_only_when_told_to(ready, november):
    ready()
    with pytest.raises(CommandError, match="--read"):
        call_command("costs")
    november.shift(5 * DAY)
    told = run_command("--read", "--check")
    assert "2026-11" in told
    assert "acme-corp" in told
    found = json.loads(run_command("--month", "2026-11", "--json"))
    assert [each["name"] for each in found["instances"]] == ["acme-corp"]
    assert Decimal(found["costUsd"]) == sum(Decimal(each["costUsd"]) for each in found["bearers"])
    assert len(found["days"]) == 6
    assert found["checks"][0]["differs"] is False
    again = json.loads(run_command("--read", "--since", "2026-11-03", "--json"))
    assert again["costUsd"] == found["costUsd"]
    assert UsageDay.objects.filter(day__lt=date(2026, 11, 3)).count() == 2


def test_days_older_than_thirteen_months_go_and_their_lines_stay(ready, november):
    ready()
    november.shift(2 * DAY)
    upkeep.tend()
    november.shift(timedelta(days=420).total_seconds())
    assert DailyUsage.objects.exists()
    upkeep.tend()
    assert not DailyUsage.objects.filter(day__lt=date(2026, 12, 1)).exists()
    assert CostLine.objects.filter(month=NOVEMBER).exists()
