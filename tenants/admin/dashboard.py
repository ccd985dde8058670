"""The first page of the console: what staff should know before they look for anything."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from provisioning.gate import budget, circuit
from provisioning.reasons import Reason, reason
from provisioning.states import OperationState
from provisioning.vitals import heartbeat
from tenants.admin import at_risk, to_do
from tenants.admin.console import MONEY
from tenants.admin.instances import MOVING
from tenants.lifecycle import InstanceState
from tenants.models import Alert, Plan
from tenants.services import statistics

HEIGHT = 120
STEP = 20


@dataclass(frozen=True)
class Bar:
    """One day of the chart, in its units: 20 wide, 120 high, growing upwards from the bottom."""

    day: statistics.Day
    x: int
    succeeded: int
    failed: int
    other: int

    @property
    def failed_top(self) -> int:
        return HEIGHT - self.succeeded - self.failed

    @property
    def succeeded_top(self) -> int:
        return HEIGHT - self.succeeded

    @property
    def other_top(self) -> int:
        return self.failed_top - self.other


@dataclass(frozen=True)
class TroubleLine:
    trouble: statistics.Trouble
    why: Reason
    age: timedelta
    failed: bool
    link: str


def facts_of(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's DASHBOARD_CALLBACK: figures only for those who may see instances, money only for Operations."""
    if request.user.has_perm("tenants.view_instance"):
        sold = statistics.live()
        creations = statistics.creations_by_day()
        days = creations[-statistics.DAYS :]
        counts = at_risk.counts(alerts=Alert.objects.filter(closed_at=None))
        context |= {
            "at_risk": _at_risk(request, counts),
            "to_do": len(to_do.all_of(to_do.find())),
            "stopped": list(Plan.objects.filter(takes_orders=False).values_list("code", flat=True)),
            "states": (states := _states(sold)),
            "moves": any(count for state, _label, count, _link in states if state in MOVING),
            "bars": bars(days),
            "most": max(day.asked for day in days),
            "asked": sum(day.asked for day in days),
            "success_rate": statistics.success_rate(days),
            "weeks": statistics.last_weeks(creations),
            "troubles": _troubles(),
            "budget": budget.state(),
            "circuit": circuit.state(),
            "signs": _signs(),
            "alerts": counts["alerts"],
        }
        if request.user.has_perm(MONEY):
            context |= {"money": statistics.money(sold)}
    return context


def bars(days: list[statistics.Day]) -> list[Bar]:
    """The chart's bars, the highest as high as the chart."""
    most = max((day.asked for day in days), default=0) or 1
    return [
        Bar(day, number * STEP, *(HEIGHT * count // most for count in (day.succeeded, day.failed, day.other)))
        for number, day in enumerate(days)
    ]


def _states(sold: list[statistics.Sold]) -> list[tuple[str, str, int, str]]:
    address = reverse("admin:tenants_instance_changelist")
    return [
        (state, str(InstanceState(state).label), count, f"{address}?{urlencode({'state__exact': state})}")
        for state, count in statistics.by_state(sold).items()
    ]


def _at_risk(request: HttpRequest, counts: dict[str, int]) -> list[tuple[str, int, str]]:
    address = reverse("admin:tenants_instance_changelist")
    return [
        (str(view.label), counts[name], f"{address}?{urlencode({at_risk.PARAMETER: name})}")
        for name, view in at_risk.views_for(request).items()
    ]


def _signs() -> list[tuple[str, timedelta | None, bool]]:
    """Name, age and whether it counts as silent."""
    limits = heartbeat.patience()
    return [(name, age, age is None or age > limits[name]) for name, age in heartbeat.ages().items()]


def _troubles() -> list[TroubleLine]:
    address, now = reverse("admin:provisioning_operation_changelist"), timezone.now()
    return [
        TroubleLine(
            each,
            reason(each.reason),
            now - each.oldest,
            each.state == OperationState.FAILED,
            f"{address}?{urlencode({'state__exact': each.state, 'why': each.reason})}",
        )
        for each in statistics.troubles()
    ]
