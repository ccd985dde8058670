"""How large a pool should be: Erlang's loss formula over the orders of the last weeks.

Each unit that is handed out has its successor made at once, which takes a while; an order that finds none is made as
usual. The share of orders that find none is that of calls lost on as many lines, whatever the while's distribution.
"""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone

from tenants.models import Pool
from tenants.pool import counting

LARGEST = 50
WANTED = 0.95
HOURS = counting.WEEKS.total_seconds() / 3600
# a pool lives through the busy hours, not through the average one
BUSIEST_SHARE = 0.1


@dataclass(frozen=True)
class Size:
    """What ``units`` warm units would do: the share of orders that find one in busy hours, and their cost a month."""

    units: int
    hit_rate: float
    monthly_cost: Decimal


@dataclass(frozen=True)
class Suggestion:
    """``load`` is how many orders come, in busy hours, while one unit is made. ``wanted`` is the smallest good size."""

    orders: int
    per_hour: float
    load: float
    sizes: tuple[Size, ...]
    wanted: Size | None


def blocked(units: int, load: float) -> float:
    """Erlang B: the share of orders that find none of ``units``, when ``load`` come while one is made."""
    share = 1.0
    for number in range(1, units + 1):
        share = load * share / (number + load * share)
    return share


def suggest(pool: Pool) -> Suggestion:
    """From the orders of the last four weeks; no order, no pool."""
    moments = counting.orders_of(pool, timezone.now() - counting.WEEKS).values_list("created_at", flat=True)
    hours = Counter(moment.replace(minute=0, second=0, microsecond=0) for moment in moments)
    orders = sum(hours.values())
    per_hour = _busy(list(hours.values()))
    load = per_hour * counting.preparation_time().total_seconds() / 3600
    sizes, wanted = [], None
    for number in range(1, LARGEST + 1):
        size = Size(number, 1 - blocked(number, load), number * counting.IDLE_COST)
        sizes.append(size)
        if size.hit_rate >= WANTED and wanted is None:
            wanted = size
        if size.hit_rate > 0.999:
            break
    return Suggestion(orders, per_hour, load, tuple(sizes) if orders else (), wanted if orders else None)


def _busy(counts: list[int]) -> float:
    """Orders an hour in the busiest tenth of the hours; those without an order count, too."""
    most = max(1, round(HOURS * BUSIEST_SHARE))
    return sum(sorted(counts, reverse=True)[:most]) / most
