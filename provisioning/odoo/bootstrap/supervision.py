"""Odoo as the container's service: started last, watched, and stopped when the platform asks."""

import os
import signal
import threading
from collections.abc import Mapping, Sequence

import psycopg2
from psycopg2.extensions import connection

from . import program
from .database import connect, wait_for_server
from .outcome import say
from .process import run
from .settings import Settings

STOP_SECONDS = 5.0


def serve(settings: Settings, odoo: Sequence[str], child: Mapping[str, str]) -> int:
    """Run Odoo until it ends of itself or is asked to; 0 when it was asked to and did, else its exit status."""
    while True:
        watch = Watch(settings)
        status, stopping = run([*odoo, *program.server_arguments(settings)], child, on_start=watch.start)
        watch.end()
        if stopping or not watch.has_stopped_it:
            break
        wait_for_server(settings).close()
        say("starting Odoo again")
    asked = {0, *(128 + number for number in (signal.SIGTERM, signal.SIGINT))}
    return 0 if stopping and status in asked else status


class Watch:
    """Keeps Odoo's scheduler alive.

    Without workers, Odoo's scheduler threads die when PostgreSQL goes away and stay dead, unnoticed from outside, while
    its pages recover by themselves. Odoo is then stopped, to be started again: told to reload itself (SIGHUP) it may
    obey a minute later, and while it does, the same signal ends it.
    """

    def __init__(self, settings: Settings) -> None:
        self.has_stopped_it = False
        self._settings = settings
        self._ended = threading.Event()
        self._link: connection | None = None

    def start(self, pid: int) -> None:
        threading.Thread(target=self._watch, args=(pid,), name="watch", daemon=True).start()

    def end(self) -> None:
        """No signal is sent any more: the process id may soon be somebody else's."""
        self._ended.set()

    def _watch(self, pid: int) -> None:
        lost = False
        while not self._ended.is_set():
            if not self._connected():
                if not lost:
                    say("PostgreSQL is gone")
                lost = True
            elif lost:
                say("PostgreSQL is back: stopping Odoo, whose scheduler has died")
                self._stop(pid)
                return
            self._ended.wait(self._settings.watch)

    def _stop(self, pid: int) -> None:
        """An Odoo that does not obey is killed: what it has answered is in the database."""
        self.has_stopped_it = True
        os.kill(pid, signal.SIGTERM)
        if not self._ended.wait(STOP_SECONDS):
            os.kill(pid, signal.SIGKILL)

    def _connected(self) -> bool:
        """Whether the connection made before still works; a broken one is replaced for the next look."""
        if self._link is not None:
            try:
                with self._link.cursor() as cursor:
                    cursor.execute("SELECT 1")
                return True
            except psycopg2.Error:
                self._link.close()
                self._link = None
                return False
        try:
            self._link = connect(self._settings, self._settings.odoo, "postgres")
        except psycopg2.Error:
            return False
        return True
