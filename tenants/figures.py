"""The figures of the business and of the work, each by one aggregate of the database."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, Exists, F, IntegerField, Min, OuterRef, Q, Subquery, Sum, When, Window
from django.db.models.functions import RowNumber, TruncDate, TruncWeek
from django.utils import timezone

from provisioning.models import Operation, Step
from provisioning.states import OperationKind, OperationState, StepState
from tenants.lifecycle import InstanceState
from tenants.models import Instance

DAYS = 30
WEEKS = 5
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
    """Creations that became ready in the week that starts on ``monday``, and how long they took."""

    monday: date
    ready: int
    median: timedelta
    p90: timedelta


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


def live_by_state() -> dict[str, int]:
    """How many instances each state but the last one holds, in the order of the life of an instance."""
    found = dict(Instance.objects.live().order_by().values_list("state").annotate(Count("pk")))
    return {state: found.get(state, 0) for state in InstanceState.values if state != InstanceState.DECOMMISSIONED}


def creations_by_day() -> list[Day]:
    """The last 30 days, today included, oldest first."""
    today = timezone.localdate()
    first = today - timedelta(days=DAYS - 1)
    rows = (
        Operation.objects.filter(kind=OperationKind.CREATE, created_at__gte=timezone.now() - timedelta(days=DAYS + 1))
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
    days = [first + timedelta(days=number) for number in range(DAYS)]
    return [found.get(day, Day(day)) for day in days]


def success_rate(days: list[Day]) -> float | None:
    """The share of the creations that have ended in success or failure; None when none has."""
    succeeded, failed = sum(day.succeeded for day in days), sum(day.failed for day in days)
    return succeeded / (succeeded + failed) if succeeded + failed else None


def time_to_ready() -> list[Week]:
    """Median and 90th percentile (nearest rank) of this week and the four before it, newest first."""
    monday = timezone.localdate() - timedelta(days=timezone.localdate().weekday())
    since = timezone.now() - timedelta(weeks=WEEKS)
    week: dict[str, Any] = {"partition_by": [F("week")]}
    rows = (
        Operation.objects.filter(kind=OperationKind.CREATE, state=OperationState.SUCCEEDED, ended_at__gte=since)
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
    weeks = [monday - timedelta(weeks=number) for number in range(WEEKS)]
    return [
        Week(start, found[start][0][0], found[start][0][1], found[start][-1][1]) for start in weeks if start in found
    ]


def troubles() -> list[Trouble]:
    """Operations that wait, and those that failed and were not followed by another, by reason; most first."""
    later = Operation.objects.filter(instance=OuterRef("instance"), pk__gt=OuterRef("pk"))
    at = Step.objects.filter(operation=OuterRef("pk"), state=StepState.WAITING).values("reason")[:1]
    failed = Q(state=OperationState.FAILED) & ~Q(instance__state=InstanceState.DECOMMISSIONED) & ~Exists(later)
    rows = (
        Operation.objects.filter(Q(state=OperationState.ACTIVE) | failed)
        .order_by()
        .annotate(why=Case(When(state=OperationState.FAILED, then=F("reason")), default=Subquery(at)))
        .values("state", "why")
        .annotate(count=Count("pk"), oldest=Min("created_at"))
        .order_by("-state", "-count", "why")
    )
    return [Trouble(row["state"], row["why"] or "", row["count"], row["oldest"]) for row in rows if row["why"]]


def money_by(column: str) -> list[Money]:
    """Of what is ready or suspended, by ``plan__code`` or ``tenant__partner__name``; most revenue first."""
    rows = (
        Instance.objects.filter(state__in=PAYING)
        .order_by()
        .values_list(column, "currency")
        .annotate(Count("pk"), revenue=Sum("price_per_month"), cost=Sum("estimated_cost"))
        .order_by("currency", "-revenue", column)
    )
    return [Money(*row) for row in rows]


def totals(rows: list[Money]) -> list[Money]:
    """One row a currency: two currencies are never added."""
    return [
        Money(
            "",
            currency,
            sum(row.instances for row in rows if row.currency == currency),
            sum((row.revenue for row in rows if row.currency == currency), Decimal()),
            sum((row.cost for row in rows if row.currency == currency), Decimal()),
        )
        for currency in sorted({row.currency for row in rows})
    ]
