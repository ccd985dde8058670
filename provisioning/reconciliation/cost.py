"""What a leak costs a month, from Railway's own measurements and the prices of this day."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from provisioning.costs.prices import PriceList
from provisioning.railway.results import Project, Usage

MONTH = timedelta(days=30)
SHORTEST = timedelta(hours=1)


def monthly(used: Iterable[Usage], projects: Iterable[Project], now: datetime) -> dict[str, Decimal]:
    """Dollars a month by project id: what it used in the last 30 days, or since it is there, at that pace."""
    prices = PriceList.read()
    spent: dict[str, Decimal] = defaultdict(Decimal)
    for each in used:
        if each.project_id:
            spent[each.project_id] += prices.cost(each.measurement, each.value, now.date())
    return {
        project.id: (spent[project.id] * _share(project, now)).quantize(Decimal("0.01"))
        for project in projects
        if spent.get(project.id)
    }


def _share(project: Project, now: datetime) -> Decimal:
    age = min(max(now - (project.created_at or now - MONTH), SHORTEST), MONTH)
    return Decimal(MONTH.total_seconds()) / Decimal(age.total_seconds())
