"""Signs of life for whoever looks at one process: a file that is touched each time it has done what it is there for."""

import contextlib
from pathlib import Path

from django.conf import settings


def touch() -> None:
    """Where ALIVE_FILE is empty nobody looks."""
    if settings.ALIVE_FILE:
        # a full disk must not end a process that can go on without
        with contextlib.suppress(OSError):
            Path(settings.ALIVE_FILE).touch()
