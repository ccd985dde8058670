"""Loaded by a worker of the tests (``--include``): its clock, and its children's, is off by what CLOCK_FILE says."""

import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import time_machine
from celery.signals import beat_embedded_init, worker_process_init

CLOCK_FILE = Path(os.environ["CLOCK_FILE"])


class Clock:
    def __init__(self) -> None:
        self._off = 0.0
        self._traveller = time_machine.travel(datetime.now(UTC), tick=True).start()

    def follow(self, **news: object) -> None:
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        rest = threading.Event()
        while True:
            off = float(CLOCK_FILE.read_text() or self._off)
            self._traveller.shift(off - self._off)
            self._off = off
            rest.wait(0.02)


clock = Clock()
clock.follow()
# threads do not outlive a fork
worker_process_init.connect(clock.follow, weak=False)
beat_embedded_init.connect(clock.follow, weak=False)
