"""Celery's beat, which also goes on when the clock is put back."""

import logging
from datetime import timedelta
from typing import Any

from celery.beat import PersistentScheduler

from eazynova_site import alive

logger = logging.getLogger(__name__)
PUT_BACK = timedelta(seconds=5)


class Scheduler(PersistentScheduler):
    """A job that was last run in the future would not be run before that moment, and all others with it."""

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
        return sent
