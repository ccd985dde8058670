"""Counts for the metrics, of all processes together: kept in memory and written down every few seconds.

Prometheus calls such a count a counter; here it is a tally, since `limits.counters` counts something else.

A process that is killed loses what it counted in its last moments, never more than FLUSH_SECONDS of work.
"""

import atexit
import logging
import threading
import time
from collections import Counter
from contextlib import suppress

from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F

from provisioning.models import Tally

logger = logging.getLogger(__name__)
FLUSH_SECONDS = 5.0
SEPARATOR = "|"

_lock = threading.Lock()
_counts: Counter[tuple[str, ...]] = Counter()
_flushed_at = 0.0


def count(name: str, *labels: str) -> None:
    """One more of these; written down by the way, outside any transaction."""
    global _flushed_at  # noqa: PLW0603
    now = time.monotonic()
    with _lock:
        _counts[name, *labels] += 1
        due = now - _flushed_at >= FLUSH_SECONDS
        if due:
            _flushed_at = now
    if due and not connection.in_atomic_block:
        flush()


def flush() -> None:
    """Write down what this process has counted; what cannot be written is kept for the next time."""
    with _lock:
        counted = dict(_counts)
        _counts.clear()
    for key, more in counted.items():
        try:
            _add(key, more)
        except DatabaseError as error:
            logger.debug("Counts could not be written down: %s", type(error).__name__)
            with _lock:
                _counts[key] += more


def read(name: str) -> dict[tuple[str, ...], int]:
    """What has been written down under this name, by its labels."""
    return {tuple(labels): total for labels, total in Tally.objects.filter(name=name).values_list("labels", "count")}


def _add(key: tuple[str, ...], more: int) -> None:
    rows = Tally.objects.filter(key=SEPARATOR.join(key))
    if rows.update(count=F("count") + more):
        return
    name, *labels = key
    try:
        with transaction.atomic():
            Tally.objects.create(key=SEPARATOR.join(key), name=name, labels=labels, count=more)
    except IntegrityError:
        rows.update(count=F("count") + more)


@atexit.register
def _last_words() -> None:
    with suppress(Exception):
        flush()
