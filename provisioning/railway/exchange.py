"""One request and what came of it, for metrics, the shared request budget and the circuit breaker.

HTTP's own word for the pair (RFC 9110): neither a request nor a response, since there may have been no answer.
"""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

DAY = 86_400.0
# Railway does not say what X-RateLimit-Reset counts: small numbers are taken as seconds from now.
_SMALLEST_EPOCH = 1e9
_SMALLEST_EPOCH_IN_MILLISECONDS = 1e12


@dataclass(frozen=True)
class Exchange:
    """``outcome`` is "ok" or the code of the error; ``status`` is None when there was no HTTP answer.

    ``limit`` and ``remaining`` count requests, ``reset_at`` is Unix time, ``retry_after`` and ``seconds`` are seconds;
    each is None when Railway did not say.
    """

    document: str
    outcome: str
    status: int | None
    seconds: float
    limit: int | None = None
    remaining: int | None = None
    reset_at: float | None = None
    retry_after: float | None = None
    trace_id: str | None = None


def count(headers: Mapping[str, str], name: str) -> int | None:
    """The header as a whole number, None when it is absent or something else."""
    number = _number(headers.get(name, ""))
    return None if number is None else int(number)


def reset_at(headers: Mapping[str, str]) -> float | None:
    """When the budget starts anew, as Unix time, from a number or an ISO date."""
    value = headers.get("x-ratelimit-reset", "").strip()
    number = _number(value)
    if number is None:
        try:
            return _aware(datetime.fromisoformat(value)).timestamp()
        except ValueError:
            return None
    if number >= _SMALLEST_EPOCH_IN_MILLISECONDS:
        return number / 1000
    return number if number >= _SMALLEST_EPOCH else time.time() + number


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from a number or an HTTP date, between 0 and one day; None when there is nothing usable."""
    value = headers.get("retry-after", "").strip()
    seconds = _number(value)
    if seconds is None:
        try:
            seconds = _aware(parsedate_to_datetime(value)).timestamp() - time.time()
        except ValueError:
            return None
    return min(max(seconds, 0.0), DAY)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
