"""Railway's request budget of each workspace, shared by all workers and the web.

`before` and `after` stand around every request that goes to Railway. A request that has to wait less than a second
for its moment sleeps that long with its worker; for anything longer it is not sent at all, and the operation waits.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import redis
from django.conf import settings

from provisioning.errors import NotNow
from provisioning.gate import budget_redis, budget_rows
from provisioning.gate.budget_rules import Budget, Grant, Lesson, Terms
from provisioning.models import Operation
from provisioning.railway.errors import EdgeBlocked, RateLimited
from provisioning.railway.exchange import Exchange

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

# what a request leaves of the hour: looks of staff may use the last of it, a new project must leave enough for what
# has been begun to be finished, and comparing everything is never urgent
KEPT = {"Logs": 0.0, "WorkspaceInfo": 0.0, "ProjectCreate": 0.1, "Stacks": 0.3, "ServiceDetails": 0.3}
KEPT_BY_OTHERS = 0.02
PAUSES = {RateLimited.code: float(RateLimited.pause), EdgeBlocked.code: float(EdgeBlocked.pause or 0)}
# while Redis is away each try costs its time-out: not before every request
REDIS_REST = 10.0


class OutOfBudget(NotNow):
    """The request was not sent: the workspace's budget is used up until the moment that ``retry_after`` names."""

    code = "waiting_for_railway_budget"


@dataclass(frozen=True)
class BudgetState:
    """``limit`` and ``remaining`` count requests of the hour, the smaller of our own and Railway's.

    ``reset_at`` is when ``remaining`` starts anew, ``paused_until`` how long Railway wants no request at all,
    ``waiting`` how many operations are held back by the budget, ``per_second`` the most that we send (0: no spacing).
    """

    workspace: str
    limit: int
    remaining: int
    reset_at: datetime | None
    paused_until: datetime | None
    per_second: float
    waiting: int


def queue_name(workspace: str) -> str:
    """What `Operation.queue` says of those who wait for this workspace's budget."""
    return f"budget:{workspace}"


def before(workspace: str, document: str) -> None:
    """Count the request, waiting less than a second when that is all it needs. Raises OutOfBudget."""
    if not settings.RAILWAY_REQUESTS_PER_HOUR:
        return
    terms = _terms(document)
    grant: Grant = _shared(lambda: budget_redis.take(workspace, terms), lambda: budget_rows.take(workspace, terms))
    if not grant.given:
        raise OutOfBudget(
            f"The request budget of the workspace {workspace} is used up for {grant.seconds:.0f} s.",
            retry_after=grant.seconds,
            queue=queue_name(workspace),
        )
    if grant.seconds:
        time.sleep(grant.seconds)


def after(workspace: str, done: Exchange) -> None:
    """Correct the budget by what Railway says about it."""
    pause = PAUSES.get(done.outcome, 0.0)
    if not settings.RAILWAY_REQUESTS_PER_HOUR or (not pause and done.remaining is None):
        return
    if pause and done.retry_after is not None:
        # said on purpose: it counts more than what the other headers may mean
        lesson = Lesson(done.limit, pause=done.retry_after)
    else:
        reset_in = None if done.reset_at is None else max(done.reset_at - time.time(), 0.0)
        lesson = Lesson(done.limit, done.remaining, reset_in, pause)
    _shared(lambda: budget_redis.learn(workspace, lesson), lambda: budget_rows.learn(workspace, lesson))


def state(workspace: str = "default") -> BudgetState:
    """How the workspace's budget stands now, for dashboards, metrics and alerts. Asks Railway nothing."""
    found: Budget = _shared(lambda: budget_redis.read(workspace), lambda: budget_rows.read(workspace))
    now, own = time.time(), settings.RAILWAY_REQUESTS_PER_HOUR
    counts = [(own - found.used, found.hour_ends)] if now < found.hour_ends else [(own, 0.0)]
    if found.remaining is not None and now < found.reset_at:
        counts.append((found.remaining, found.reset_at))
    remaining, reset_at = min(counts)
    return BudgetState(
        workspace=workspace,
        limit=min(own, found.limit) if found.limit else own,
        remaining=max(remaining, 0),
        reset_at=_moment(reset_at),
        paused_until=_moment(found.paused_until) if now < found.paused_until else None,
        per_second=settings.RAILWAY_REQUESTS_PER_SECOND,
        waiting=Operation.objects.active().filter(queue=queue_name(workspace)).count(),
    )


def _terms(document: str) -> Terms:
    return Terms(
        settings.RAILWAY_REQUESTS_PER_HOUR,
        settings.RAILWAY_REQUESTS_PER_SECOND,
        KEPT.get(document, KEPT_BY_OTHERS),
    )


_rests_until: dict[str, float] = {}


def _shared(in_redis: Callable[[], Result], in_rows: Callable[[], Result]) -> Result:
    """In Redis where there is one; while it does not answer, in the database, which is shared as well."""
    url: str = settings.REDIS_URL
    if not url or time.monotonic() < _rests_until.get(url, 0.0):
        return in_rows()
    try:
        return in_redis()
    except redis.RedisError as error:
        _rests_until[url] = time.monotonic() + REDIS_REST
        logger.warning("Redis is away (%s): the request budget is counted in the database", type(error).__name__)
    return in_rows()


def _moment(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
