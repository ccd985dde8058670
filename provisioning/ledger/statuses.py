"""Reading deployments' statuses into the ledger: one request for many deployments."""

import logging
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from provisioning.gate import clients
from provisioning.models import Resource
from provisioning.railway.errors import RailwayError

logger = logging.getLogger(__name__)


def freshness() -> timedelta:
    """For how long a status that the watcher read is good enough for a step that does not want to ask itself."""
    return timedelta(seconds=3 * settings.RAILWAY_POLL_SECONDS + 30)


def is_fresh(row: Resource) -> bool:
    """A deployment ordered a moment ago counts as fresh: the watcher's next look comes soon enough."""
    seen = row.checked_at or row.attempted_at or row.created_at
    return timezone.now() - seen < freshness()


def look(rows: Sequence[Resource], *, workspace: str) -> list[Resource]:
    """Ask Railway about these deployments, write their statuses down, and return the rows that changed.

    A deployment that Railway cannot tell about keeps its status; the others are not spoilt by it, and it has its turn
    again as they have.
    Raises RailwayError when the request as a whole fails.
    """
    if not rows:
        return []
    answers = clients.railway(workspace).deployments([row.external_id for row in rows])
    now = timezone.now()
    seen: dict[str, list[Resource]] = {}
    for row in rows:
        answer = answers.get(row.external_id)
        if answer is None or isinstance(answer, RailwayError):
            logger.info("Railway does not tell about deployment %s: %s", row.external_id, answer)
            seen.setdefault(row.status, []).append(row)
        else:
            seen.setdefault(answer.status, []).append(row)
    changed = [row for status, theirs in seen.items() for row in theirs if row.status != status]
    for status, theirs in seen.items():
        # a statement for each status: there are few, and hundreds of rows
        Resource.objects.filter(pk__in=[row.pk for row in theirs]).update(status=status, checked_at=now)
        for row in theirs:
            row.status, row.checked_at = status, now
    return changed
