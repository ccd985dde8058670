"""Ports of this machine."""

import socket

from django.core.management.base import CommandError
from django.utils.translation import gettext as _


def free_port(wished: int) -> int:
    """The wished port when nobody listens there, else any free one. Raises CommandError when there is none."""
    for port in (wished, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise CommandError(_("No free port on this machine."))
