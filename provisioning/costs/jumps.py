"""Who used unusually much on a day, against the same weekdays before it. By usage: a new price is no consumption."""

from collections import defaultdict
from datetime import date, timedelta
from statistics import median
from typing import Any

from django.db.models import Min, Sum

from provisioning.models import DailyUsage, UsageDay

WEEKS = 4
# fewer days say nothing about what is usual
LEAST_WEEKS = 3
# beyond this many times what such days usually differ by, and by half of what is usual
DEVIATIONS = 3
SHARE = 0.5
# of a normal distribution's standard deviation the median deviation is this part
NORMAL = 1.4826
# dollars a day: about three a month
LEAST_COST = 0.1


def find(workspace: str, day: date) -> list[dict[str, Any]]:
    """Each jump with its project, its instance (None when it has none), the measurement, the value and the usual one.

    A day on which a project used nothing counts as nothing; one that is younger than three such weeks has no usual.
    """
    before = [day - timedelta(weeks=number) for number in range(1, WEEKS + 1)]
    read = set(UsageDay.objects.filter(workspace=workspace, day__in=before).values_list("day", flat=True))
    if len(read) < LEAST_WEEKS:
        return []
    rows = (
        DailyUsage.objects.filter(workspace=workspace, day__in=[day, *read])
        .order_by()
        .values_list("project_id", "measurement", "day")
        .annotate(Sum("value"), Sum("cost"), Min("instance_id"))
    )
    series: dict[tuple[str, str], dict[date, tuple[float, float, int | None]]] = defaultdict(dict)
    for project, measurement, on, value, cost, instance in rows:
        series[project, measurement][on] = (value, float(cost), instance)
    found = []
    for (project, measurement), days in series.items():
        usual = [days[on][0] for on in read if on in days]
        if day in days and len(usual) >= LEAST_WEEKS and _jumps(*days[day][:2], usual):
            value, _cost, instance = days[day]
            found.append(
                {
                    "project": project,
                    "instance": instance,
                    "measurement": measurement,
                    "value": round(value, 3),
                    "usual": round(median(usual), 3),
                }
            )
    return found


def _jumps(value: float, cost: float, usual: list[float]) -> bool:
    middle = median(usual)
    spread = NORMAL * median(abs(each - middle) for each in usual)
    more = value - middle
    return more > max(DEVIATIONS * spread, SHARE * middle) and cost * more / value >= LEAST_COST
