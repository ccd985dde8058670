"""Counting what is asked for. Take before acting; give back what came to nothing.

Where the counts are rows they belong to the transaction that is open, which must not be rolled back once
it has counted a refusal.
Everything that one request counts is one call, and with Redis one round trip.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import redis
from django.conf import settings

from tenants.limits import counts_redis, holds
from tenants.limits.counts_here import Memory, Rows
from tenants.limits.policies import Policy
from tenants.limits.rules import Count, Terms

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

# while Redis is away each try costs its time-out: not before every request
REDIS_RESTS = 10.0
# what is over so soon need not outlive this process
SHORT = 60

memory = Memory()
rows = Rows()
_rests_until: dict[str, float] = {}


@dataclass(frozen=True)
class Claim:
    """One more of ``policy`` for ``subject``: an address, a network, a key's number, or "" for everybody."""

    policy: Policy
    subject: str

    @property
    def terms(self) -> Terms:
        """No address stands in a key: it is a digest, of what staff find in the row when they let somebody through."""
        digest = hashlib.sha256(holds.storable(self.subject).encode()).hexdigest()[:32]
        return Terms(f"{self.policy.name}:{digest}", self.policy.limit, self.policy.window)


@dataclass(frozen=True)
class Usage:
    """Where a caller stands: ``left`` of ``limit`` until ``reset_seconds`` from now; ``exceeded`` when refused."""

    claim: Claim
    limit: int
    window_seconds: int
    left: int
    reset_seconds: int
    exceeded: bool

    @property
    def headers(self) -> dict[str, str]:
        """RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers), Retry-After when exceeded."""
        name = self.claim.policy.name
        found = {
            "RateLimit-Policy": f'"{name}";q={self.limit};w={self.window_seconds}',
            "RateLimit": f'"{name}";r={self.left};t={self.reset_seconds}',
        }
        return found | ({"Retry-After": str(self.reset_seconds)} if self.exceeded else {})


class Exceeded(Exception):
    """What ``usage`` tells of is used up: nothing was counted, and nothing done."""

    def __init__(self, usage: Usage) -> None:
        super().__init__(usage.claim.policy.name)
        self.usage = usage


def take(*claims: Claim) -> Usage:
    """Count one more of each claim, or of none when one is full.

    Returns how the first claim stands or, when refused, the full one that lasts longest; that is told to staff.
    """
    now, terms = time.time(), [claim.terms for claim in claims]
    counts = _ask(
        lambda: counts_redis.take(terms, now),
        lambda: _take_here(terms, now),
        lambda: memory.take(terms, now),
    )
    usages = [_usage(claim, each, count, now) for claim, each, count in zip(claims, terms, counts, strict=True)]
    refused = [(count.ends_at, number) for number, count in enumerate(counts) if count.full]
    if not refused:
        return usages[0]
    number = max(refused)[1]
    holds.note(claims[number].policy.name, claims[number].subject, counts[number])
    return usages[number]


def give_back(*claims: Claim) -> None:
    """What was counted has come to nothing."""
    terms = [claim.terms for claim in claims]

    def here() -> None:
        memory.give_back([each for each in terms if each.window <= SHORT])
        rows.give_back([each for each in terms if each.window > SHORT])

    _ask(lambda: counts_redis.give_back(terms), here, lambda: memory.give_back(terms))


def read(*claims: Claim) -> list[int]:
    """How much of each claim is used now, without counting."""
    now, terms = time.time(), [claim.terms for claim in claims]

    def here() -> list[Count]:
        return [(memory if each.window <= SHORT else rows).read([each])[0] for each in terms]

    counts = _ask(lambda: counts_redis.read(terms), here, lambda: memory.read(terms))
    return [count.used if now < count.ends_at else 0 for count in counts]


def forget(*claims: Claim) -> None:
    """Begin anew: somebody is let through."""
    terms = [claim.terms for claim in claims]

    def here() -> None:
        memory.forget(terms)
        rows.forget(terms)

    _ask(lambda: counts_redis.forget(terms), here, here)


def _take_here(terms: Sequence[Terms], now: float) -> list[Count]:
    """The short ones first: when one of them refuses, nothing is counted in the others, and the other way round."""
    short = [each for each in terms if each.window <= SHORT]
    long = [each for each in terms if each.window > SHORT]
    found = dict(zip(short, memory.take(short, now), strict=True))
    refused = any(count.full for count in found.values())
    if long and not refused:
        found |= dict(zip(long, rows.take(long, now), strict=True))
        if any(found[each].full for each in long):
            memory.give_back(short)
    return [found.get(each, Count(ends_at=now + each.window)) for each in terms]


def _usage(claim: Claim, terms: Terms, count: Count, now: float) -> Usage:
    wait = max(1, min(terms.window, round(count.ends_at - now + 0.5)))
    return Usage(claim, terms.limit, terms.window, max(0, terms.limit - count.used), wait, count.full)


def _ask(in_redis: Callable[[], Result], here: Callable[[], Result], alone: Callable[[], Result]) -> Result:
    """In Redis, where there is one; while it is away, ``alone``; without one, ``here``."""
    url: str = settings.REDIS_URL
    if not url:
        return here()
    if time.monotonic() < _rests_until.get(url, 0.0):
        return alone()
    try:
        return in_redis()
    except redis.RedisError as error:
        _rests_until[url] = time.monotonic() + REDIS_RESTS
        logger.warning("Redis is away, this process counts alone for a moment: %s", type(error).__name__)
    return alone()
