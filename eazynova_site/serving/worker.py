"""A worker of gunicorn that serves through waitress: one loop reads requests and sends answers, so that no slow client
ever holds a thread; a thread gets a request when all of it is there.

gunicorn binds the port, starts a worker anew when it ends or hangs, and passes SIGTERM on. A worker ends by itself, and
gives its memory back, after so many requests or when it has grown by too much.
"""

import os
import resource
import sys
import time
from typing import Any

from django.conf import settings
from gunicorn.workers.base import Worker
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from eazynova_site.serving import limits
from eazynova_site.serving.connection import BoundedChannel

# how long a stopping worker goes on for those who are just asking: first over kept connections, then over new ones
LAST_CALL_SECONDS = 0.5
MEGABYTE = 1024 * 1024
# of RUSAGE_SELF's ru_maxrss
UNIT = 1 if sys.platform == "darwin" else 1024


class BoundedServer(TcpWSGIServer):  # type: ignore[misc]
    """Closes what is overdue and, before it is full, a quarter of those who keep it waiting."""

    channel_class = BoundedChannel
    draining = False
    served = 0
    unweighed = 0

    def add_task(self, task: Any) -> None:
        self.served += 1
        super().add_task(task)

    def maintenance(self, now: float) -> None:
        super().maintenance(now)
        moment = time.monotonic()
        idle = []
        for channel in self.active_channels.values():
            if channel.is_overdue(moment):
                channel.will_close = True
            elif not (channel.requests or channel.total_outbufs_len):
                idle.append(channel)
        if len(self.active_channels) > self.adj.connection_limit * 9 // 10:
            # first who never had an answer, then who has been silent longest
            idle.sort(key=lambda channel: (channel.has_answered, channel.since))
            for channel in idle[: self.adj.connection_limit // 4]:
                channel.will_close = True

    def weigh(self, more: int) -> None:
        """After so many ``more`` bytes: close the largest unfinished bodies when all together are too much."""
        self.unweighed += more
        if self.unweighed < limits.MOST_WAITING_BYTES // 8:
            return
        self.unweighed = 0
        waiting = sorted(self.active_channels.values(), key=lambda channel: channel.waiting_bytes)
        total = sum(channel.waiting_bytes for channel in waiting)
        while total > limits.MOST_WAITING_BYTES:
            largest = waiting.pop()
            total -= largest.waiting_bytes
            largest.give_up()

    def last_call(self) -> None:
        """Close every connection after its next answer."""
        self.draining = True

    def close_the_door(self) -> None:
        """Accept nobody any more; who comes now is another worker's."""
        wasyncore.dispatcher.close(self)

    def let_go(self) -> None:
        """Of everybody who has no whole request here."""
        for channel in self.active_channels.values():
            channel.will_close = channel.will_close or not channel.busy

    @property
    def busy(self) -> bool:
        return any(channel.busy for channel in list(self.active_channels.values()))


class WaitressWorker(Worker):  # type: ignore[misc]  # gunicorn has no types
    """Settings of gunicorn that it heeds: threads, worker_connections, max_requests, graceful_timeout, backlog."""

    def run(self) -> None:
        _allow_files(2 * self.cfg.worker_connections)
        self.at_first = _peak_megabytes()
        self.map: dict[int, Any] = {}
        threads = ThreadedTaskDispatcher()
        threads.set_thread_count(self.cfg.threads)
        servers = [self._server(listener.sock, threads) for listener in self.sockets]

        def goes_on() -> bool:
            return bool(self.alive) and sum(server.served for server in servers) < self.max_requests

        while goes_on() and self._parent_lives() and not self._has_grown():
            self.notify()
            # to ask the system how large this process is costs as much as a small answer
            next_look = time.monotonic() + 1
            while goes_on() and time.monotonic() < next_look:
                self._turn(1)
        self._drain(servers)
        threads.shutdown(timeout=1)
        wasyncore.close_all(self.map)

    def _server(self, listener: Any, threads: ThreadedTaskDispatcher) -> BoundedServer:
        options = Adjustments(
            sockets=[listener],
            threads=self.cfg.threads,
            backlog=self.cfg.backlog,
            connection_limit=self.cfg.worker_connections,
            # the site decides itself what it believes: TRUSTED_PROXY_HOPS
            clear_untrusted_proxy_headers=False,
            max_request_header_size=limits.MOST_HEADER_BYTES,
            max_request_body_size=2 * limits.LARGEST,
            # in memory, never in a file
            inbuf_overflow=4 * limits.LARGEST,
            channel_timeout=limits.IDLE_SECONDS,
            cleanup_interval=1,
            recv_bytes=65536,
            asyncore_use_poll=True,
            log_socket_errors=False,
            ident=None,
        )
        info = (listener.family, listener.type, listener.proto, listener.getsockname())
        return BoundedServer(
            self.wsgi, self.map, True, listener, dispatcher=threads, adj=options, bind_socket=False, sockinfo=info
        )

    def _turn(self, seconds: float) -> None:
        wasyncore.loop(timeout=seconds, map=self.map, use_poll=True, count=1)

    def _go_on(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.notify()
            self._turn(0.1)

    def _parent_lives(self) -> bool:
        return bool(self.ppid == os.getppid())

    def _has_grown(self) -> bool:
        most = settings.WEB_GROWTH_MEGABYTES
        return bool(most and _peak_megabytes() > self.at_first + most)

    def _drain(self, servers: list[BoundedServer]) -> None:
        started = time.monotonic()
        # gunicorn kills at the end of its patience
        end = started + max(2 * LAST_CALL_SECONDS, self.cfg.graceful_timeout - 2)
        for step in (BoundedServer.last_call, BoundedServer.close_the_door):
            for server in servers:
                step(server)
            self._go_on(LAST_CALL_SECONDS)
        for server in servers:
            server.let_go()
        while time.monotonic() < end and any(server.busy for server in servers):
            self.notify()
            self._turn(0.1)
            for server in servers:
                server.maintenance(time.time())


def _peak_megabytes() -> float:
    """The largest size that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT / MEGABYTE


def _allow_files(number: int) -> None:
    """As many open files as the connections need, as far as the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wished = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if soft != resource.RLIM_INFINITY and soft < wished:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wished, hard))
