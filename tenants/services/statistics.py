"""The figures of the business and of the work, each by one aggregate of the database."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, Exists, F, IntegerField, Min, OuterRef, Q, Subquery, Sum, When, Window
from django.db.models.functions import RowNumber, TruncDate, TruncWeek
from django.utils import timezone

from provisioning.models import Operation, Step
from provisioning.states import OperationState, StepState
from tenants.lifecycle import InstanceState
from tenants.models import Instance

DAYS = 30
WEEKS = 5
LONGEST = max(DAYS, 7 * WEEKS)
PAYING = (InstanceState.READY, InstanceState.SUSPENDED)


@dataclass(frozen=True)
class Day:
    """Creations asked for on that day, by what became of them."""

    day: date
    succeeded: int = 0
    failed: int = 0
    other: int = 0

    @property
    def asked(self) -> int:
        return self.succeeded + self.failed + self.other


@dataclass(frozen=True)
class Week:
    """Creations of the week that starts on ``monday``: of those asked for the share that succeeded so far, and how
    long those took that became ready."""

    monday: date
    success_rate: float | None
    ready: int = 0
    median: timedelta | None = None
    p90: timedelta | None = None


@dataclass(frozen=True)
class Trouble:
    """Operations that wait or have failed for one reason; ``oldest`` is when the first of them was asked for."""

    state: str
    reason: str
    count: int
    oldest: datetime


@dataclass(frozen=True)
class Money:
    """What instances of one plan or partner bring and cost a month, in one currency, at the prices kept with them."""

    name: str
    currency: str
    instances: int
    revenue: Decimal
    cost: Decimal

    @property
    def margin(self) -> Decimal:
        return self.revenue - self.cost


@dataclass(frozen=True)
class Sold:
    """The live instances of one state, plan and partner, in one currency."""

    state: str
    plan: str
    partner: str
    money: Money


def live() -> list[Sold]:
    """The live instances, counted and added up by state, plan, partner and currency."""
    rows = (
        Instance.objects.live()
        .of_customers()
        .order_by()
        .values_list("state", "plan__code", "tenant__partner__name", "currency")
        .annotate(Count("pk"), revenue=Sum("price_per_month"), cost=Sum("estimated_cost"))
    )
    return [Sold(state, plan, partner, Money("", *rest)) for state, plan, partner, *rest in rows]


def by_state(sold: list[Sold]) -> dict[str, int]:
    """How many instances each state but the last one holds, in the order of the life of an instance."""
    return {
        state: sum(each.money.instances for each in sold if each.state == state)
        for state in InstanceState.values
        if state not in (InstanceState.DECOMMISSIONED, InstanceState.WARM, InstanceState.TAKEN)
    }


def creations_by_day() -> list[Day]:
    """The last five weeks, today included, oldest first."""
    today = timezone.localdate()
    first = today - timedelta(days=LONGEST - 1)
    since = timezone.now() - timedelta(days=LONGEST + 1)
    rows = (
        Operation.objects.real()
        .made_by()
        .filter(created_at__gte=since)
        .order_by()
        .annotate(day=TruncDate("created_at"))
        .values("day")
        .annotate(
            asked=Count("pk"),
            succeeded=Count("pk", filter=Q(state=OperationState.SUCCEEDED)),
            failed=Count("pk", filter=Q(state=OperationState.FAILED)),
        )
    )
    found = {
        row["day"]: Day(row["day"], row["succeeded"], row["failed"], row["asked"] - row["succeeded"] - row["failed"])
        for row in rows
    }
    days = [first + timedelta(days=number) for number in range(LONGEST)]
    return [found.get(day, Day(day)) for day in days]


def success_rate(days: list[Day]) -> float | None:
    """The share of the creations that have ended in success or failure; None when none has."""
    succeeded, failed = sum(day.succeeded for day in days), sum(day.failed for day in days)
    return succeeded / (succeeded + failed) if succeeded + failed else None


def last_weeks(days: list[Day]) -> list[Week]:
    """This week and the four before it, newest first, without those in which nothing happened."""
    took, weeks = _time_to_ready(), []
    monday = timezone.localdate() - timedelta(days=timezone.localdate().weekday())
    for number in range(WEEKS):
        start = monday - timedelta(weeks=number)
        asked = [day for day in days if start <= day.day < start + timedelta(weeks=1)]
        if start in took or any(day.asked for day in asked):
            weeks.append(Week(start, success_rate(asked), *took.get(start, ())))
    return weeks


def _time_to_ready() -> dict[date, tuple[int, timedelta, timedelta]]:
    """How many became ready in the week of this Monday, the median and the 90th percentile (nearest rank)."""
    since = timezone.now() - timedelta(weeks=WEEKS)
    week: dict[str, Any] = {"partition_by": [F("week")]}
    rows = (
        Operation.objects.real()
        .made_by()
        .filter(state=OperationState.SUCCEEDED, ended_at__gte=since)
        .annotate(week=TruncWeek("ended_at"), took=F("ended_at") - F("created_at"))
        .annotate(
            rank=Window(RowNumber(), order_by=[F("took"), F("pk")], **week),
            ready=Window(Count("pk"), output_field=IntegerField(), **week),
        )
        .filter(Q(rank=(F("ready") + 1) / 2) | Q(rank=(F("ready") * 9 + 9) / 10))
        .order_by("-week", "took", "pk")
        .values_list("week", "ready", "took")
    )
    found: dict[date, list[Any]] = {}
    for start, ready, took in rows:
        found.setdefault(timezone.localtime(start).date(), []).append((ready, took))
    return {start: (rows[0][0], rows[0][1], rows[-1][1]) for start, rows in found.items()}


def troubles() -> list[Trouble]:
    """Operations that wait, and those that failed and were not followed by another, by reason; most first."""
    later = Operation.objects.filter(instance=OuterRef("instance"), pk__gt=OuterRef("pk"))
    at = Step.objects.filter(operation=OuterRef("pk"), state=StepState.WAITING).values("reason")[:1]
    failed = (
        Q(state=OperationState.FAILED)
        & Q(instance__unit=None)
        & ~Q(instance__state=InstanceState.DECOMMISSIONED)
        & ~Exists(later)
    )
    rows = (
        Operation.objects.real()
        .filter(Q(state=OperationState.ACTIVE) | failed)
        .order_by()
        .annotate(why=Case(When(state=OperationState.FAILED, then=F("reason")), default=Subquery(at)))
        .values("state", "why")
        .annotate(count=Count("pk"), oldest=Min("created_at"))
        .order_by("-state", "-count", "why")
    )
    return [Trouble(row["state"], row["why"] or "", row["count"], row["oldest"]) for row in rows if row["why"]]


def money(sold: list[Sold]) -> dict[str, list[Money]]:
    """Of what is ready or suspended: ``by_plan`` and ``by_partner``, most revenue first, and ``all``."""
    paying = [each for each in sold if each.state in PAYING]
    return {
        "by_plan": _sums((each.plan, each.money) for each in paying),
        "by_partner": _sums((each.partner, each.money) for each in paying),
        "all": _sums(("", each.money) for each in paying),
    }


def _sums(rows: Iterable[tuple[str, Money]]) -> list[Money]:
    """One row a name and currency: two currencies are never added."""
    sums: dict[tuple[str, str], Money] = {}
    for name, row in rows:
        so_far = sums.get((row.currency, name), Money(name, row.currency, 0, Decimal(), Decimal()))
        sums[row.currency, name] = Money(
            name,
            row.currency,
            so_far.instances + row.instances,
            so_far.revenue + row.revenue,
            so_far.cost + row.cost,
        )
    return sorted(sums.values(), key=lambda row: (row.currency, -row.revenue, row.name))
