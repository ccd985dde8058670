"""What staff are told of without looking: jumps, instances that eat their price, sums and rates that are missing."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from provisioning.costs import jumps
from provisioning.models import Bearer, DailyUsage, UsageCheck, UsageDay
from tenants.alerts import conditions, evaluation, notes
from tenants.models import Alert, CostLine

pytestmark = pytest.mark.django_db
TUESDAY = date(2026, 11, 24)
CPU = "CPU_USAGE"


@pytest.fixture(autouse=True)
def wednesday():
    with time_machine.travel(datetime(2026, 11, 25, 6, tzinfo=UTC), tick=True) as traveller:
        yield traveller


def used(day, value, *, cost=1.0, measurement=CPU, project="p1", instance=None):
    UsageDay.objects.get_or_create(workspace="default", day=day)
    DailyUsage.objects.create(
        workspace="default", day=day, project_id=project, measurement=measurement, value=value,
        cost=Decimal(str(cost)), bearer=Bearer.CUSTOMER, instance=instance,
    )  # fmt: skip


def used_before(*values, **options):
    """On the Tuesdays before, the last one first."""
    for number, value in enumerate(values, 1):
        used(TUESDAY - timedelta(weeks=number), value, **options)


def test_much_more_than_on_the_same_weekdays_is_a_jump():
    used_before(100, 110, 95, 105)
    used(TUESDAY, 240)
    assert jumps.find("default", TUESDAY) == [
        {"project": "p1", "instance": None, "measurement": CPU, "value": 240, "usual": 102.5}
    ]


@pytest.mark.parametrize(
    ("before", "value", "cost"),
    [
        pytest.param((100, 110, 95, 105), 150, 1.0, id="less than half more"),
        pytest.param((100, 300, 40, 200), 420, 1.0, id="such days always differ"),
        pytest.param((100, 110, 95, 105), 240, 0.05, id="a few cents"),
        pytest.param((100, 110), 240, 1.0, id="too young to have a usual"),
        pytest.param((100, 110, 95, 105), 20, 1.0, id="less is no jump"),
    ],
)
def test_what_is_no_jump(before, value, cost):
    used_before(*before)
    used(TUESDAY, value, cost=cost)
    assert jumps.find("default", TUESDAY) == []


def test_a_quiet_sunday_makes_no_jump_of_the_monday_after_it():
    used_before(100, 100, 100, 100)
    for number in range(1, 7):
        used(TUESDAY - timedelta(days=number), 5)
    used(TUESDAY, 110)
    assert jumps.find("default", TUESDAY) == []


def test_a_new_price_is_no_jump():
    used_before(100, 110, 95, 105, cost=1)
    used(TUESDAY, 105, cost=5)
    assert jumps.find("default", TUESDAY) == []


def cost_line(instance, **values):
    given = {"price": Decimal(30), "cost": Decimal(7), "cost_usd": Decimal(7), "days": 10, "currency": "USD"}
    return CostLine.objects.create(
        month=date(2026, 11, 1), workspace="default", bearer=Bearer.CUSTOMER,
        project_id=instance.public_id, instance=instance, **(given | values),
    )  # fmt: skip


def topics():
    return {each.topic: each.references for each in conditions.present() if each.kind == Alert.Kind.COST}


def test_staff_are_told_whom_it_touches_and_what_to_do(make_instance, mailoutbox, settings):
    settings.STAFF_ALERT_EMAILS = ["staff@example.com"]
    settings.LANGUAGE_CODE = "en"
    jumped, dear, euros = make_instance("acme-jumped"), make_instance("acme-dear"), make_instance("acme-euros")
    # seven dollars in ten days are twenty-one of thirty a month
    cost_line(dear)
    cost_line(euros, cost=None, currency="EUR")
    UsageDay.objects.create(
        workspace="default", day=TUESDAY,
        jumps=[{"project": "p1", "instance": jumped.pk, "measurement": CPU, "value": 240, "usual": 100}],
    )  # fmt: skip
    UsageCheck.objects.create(workspace="default", since=datetime(2026, 11, 1, tzinfo=UTC), measured=90, told=100)
    assert topics() == {
        "cost_jump": ("acme-jumped",),
        "cost_eats_price": ("acme-dear",),
        "cost_without_rate": ("EUR",),
        "cost_differs:default": ("90.00/100.00 USD",),
    }
    evaluation.evaluate()
    letters = "\n".join(mail.body for mail in mailoutbox)
    assert "See the price list" in letters
    assert "acme-dear" in letters
    assert "/admin/tenants/costline/" in letters
    assert notes.why_of(Alert.objects.get(topic="cost_differs:default")) is not None


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"cost": Decimal("5.9")}, id="within sixty percent"),
        pytest.param({"days": 2, "cost": Decimal(3)}, id="a pace of two days is none"),
        pytest.param({"price": Decimal(0)}, id="nothing is paid for a demonstration"),
        pytest.param({"bearer": Bearer.SUSPENDED}, id="it stands still"),
        pytest.param({"corrects": date(2026, 10, 1)}, id="of another month"),
    ],
)
def test_who_does_not_eat_its_price(make_instance, values):
    line = cost_line(make_instance(), **{key: value for key, value in values.items() if key != "bearer"})
    CostLine.objects.filter(pk=line.pk).update(bearer=values.get("bearer", Bearer.CUSTOMER))
    assert topics() == {}


@pytest.mark.parametrize(
    ("measured", "told", "differs"),
    [(100, 98.5, False), (103, 100, True), (97, 100, True), (0.5, 0.9, False), (50, 0, True), (5, None, False)],
)
def test_when_a_sum_differs(measured, told, differs):
    check = UsageCheck(measured=Decimal(str(measured)), told=None if told is None else Decimal(str(told)))
    assert check.differs is differs
