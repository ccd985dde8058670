"""The watcher: asks about all deployments that operations wait for, together, and wakes those whose wait is over."""

import logging
import math
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from provisioning.doorbell import Priority
from provisioning.engine import running
from provisioning.errors import ProvisioningError
from provisioning.ledger import statuses
from provisioning.models import Operation, Resource, Slot
from provisioning.railway.reading import DEPLOYMENTS_A_REQUEST
from provisioning.railway.results import DeploymentStatus
from provisioning.states import ResourceState
from provisioning.steps.deployments import BAD, RUNNING
from provisioning.steps.desired_state import ODOO, POSTGRES

logger = logging.getLogger(__name__)

# what lies before is progress to look at, and nothing for an operation to do
NEWS = RUNNING | BAD
SETTLED = NEWS - {DeploymentStatus.REMOVING}
WATCHING = "watching"
# a watcher that was killed keeps the others away for no longer
LONGEST_WATCH = 120.0


def watch() -> int | None:
    """Look once at every deployment that an active operation waits for; returns how many changed.

    None when somebody else is still looking: a slow Railway must not fill all workers with watchers. A workspace that
    cannot be asked is left for the next time: the operations themselves notice when nobody has looked for long.
    """
    with _alone() as alone:
        return _look_at(_awaited()) if alone else None


def watch_in_turn() -> int | None:
    """Look at those at which nobody has looked for RAILWAY_POLL_SECONDS; returns how many changed, or None as `watch`.

    To be asked every second: with a thousand in flight what there is to do comes evenly instead of in one rush. A
    request that is sent anyway is filled up with those whose turn would come next.
    """
    with _alone() as alone:
        return _look_at(_due()) if alone else None


def tell(deployment_id: str) -> None:
    """There may be news of this deployment: the next :func:`catch_up` looks at it. A hint, never the truth."""
    _awaited().filter(external_id=deployment_id).update(news_at=timezone.now())


def catch_up() -> int:
    """Look once at all that :func:`tell` was told of, however often; returns how many changed."""
    rows = list(_awaited().filter(news_at__isnull=False))
    if not rows:
        return 0
    latest = max(row.news_at for row in rows if row.news_at)
    # before looking: what is told meanwhile is news again
    Resource.objects.filter(pk__in=[row.pk for row in rows], news_at__lte=latest).update(news_at=None)
    return _look_at(rows)


@contextmanager
def _alone() -> Iterator[bool]:
    now = time.time()
    until = now + LONGEST_WATCH
    Slot.objects.get_or_create(key=WATCHING)
    # further away than any watch: the clock was put back
    free = Q(free_at__lte=now) | Q(free_at__gt=until)
    won = bool(Slot.objects.filter(free, pk=WATCHING).update(free_at=until))
    try:
        yield won
    finally:
        if won:
            Slot.objects.filter(pk=WATCHING, free_at=until).update(free_at=0)


def _look_at(rows: Iterable[Resource]) -> int:
    by_workspace: dict[str, list[Resource]] = {}
    for row in rows:
        by_workspace.setdefault(row.workspace, []).append(row)
    return sum(_look_in(workspace, theirs) for workspace, theirs in by_workspace.items())


def _look_in(workspace: str, rows: list[Resource]) -> int:
    """One request at a time, waking those whose wait is over before the next; whose last wait it was come first."""
    rows.sort(key=lambda row: row.name != ODOO)
    count = 0
    for start in range(0, len(rows), DEPLOYMENTS_A_REQUEST):
        try:
            changed = statuses.look(rows[start : start + DEPLOYMENTS_A_REQUEST], workspace=workspace)
        except ProvisioningError as error:
            logger.warning("Could not watch workspace %s: %s", workspace, error.message)
            rest = time.time() + settings.RAILWAY_POLL_SECONDS
            Slot.objects.update_or_create(key=f"{WATCHING}:{workspace}", defaults={"free_at": rest})
            break
        count += len(changed)
        news = [row for row in changed if row.status in NEWS]
        running.wake(*_operations_on(row for row in news if row.name == ODOO), priority=Priority.LAST_WAIT)
        running.wake(*_operations_on(row for row in news if row.name != ODOO))
    return count


def _due() -> list[Resource]:
    """The longest unseen first, in whole requests; a workspace that could not be asked rests for one interval."""
    seen = Coalesce("checked_at", "attempted_at", "created_at")
    waiting = _awaited().annotate(seen=seen).order_by("seen", "pk")
    resting = Slot.objects.filter(key__startswith=f"{WATCHING}:", free_at__gt=time.time()).values_list("key", flat=True)
    horizon = timezone.now() - timedelta(seconds=settings.RAILWAY_POLL_SECONDS)
    counts = Counter(waiting.filter(seen__lte=horizon).values_list("workspace", flat=True))
    rows: list[Resource] = []
    for workspace, count in counts.items():
        if f"{WATCHING}:{workspace}" not in resting:
            whole = math.ceil(count / DEPLOYMENTS_A_REQUEST) * DEPLOYMENTS_A_REQUEST
            rows += waiting.filter(workspace=workspace)[:whole]
    return rows


def _awaited() -> QuerySet[Resource]:
    """What an operation waits for, and the database that runs already while its Odoo is awaited: it may end."""
    waiting = Operation.objects.active().filter(instance=OuterRef("instance"))
    rows = Resource.objects.filter(Exists(waiting), kind="deployment", state=ResourceState.PRESENT)
    odoo = Resource.objects.filter(
        instance=OuterRef("instance"), kind="deployment", state=ResourceState.PRESENT, name=ODOO
    )
    needed = Q(Exists(odoo.exclude(status__in=SETTLED)), name=POSTGRES, status__in=RUNNING)
    return rows.filter(needed | ~Q(status__in=SETTLED)).order_by("pk")


def _operations_on(rows: Iterable[Resource]) -> list[int]:
    instance_ids = {row.instance_id for row in rows}
    return list(Operation.objects.active().filter(instance_id__in=instance_ids).values_list("pk", flat=True))
