"""A month as the command, the console and /metrics tell it: what it cost for whom, and what is left of the prices."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import CharField, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Cast

from provisioning.costs.prices import CURRENCY
from provisioning.models import Bearer, UsageCheck, UsageDay
from tenants.costs.lines import end_of
from tenants.models import CostLine, CostMonth

MOST_INSTANCES = 20
# SQLite adds decimals as floats
MICRODOLLAR = Decimal("0.000001")


@dataclass(frozen=True)
class Sum:
    """One row of a table; ``cost`` and ``margin`` are None when a part of it has no rate in its currency."""

    name: str
    currency: str
    instances: int
    dollars: Decimal
    cost: Decimal | None
    revenue: Decimal

    @property
    def margin(self) -> Decimal | None:
        return None if self.cost is None else self.revenue - self.cost

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "currency": self.currency,
            "instances": self.instances,
            "costUsd": text(self.dollars),
            "cost": text(self.cost),
            "revenue": text(self.revenue),
            "margin": text(self.margin),
        }


@dataclass(frozen=True)
class Report:
    """``days`` hold US dollars by bearer; ``corrections`` are those booked in this month about earlier ones."""

    month: date
    closed: bool
    bearers: list[Sum]
    plans: list[Sum]
    partners: list[Sum]
    dearest: list[Sum]
    corrections: list[Sum]
    checks: list[UsageCheck] = field(default_factory=list)
    days: list[tuple[date, dict[str, Decimal]]] = field(default_factory=list)

    @property
    def dollars(self) -> Decimal:
        return sum((each.dollars for each in [*self.bearers, *self.corrections]), Decimal(0))

    def as_json(self) -> dict[str, Any]:
        tables = ("bearers", "plans", "partners", "corrections")
        return {
            "month": f"{self.month:%Y-%m}",
            "closed": self.closed,
            "costUsd": text(self.dollars),
            **{name: [each.as_json() for each in getattr(self, name)] for name in tables},
            "instances": [each.as_json() for each in self.dearest],
            "checks": [
                {
                    "workspace": each.workspace,
                    "madeAt": each.made_at.isoformat(),
                    "since": each.since.isoformat(),
                    "measuredUsd": text(each.measured),
                    "railwayUsd": text(each.told),
                    "percent": text(each.percent),
                    "differs": each.differs,
                }
                for each in self.checks
            ],
            "days": [
                {"day": f"{day}", "costUsd": {name: text(amount) for name, amount in sums.items()}}
                for day, sums in self.days
            ],
        }


def report(month: date, *, most: int | None = MOST_INSTANCES, closed: bool | None = None) -> Report:
    """By a handful of statements, whatever the number of lines; ``most`` instances, the dearest first (None: all).

    ``closed`` is asked for unless it is known already.
    """
    lines = CostLine.objects.filter(month=month)
    own, sold = lines.filter(corrects=None), Q(bearer__in=(Bearer.CUSTOMER, Bearer.SUSPENDED))
    if closed is None:
        closed = CostMonth.objects.filter(month=month, closed_at__isnull=False).exists()
    tables = _tables(
        bearers=(own, "bearer"),
        plans=(own.filter(sold), "plan__code"),
        partners=(own.filter(sold), "partner__name"),
        corrections=(lines.exclude(corrects=None), "corrects"),
    )
    return Report(
        month=month,
        closed=closed,
        **tables,
        dearest=[] if most == 0 else _dearest(own.filter(sold), most),
        checks=last_checks(),
        days=by_day(month, end_of(month)),
    )


def by_day(first: date, end: date) -> list[tuple[date, dict[str, Decimal]]]:
    """US dollars by bearer for each day that was read, oldest first."""
    days: dict[date, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    rows = UsageDay.objects.filter(day__gte=first, day__lt=end).order_by("day")
    for day, sums in rows.values_list("day", "by_bearer"):
        told = days[day]
        for bearer, amount in sums.items():
            told[bearer] += Decimal(amount)
    return [(day, dict(sums)) for day, sums in days.items()]


def last_checks() -> list[UsageCheck]:
    """The last comparison with Railway's own sum of each workspace."""
    newest = UsageCheck.objects.filter(workspace=OuterRef("workspace")).order_by("-made_at", "-pk")
    return list(UsageCheck.objects.filter(pk=Subquery(newest.values("pk")[:1])).order_by("workspace"))


def last_month() -> date | None:
    """The newest month that has lines."""
    return CostMonth.objects.order_by("-month").values_list("month", flat=True).first()


def text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount.quantize(Decimal("0.01")))


def _tables(**wanted: tuple[Any, str]) -> dict[str, list[Sum]]:
    """The sums of each table's rows by one of their columns; all tables by one statement."""
    first, *others = (
        rows.annotate(table=Value(table), label=Cast(F(column), CharField())).sums("table", "label").order_by()
        for table, (rows, column) in wanted.items()
    )
    found: dict[str, list[Sum]] = {table: [] for table in wanted}
    for each in first.union(*others, all=True):
        found[each["table"]].append(_sum(each, each["label"]))
    for sums in found.values():
        sums.sort(key=lambda each: (each.currency, -each.revenue, -each.dollars))
    return found


def _dearest(rows: Any, most: int | None) -> list[Sum]:
    found = rows.sums("instance__client_name").order_by("-dollars")[:most]
    return [_sum(each, each["instance__client_name"]) for each in found]


def _sum(row: dict[str, Any], name: Any) -> Sum:
    return Sum(
        name=str(name or "-"),
        currency=row["currency"] or CURRENCY,
        instances=row["instances"],
        dollars=row["dollars"].quantize(MICRODOLLAR),
        cost=None if row["unconverted"] else row["cost_sum"],
        revenue=row["revenue_sum"],
    )
