"""The counts without Redis: in rows what must outlive a restart, in this process's memory what is over in a minute.

While Redis is away everything is counted in memory, each process for itself: that costs exactness, never a request.
"""

import threading
from collections.abc import Sequence
from dataclasses import replace

from django.db import transaction

from tenants.limits.rules import Count, Terms, judge
from tenants.models import LimitCount

MOST_KEPT = 50_000


class Memory:
    """Of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, Count] = {}

    def take(self, terms: Sequence[Terms], now: float) -> list[Count]:
        with self._lock:
            if len(self._kept) > MOST_KEPT:
                self._kept = {key: count for key, count in self._kept.items() if count.ends_at > now}
            counts = [self._kept.setdefault(each.key, Count()) for each in terms]
            judge(counts, terms, now)
            return [replace(count) for count in counts]

    def give_back(self, terms: Sequence[Terms]) -> None:
        with self._lock:
            for each in terms:
                count = self._kept.setdefault(each.key, Count())
                count.used = max(count.used - 1, 0)

    def read(self, terms: Sequence[Terms]) -> list[Count]:
        with self._lock:
            return [replace(self._kept.get(each.key, Count())) for each in terms]

    def forget(self, terms: Sequence[Terms]) -> None:
        with self._lock:
            for each in terms:
                self._kept.pop(each.key, None)

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()


class Rows:
    """Of the database, in a transaction of its own."""

    def take(self, terms: Sequence[Terms], now: float) -> list[Count]:
        with transaction.atomic():
            LimitCount.objects.bulk_create([LimitCount(key=each.key) for each in terms], ignore_conflicts=True)
            rows = self._locked(terms)
            counts = [Count(row.used, row.refused, row.ends_at) for row in rows]
            judge(counts, terms, now)
            for row, count in zip(rows, counts, strict=True):
                row.used, row.refused, row.ends_at = count.used, count.refused, count.ends_at
            LimitCount.objects.bulk_update(rows, ["used", "refused", "ends_at"])
        return counts

    def give_back(self, terms: Sequence[Terms]) -> None:
        with transaction.atomic():
            rows = [row for row in self._locked(terms) if row.used > 0]
            for row in rows:
                row.used -= 1
            LimitCount.objects.bulk_update(rows, ["used"])

    def read(self, terms: Sequence[Terms]) -> list[Count]:
        kept = LimitCount.objects.in_bulk([each.key for each in terms])
        rows = [kept.get(each.key, LimitCount()) for each in terms]
        return [Count(row.used, row.refused, row.ends_at) for row in rows]

    def forget(self, terms: Sequence[Terms]) -> None:
        LimitCount.objects.filter(pk__in=[each.key for each in terms]).delete()

    def _locked(self, terms: Sequence[Terms]) -> list[LimitCount]:
        """In the order of ``terms``, but locked in that of their keys: two requests never wait for each other."""
        kept = LimitCount.objects.select_for_update().filter(pk__in=[each.key for each in terms]).order_by("pk")
        by_key = {row.key: row for row in kept}
        return [by_key[each.key] for each in terms if each.key in by_key]
