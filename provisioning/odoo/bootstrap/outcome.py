"""How the bootstrap ends and what it says on the way."""

import sys

DONE = 0
LATER = 1
SETTINGS = 2
PERSON = 3


class Stop(Exception):
    """Ends the bootstrap with the exit status ``code``; ``reason`` is logged and holds no value of a setting."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def say(message: str) -> None:
    """One plain line of the container's log."""
    sys.stdout.write(f"prov: {message}\n")
    sys.stdout.flush()
