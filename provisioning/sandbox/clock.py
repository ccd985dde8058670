"""The sandbox's own time, which tests may move forward, and what is to happen at which moment of it."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime


class Clock:
    """The machine's time plus an offset; never goes backwards by itself."""

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self.offset


def timestamp(moment: float) -> str:
    """A moment as Railway writes it: 2026-09-01T12:00:00.123Z."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Timeline:
    """Actions in the order of their moments: one heap and one timer for thousands of deployments."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._running = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Run due actions on this loop by itself from now on."""
        self._loop = loop
        self._arm()

    def detach(self) -> None:
        self._loop = None
        if self._timer:
            self._timer.cancel()

    def clear(self) -> None:
        self._heap.clear()

    def at(self, moment: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (moment, next(self._numbers), action))
        if self._heap[0][2] is action:
            self._arm()

    def run_due(self) -> None:
        """Do all that is due, also what those actions add. An action that calls this changes nothing: order is kept."""
        if self._running:
            return
        self._running = True
        try:
            while self._heap and self._heap[0][0] <= self._clock.now():
                heapq.heappop(self._heap)[2]()
        finally:
            self._running = False
        self._arm()

    def _arm(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._loop and self._heap:
            wait = max(0.0, self._heap[0][0] - self._clock.now())
            self._timer = self._loop.call_later(wait, self.run_due)
