"""What agents and starts say, read strictly: each raises NotAnEvent for anything else."""

from typing import Any

from provisioning.backups.errors import NotAnEvent


def text(value: Any) -> str:
    if not isinstance(value, str):
        raise NotAnEvent
    return value


def code(value: Any) -> str:
    """Of printable ASCII."""
    found = text(value)
    if not (found.isascii() and found.isprintable()):
        raise NotAnEvent
    return found


def count(value: Any, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise NotAnEvent
    return value
