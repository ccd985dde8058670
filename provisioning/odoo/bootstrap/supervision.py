"""Odoo as the container's service: started last, watched, and stopped when the platform asks."""

import os
import signal
import socket
import threading
from collections.abc import Mapping, Sequence

import psycopg2
from psycopg2.extensions import connection

from . import program
from .database import connect
from .outcome import say
from .process import run
from .settings import Settings


def serve(settings: Settings, odoo: Sequence[str], child: Mapping[str, str]) -> int:
    """Run Odoo until it ends; 0 when it was asked to stop and did, else its exit status."""
    watch = Watch(settings)
    status, stopping = run([*odoo, *program.server_arguments(settings)], child, on_start=watch.start)
    watch.end()
    asked = {0, *(128 + number for number in (signal.SIGTERM, signal.SIGINT))}
    return 0 if stopping and status in asked else status


class Watch:
    """Keeps Odoo's scheduler alive.

    Without workers, Odoo's scheduler threads die when PostgreSQL goes away and stay dead, unnoticed from outside, while
    its pages recover by themselves. SIGHUP makes Odoo 19 start anew in the same process.
    """

    def __init__(self, settings: Settings) -> None:
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
            elif lost and self._odoo_listens():
                say("PostgreSQL is back: reloading Odoo, whose scheduler has died")
                os.kill(pid, signal.SIGHUP)
                lost = False
            self._ended.wait(self._settings.watch)

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
            self._link = connect(self._settings, "postgres")
        except psycopg2.Error:
            return False
        return True

    def _odoo_listens(self) -> bool:
        """Before it listens, Odoo does not handle SIGHUP yet and would end."""
        try:
            with socket.create_connection(("127.0.0.1", self._settings.port), timeout=5):
                return True
        except OSError:
            return False
