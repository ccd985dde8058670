"""Ports for servers that a test starts a moment later: below those that the system gives to outgoing connections."""

import itertools
import socket

from tests import environment

SHARE, SHARES = 300, 42
_start = 20_000 + (environment.SLOT * 8 + environment.WORKER) % SHARES * SHARE
_next = itertools.cycle(range(_start, _start + SHARE))


def free_port():
    """One of this test process's own that nobody listens on."""
    for port in itertools.islice(_next, SHARE):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("", port))
            except OSError:
                continue
            return port
    raise OSError("No port is free.")
