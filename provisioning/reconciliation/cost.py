"""What a leak costs a month, from Railway's own measurements and its list prices."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from provisioning.railway.results import Project, Usage

MONTH = timedelta(days=30)
MINUTES_A_MONTH = 43_200
SHORTEST = timedelta(hours=1)
CURRENCY = "USD"
# docs.railway.com/pricing/plans: dollars a GB or vCPU a month, traffic a GB
PRICES: Mapping[str, Decimal] = {
    "MEMORY_USAGE_GB": Decimal(10) / MINUTES_A_MONTH,
    "CPU_USAGE": Decimal(20) / MINUTES_A_MONTH,
    "NETWORK_TX_GB": Decimal("0.05"),
    "DISK_USAGE_GB": Decimal("0.15") / MINUTES_A_MONTH,
    "BACKUP_USAGE_GB": Decimal("0.15") / MINUTES_A_MONTH,
}


def monthly(used: Iterable[Usage], projects: Iterable[Project], now: datetime) -> dict[str, Decimal]:
    """Dollars a month by project id: what it used in the last 30 days, or since it is there, at that pace."""
    spent: dict[str, Decimal] = defaultdict(Decimal)
    for each in used:
        if each.project_id:
            spent[each.project_id] += Decimal(str(each.value)) * PRICES.get(each.measurement, Decimal(0))
    return {
        project.id: (spent[project.id] * _share(project, now)).quantize(Decimal("0.01"))
        for project in projects
        if spent.get(project.id)
    }


def _share(project: Project, now: datetime) -> Decimal:
    age = min(max(now - (project.created_at or now - MONTH), SHORTEST), MONTH)
    return Decimal(MONTH.total_seconds()) / Decimal(age.total_seconds())
