"""Turns for requests that Railway throttles by the clock, a workspace each, the oldest operation first, stock last.

`budget` says how many requests an hour holds, whoever sends them; a turn says whose request is next.

The queue is the operations themselves (`Operation.queue`): one that ends leaves it by ending, and a lost Redis loses
nobody's place. Each gets the moment when its turn is expected, so that a thousand do not wake for one slot.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Min, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from provisioning.models import Operation, OperationQuerySet, Slot, Step
from provisioning.spec import TEST
from provisioning.states import OperationKind, StepState

# one that does not come in its turn for so long (its only runner was killed) does not keep the others
MISSED = timedelta(seconds=60)
# sooner than this a waiting operation comes by itself
NEAR = timedelta(seconds=2)
# what is made before anybody asks for it
STOCK = Q(kind=OperationKind.PREPARE)
# those that ask for a turn, see `engine.recipes`
PACED_STEPS = ("create_project", "create_volumes")
# an operation that goes on sends a handful of requests
STAGGER = 0.25


@dataclass(frozen=True)
class QueuePosition:
    """``position`` counts from 1 among the ``waiting``; ``starts_at`` is when its turn is expected."""

    position: int
    waiting: int
    starts_at: datetime


def queue_name(request: str, workspace: str) -> str:
    return f"{request}:{workspace}"


def interval(queue: str) -> float:
    """Seconds between two turns of this queue; 0 for one that is not paced, as none of test mode is."""
    paced = {
        "project_create": settings.RAILWAY_PROJECT_INTERVAL_SECONDS,
        "volume_create": settings.RAILWAY_VOLUME_INTERVAL_SECONDS,
    }
    request, _colon, workspace = queue.partition(":")
    return 0.0 if workspace == TEST else float(paced.get(request, 0))


def take(operation: Operation, queue: str) -> float:
    """0 when it is this operation's turn, which is then taken; else the seconds until its turn is expected."""
    seconds = interval(queue)
    with transaction.atomic():
        slot = _locked(queue)
        now, free_at = time.time(), _free_at(slot, seconds)
        mine = Operation.objects.active().filter(pk=operation.pk)
        ahead = _ahead(operation, queue) + _still_to_come(operation, queue)
        if ahead or free_at > now:
            mine.update(queue=queue)
            return max(free_at - now, 0.0) + ahead * seconds
        slot.free_at = now + seconds
        slot.save(update_fields=["free_at"])
        mine.update(queue="")
    return 0.0


def put_off(queue: str, seconds: float) -> None:
    """Railway says that it is too early: nobody's turn comes before ``seconds`` from now."""
    if interval(queue):
        with transaction.atomic():
            slot = _locked(queue)
            slot.free_at = max(slot.free_at, time.time() + seconds)
            slot.save(update_fields=["free_at"])


def position_of(operation: Operation) -> QueuePosition | None:
    """Where the operation stands in the queue it waits in, None when it waits in none."""
    if not operation.queue:
        return None
    others = _waiting(operation.queue).exclude(pk=operation.pk)
    ahead = _ahead(operation, operation.queue)
    starts_at = max(operation.run_after, timezone.now())
    if seconds := interval(operation.queue):
        slot = Slot.objects.filter(pk=operation.queue).first()
        free_at = _free_at(slot, seconds) if slot else 0.0
        starts_at = datetime.fromtimestamp(max(free_at, time.time()) + ahead * seconds, UTC)
    return QueuePosition(ahead + 1, others.count() + 1, starts_at)


def stagger(operation: Operation, queue: str) -> float:
    """Seconds to add for those who wait for one and the same moment, so that they come back one after the other."""
    if not queue or interval(queue):
        return 0.0
    return STAGGER * _ahead(operation, queue)


def overdue() -> list[int]:
    """Those whose turn has come sooner than they expect, because others ahead of them gave up."""
    now = timezone.now()
    waiting = Operation.objects.active().exclude(queue="").values("queue")
    firsts = waiting.annotate(first=Coalesce(Min("pk", filter=~STOCK), Min("pk")))
    free = set(Slot.objects.filter(free_at__lte=time.time()).values_list("key", flat=True))
    heads = [row["first"] for row in firsts if row["queue"] in free]
    return list(Operation.objects.active().filter(pk__in=heads, run_after__gt=now + NEAR).values_list("pk", flat=True))


def _ahead(operation: Operation, queue: str) -> int:
    """How many go first: whoever was ordered before, and before all stock whoever has a customer."""
    before = Q(pk__lt=operation.pk)
    is_stock = operation.kind == OperationKind.PREPARE
    return _waiting(queue).filter(before | ~STOCK if is_stock else before & ~STOCK).count()


def _still_to_come(operation: Operation, queue: str) -> int:
    """Customers who have not come for their turn yet: what is only stock does not take it from under their feet."""
    if operation.kind != OperationKind.PREPARE:
        return 0
    asks = Step.objects.filter(operation=OuterRef("pk"), code__in=PACED_STEPS).exclude(state=StepState.DONE)
    workspace = queue.partition(":")[2]
    mine = Operation.objects.active().filter(kind=OperationKind.CREATE, spec__workspace=workspace)
    return mine.filter(Exists(asks)).exclude(queue=queue).count()


def _waiting(queue: str) -> OperationQuerySet:
    now = timezone.now()
    awake = Q(run_after__gte=now - MISSED) | Q(lease_expires_at__gte=now)
    return Operation.objects.active().filter(awake, queue=queue)


def _locked(queue: str) -> Slot:
    Slot.objects.get_or_create(key=queue)
    return Slot.objects.select_for_update().get(key=queue)


def _free_at(slot: Slot, seconds: float) -> float:
    """A clock that was put back must not keep everybody waiting."""
    return slot.free_at if slot.free_at <= time.time() + max(10 * seconds, 3600) else 0.0
