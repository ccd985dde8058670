"""The dated price list: what a measurement costs on a day."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Self

from provisioning.models import Measurement, UsagePrice

CURRENCY = "USD"
MINUTES_A_MONTH = 43_200
# counted in GB; everything else in minutes, and priced by 30 days of them
NOT_BY_TIME = frozenset({Measurement.TRAFFIC.value})


class PriceList:
    """As it is at this moment. A measurement, or a day, before the first price of it costs nothing."""

    def __init__(self, rows: Iterable[UsagePrice]) -> None:
        by_measurement: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
        for row in rows:
            unit = 1 if row.measurement in NOT_BY_TIME else MINUTES_A_MONTH
            by_measurement[row.measurement].append((row.valid_from, row.price / unit))
        self._prices = {name: sorted(dated) for name, dated in by_measurement.items()}

    @classmethod
    def read(cls) -> Self:
        return cls(UsagePrice.objects.all())

    def cost(self, measurement: str, value: float, day: date) -> Decimal:
        """US dollars for so many of its units on this day."""
        dated = self._prices.get(measurement, [])
        known = bisect_right(dated, day, key=lambda each: each[0])
        return Decimal(str(value)) * dated[known - 1][1] if known else Decimal(0)

    def spans(self, first: date, end: date) -> list[tuple[date, date]]:
        """The days from ``first`` to before ``end`` in parts within which no price changes."""
        changes = {valid for dated in self._prices.values() for valid, _price in dated if first < valid < end}
        return list(pairwise([first, *sorted(changes), end])) if first < end else []
