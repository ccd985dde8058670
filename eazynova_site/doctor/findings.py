"""What a look found: well, to be minded, or wrong, with the sentence that mends it."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import httpx
from django.db import DatabaseError
from django.utils.functional import Promise
from redis import RedisError

from provisioning.errors import ProvisioningError


class Level(StrEnum):
    GOOD = "good"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """``subject`` is what was asked; ``mend`` is empty where nothing has to be done."""

    subject: str
    level: Level
    said: str
    mend: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


Look = Callable[[], Iterator[Finding]]


def good(subject: str, said: str | Promise) -> Finding:
    return Finding(subject, Level.GOOD, str(said))


def warning(subject: str, said: str | Promise, mend: str | Promise) -> Finding:
    return Finding(subject, Level.WARNING, str(said), str(mend))


def wrong(subject: str, said: str | Promise, mend: str | Promise) -> Finding:
    return Finding(subject, Level.WRONG, str(said), str(mend))


def looked(subject: str, look: Look, mend: str | Promise) -> list[Finding]:
    """What ``look`` found; who is asked and away is wrong, and ``mend`` says what to do."""
    found: list[Finding] = []
    try:
        found.extend(look())
    except (DatabaseError, RedisError, ProvisioningError, httpx.HTTPError, OSError) as error:
        # other people's words may hold an address with its password
        said = error.message if isinstance(error, ProvisioningError) else type(error).__name__
        found.append(wrong(subject, said, mend))
    return found
