"""The lines of a month, made anew from its days as long as it is open."""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Min, Q, Sum

from provisioning.costs.prices import CURRENCY
from provisioning.costs.reading import today
from provisioning.models import Bearer, DailyUsage, UsageDay
from tenants.models import CostLine, CostMonth, Instance, PlanChange

DAY = timedelta(days=1)
ROWS_AT_ONCE = 2000
# what a customer pays for
SOLD = frozenset({Bearer.CUSTOMER.value, Bearer.SUSPENDED.value})
# workspace, project and for whom it ran
Key = tuple[str, str, str]
Rates = Mapping[tuple[str, date], Mapping[str, str]]


@dataclass
class Spent:
    """What one line is made of: dollars by day."""

    instance_pk: int | None = None
    by_day: dict[date, Decimal] = field(default_factory=dict)

    @property
    def dollars(self) -> Decimal:
        return sum(self.by_day.values(), Decimal(0))

    def in_currency(self, currency: str, workspace: str, rates: Rates) -> Decimal | None:
        """Each day by its own rate; None when one of them has none."""
        if currency == CURRENCY:
            return self.dollars
        total = Decimal(0)
        for day, amount in self.by_day.items():
            rate = rates.get((workspace, day), {}).get(currency)
            if rate is None:
                return None
            total += amount * Decimal(rate)
        return total


def month_of(day: date) -> date:
    return day.replace(day=1)


def end_of(month: date) -> date:
    """The first day of the next one."""
    return month + timedelta(days=monthrange(month.year, month.month)[1])


def rewrite(month: date) -> int:
    """Make the lines of an open month anew and say how many there are; a closed one is left alone."""
    CostMonth.objects.get_or_create(month=month)
    with transaction.atomic():
        row = CostMonth.objects.select_for_update().get(month=month)
        own = CostLine.objects.filter(month=month, corrects=None)
        if row.closed_at is not None:
            return own.count()
        lines = list(_lines(month))
        own.delete()
        CostLine.objects.bulk_create(lines, batch_size=ROWS_AT_ONCE)
    return len(lines)


def _lines(month: date) -> Iterable[CostLine]:
    spent = _spent(month)
    instances = _instances(month, {each.instance_pk for each in spent.values() if each.instance_pk})
    rates = rates_in(month)
    earners = _earners(spent)
    for key, each in spent.items():
        workspace, project, bearer = key
        instance = instances.get(each.instance_pk or 0)
        sold = instance is not None and bearer in SOLD
        currency = instance.currency if instance and sold else CURRENCY
        yield CostLine(
            month=month,
            workspace=workspace,
            project_id=project,
            bearer=bearer,
            instance=instance,
            plan_id=instance.plan_id if instance else None,
            partner_id=instance.tenant.partner_id if instance and sold else None,
            currency=currency,
            cost_usd=each.dollars,
            cost=each.in_currency(currency, workspace, rates),
            price=instance.price_per_month if instance and sold else Decimal(0),
            revenue=revenue(instance, month) if instance and earners.get(instance.pk) == key else Decimal(0),
            days=len(each.by_day),
        )


def revenue(instance: Instance, month: date) -> Decimal:
    """Its price for the share of the month in which it was sold, so far: from its first readiness to its end.

    Each day at the price of the plan that it had then; where the currency changed with it, at the present one.
    """
    first, last = max(month, _day(instance.ready_at, end_of(month))), min(end_of(month), today())
    until = min(last, _day(instance.ended_at, last))
    total = Decimal(0)
    for change in sorted(instance.plan_changes.all(), key=lambda change: change.pk):
        day = min(_day(change.ended_at, until), until)
        if change.state == PlanChange.State.DONE and change.currency == instance.currency and first < day:
            total, first = total + change.former_price * (day - first).days, day
    days = max((until - first).days, 0)
    return (total + instance.price_per_month * days) / (end_of(month) - month).days


def rates_in(month: date) -> Rates:
    """The rates that were kept with each day, by workspace and day."""
    rows = UsageDay.objects.filter(day__gte=month, day__lt=end_of(month)).values_list("workspace", "day", "rates")
    return {(workspace, day): rates for workspace, day, rates in rows}


def _spent(month: date) -> dict[Key, Spent]:
    rows = (
        DailyUsage.objects.filter(day__gte=month, day__lt=end_of(month))
        .order_by()
        .values_list("workspace", "project_id", "bearer", "day")
        .annotate(Sum("cost"), Min("instance_id"))
    )
    found: dict[Key, Spent] = defaultdict(Spent)
    for workspace, project, bearer, day, cost, instance_pk in rows.iterator(chunk_size=ROWS_AT_ONCE):
        line = found[workspace, project, bearer]
        line.by_day[day], line.instance_pk = cost, instance_pk
    return found


def _instances(month: date, pks: set[int]) -> dict[int, Instance]:
    """All that can be in the month's lines, by one statement however many they are."""
    lived = Instance.objects.real().filter(
        Q(ended_at=None) | Q(ended_at__gte=datetime.combine(month, datetime.min.time(), UTC))
    )
    found = {each.pk: each for each in lived.select_related("tenant").prefetch_related("plan_changes")}
    ended = Instance.objects.filter(pk__in=pks - set(found)).select_related("tenant").prefetch_related("plan_changes")
    return found | {each.pk: each for each in ended}


def _earners(spent: Mapping[Key, Spent]) -> dict[int, Key]:
    """The one line of each instance that bears its revenue: that of its running, if there is one."""
    chosen: dict[int, Key] = {}
    for key, each in sorted(spent.items(), key=lambda item: item[0][2] != Bearer.CUSTOMER):
        if each.instance_pk and key[2] in SOLD:
            chosen.setdefault(each.instance_pk, key)
    return chosen


def _day(moment: datetime | None, otherwise: date) -> date:
    return moment.astimezone(UTC).date() if moment else otherwise
