"""The arithmetic of a request budget: how many requests may go, and when. Pure; `budget` says where it is kept.

Three things can hold a request back: a pause that Railway asked for, the budget of the hour (our own count against our
own limit, and Railway's count as its headers told it), and the spacing that keeps us under the limit a second.
"""

from dataclasses import dataclass
from typing import NamedTuple

HOUR = 3600.0
DAY = 86_400.0
# so far apart are the clocks of two machines at most; an hour that ends later than that is a clock put back
CLOCKS_DIFFER = 60.0
# reading a clock twice moves a reset that was told in seconds from now; this far apart it is another window
SAME_WINDOW = 30.0
# a request this close to its moment is worth waiting for with the worker in hand
PATIENCE = 1.0


class Terms(NamedTuple):
    """What a request may use: ``per_second`` 0 for no spacing, ``keep`` the share of the hour it leaves to others."""

    per_hour: int
    per_second: float = 0.0
    keep: float = 0.0


class Grant(NamedTuple):
    """``given``: send it after ``seconds`` (at most PATIENCE). Otherwise nothing was counted: ask again then."""

    given: bool
    seconds: float


class Lesson(NamedTuple):
    """What an answer taught: Railway's ``limit`` and ``remaining``, ``reset_in`` and ``pause`` in seconds from now."""

    limit: int | None = None
    remaining: int | None = None
    reset_in: float | None = None
    pause: float = 0.0


@dataclass
class Budget:
    """What is left for one workspace; moments are Unix time.

    ``remaining`` None: Railway has not said in this window; ``limit`` 0: it never said.
    """

    used: int = 0
    hour_ends: float = 0.0
    limit: int = 0
    remaining: int | None = None
    reset_at: float = 0.0
    paused_until: float = 0.0
    next_at: float = 0.0

    def take(self, now: float, terms: Terms) -> Grant:
        """Count one request, or say how long to wait for the next chance."""
        self._turn_over(now)
        for held, until in (
            (now < self.paused_until, self.paused_until),
            (self.used >= terms.per_hour - int(terms.per_hour * terms.keep), self.hour_ends),
            (self.remaining is not None and self.remaining <= int(self.limit * terms.keep), self.reset_at),
        ):
            if held:
                return Grant(False, until - now)
        wait = max(self.next_at - now, 0.0)
        if terms.per_second:
            if wait > PATIENCE:
                return Grant(False, wait)
            self.next_at = now + wait + 1 / terms.per_second
        self.used += 1
        if self.remaining is not None:
            self.remaining -= 1
        return Grant(True, wait if terms.per_second else 0.0)

    def learn(self, now: float, lesson: Lesson) -> None:
        """Believe Railway: a later window replaces ours, in the same one the smaller count is right."""
        self._turn_over(now)
        if lesson.limit:
            self.limit = lesson.limit
        if lesson.pause:
            self.paused_until = max(self.paused_until, now + min(lesson.pause, DAY))
        if lesson.remaining is None:
            return
        known = self.reset_at if self.remaining is not None and self.reset_at > now else 0.0
        reset = known or now + HOUR / 60
        if lesson.reset_in is not None:
            reset = now + min(lesson.reset_in, DAY)
        if not known or reset > known + SAME_WINDOW:
            self.remaining, self.reset_at = lesson.remaining, reset
        elif reset >= known - SAME_WINDOW:
            self.remaining = min(self.remaining or 0, lesson.remaining)

    def _turn_over(self, now: float) -> None:
        """Begin a new hour when the old one is over; a clock that was put back must not hold anybody for long."""
        if not now < self.hour_ends <= now + HOUR + CLOCKS_DIFFER:
            self.used, self.hour_ends = 0, now + HOUR
        if not now < self.reset_at <= now + DAY:
            self.remaining = None
        if self.paused_until > now + DAY:
            self.paused_until = 0.0
        if self.next_at > now + HOUR:
            self.next_at = 0.0
