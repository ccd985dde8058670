"""What staff should look at: sums that differ, jumps, instances that eat their price, currencies without a rate."""

from datetime import timedelta
from typing import Any

from provisioning.costs.reading import today
from provisioning.models import UsageCheck, UsageDay
from tenants.costs.lines import month_of
from tenants.costs.report import last_checks
from tenants.models import CostLine, Instance
from tenants.models.costs import CostLineQuerySet

MOST_PERCENT = 60
# a jump is told until its day is so old
NEWS = timedelta(days=2)


def differing() -> list[UsageCheck]:
    """The last comparison with Railway's own sum of each workspace, where it differs."""
    return [each for each in last_checks() if each.differs]


def jumps() -> list[dict[str, Any]]:
    """Of the last days that were read: the projects and instances that used unusually much."""
    rows = UsageDay.objects.filter(day__gte=today() - NEWS).exclude(jumps=[]).order_by("-day")
    return [{**jump, "day": row.day} for row in rows for jump in row.jumps]


def instances_of(found: list[dict[str, Any]]) -> dict[int, str]:
    """The client names of the instances that jumped."""
    pks = {each["instance"] for each in found if each["instance"]}
    return dict(Instance.objects.filter(pk__in=pks).values_list("pk", "client_name"))


def dear() -> CostLineQuerySet:
    """The lines of this month whose instance costs more than 60 % of its price, at the pace so far."""
    return CostLine.objects.filter(month=month_of(today())).dear(MOST_PERCENT)


def unconverted() -> list[str]:
    """Currencies in which something is sold this month, and for which there is no rate."""
    rows = CostLine.objects.filter(month=month_of(today()), cost=None)
    return list(rows.order_by("currency").values_list("currency", flat=True).distinct())
