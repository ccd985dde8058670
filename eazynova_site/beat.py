"""Celery's beat, which also goes on when the clock is put back."""

import logging
import time
from datetime import timedelta
from typing import Any

from celery.beat import PersistentScheduler

from eazynova_site import alive, beats

logger = logging.getLogger(__name__)
PUT_BACK = timedelta(seconds=5)


class Scheduler(PersistentScheduler):
    """A job that was last run in the future would not be run before that moment, and all others with it."""

    _told_at = -beats.SECONDS

    def tick(self, *args: Any, **options: Any) -> float:
        entries = self.schedule.values()
        if any(entry.last_run_at and entry.last_run_at > entry.default_now() + PUT_BACK for entry in entries):
            logger.error("The clock was put back: every periodic job begins anew")
            for entry in entries:
                entry.last_run_at = entry.default_now()
            self._heap = None
        seconds: float = super().tick(*args, **options)
        return seconds

    def apply_async(self, *args: Any, **options: Any) -> Any:
        """What was given to the broker is a sign of life; a broker that is away raises."""
        sent = super().apply_async(*args, **options)
        alive.touch()
        self._tell()
        return sent

    def _tell(self) -> None:
        """Which beats run, a few times a minute."""
        if time.monotonic() - self._told_at >= beats.SECONDS / 3:
            self._told_at = time.monotonic()
            beats.tell()
