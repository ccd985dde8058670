"""The arithmetic of a count, in Redis, in rows and in memory: a window begins with the first that is counted."""

from collections.abc import Sequence
from dataclasses import dataclass

# processes' clocks differ by less; a window that ends later than it can was begun before the clock was put back
CLOCKS_DIFFER = 300


@dataclass
class Count:
    """``used`` in the window that ends at ``ends_at`` (seconds of the epoch), ``refused`` beyond it.

    ``full`` says that the present request is one of the refused.
    """

    used: int = 0
    refused: int = 0
    ends_at: float = 0.0
    full: bool = False


@dataclass(frozen=True)
class Terms:
    """Where a count is kept, and how much it may be in how many seconds."""

    key: str
    limit: int
    window: int


def judge(counts: Sequence[Count], terms: Sequence[Terms], now: float) -> None:
    """Count one more in all of them, or refuse in those that are full and leave the others."""
    for count, each in zip(counts, terms, strict=True):
        if not now < count.ends_at <= now + each.window + CLOCKS_DIFFER:
            count.used, count.refused, count.ends_at = 0, 0, now + each.window
        count.full = count.used >= each.limit
    full = any(count.full for count in counts)
    for count in counts:
        if count.full:
            count.refused += 1
        elif not full:
            count.used += 1
