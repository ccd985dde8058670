"""How a pool stands: its units by state, their age, what it hands out of what is ordered, and why it is not filled."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import takewhile

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from provisioning.models import Operation, Restore
from provisioning.states import OperationKind, OperationState
from tenants.models import Instance, Pool, Unit
from tenants.models.instance import InstanceQuerySet
from tenants.models.pool import UnitState
from tenants.pool import seeds, units
from tenants.pool.keys import key_of

MOST_FAILURES = 3
MOST_JUDGED = 20
WEEKS = timedelta(weeks=4)
# what an idle unit costs at Railway a month, in dollars: memory of both services, a little CPU, two empty volumes
IDLE_COST = Decimal("3.10")
COSTING = (UnitState.PREPARING, UnitState.WARM, UnitState.BROKEN)


@dataclass(frozen=True)
class Standing:
    """``fit`` are warm, of the present key and young enough; ``hits`` of the ``orders`` of four weeks found one.

    ``failures`` counts how many units in a row could not be made or handed out. ``seed`` is when the one was made that
    new instances begin with.
    """

    pool: Pool
    states: dict[UnitState, int]
    fit: int
    oldest: datetime | None
    orders: int
    hits: int
    failures: int
    monthly_cost: Decimal
    seed: datetime | None

    @property
    def is_stopped(self) -> bool:
        return self.failures >= MOST_FAILURES

    @property
    def hit_rate(self) -> float | None:
        return self.hits / self.orders if self.orders else None


def standing(pool: Pool) -> Standing:
    key = key_of(pool.plan, pool.language, pool.country)
    rows = Unit.objects.filter(pool=pool)
    states = Counter(unit.state for unit in rows.select_related("instance"))
    orders, seed = orders_of(pool, timezone.now() - WEEKS), seeds.usable(key)
    return Standing(
        pool=pool,
        states={state: states[state] for state in UnitState if state is not UnitState.GONE},
        fit=units.fitting(key).filter(pool=pool).count(),
        oldest=rows.in_state(UnitState.WARM).order_by("warm_at").values_list("warm_at", flat=True).first(),
        orders=orders.count(),
        hits=orders.filter(made_from__isnull=False).count(),
        failures=failures_in_a_row(pool, key),
        monthly_cost=sum(states[state] for state in COSTING) * IDLE_COST,
        seed=seed.ended_at if seed else None,
    )


def orders_of(pool: Pool, since: datetime) -> InstanceQuerySet:
    """What was ordered since then that this pool is for: what began as another's backup could not have had a unit."""
    mine = Instance.objects.of_customers().filter(plan=pool.plan_id, language=pool.language, country=pool.country)
    brought = Restore.objects.filter(instance=OuterRef("pk"), mode__in=(Restore.Mode.COPY, Restore.Mode.MOVE))
    return mine.filter(~Exists(brought), created_at__gte=since)


def failures_in_a_row(pool: Pool, key: str) -> int:
    """How many of the last units of this key could not be made, or, if these are more, of the last that were taken
    could not be handed over; since the last that could, and since the last resuming.

    A pool whose units are made well and fail their customers one after the other would else be filled for ever.
    """
    rows = Unit.objects.filter(pool=pool, key=key)
    handed = Operation.objects.filter(
        instance=OuterRef("handed_to"), kind=OperationKind.HAND_OVER, state=OperationState.SUCCEEDED
    )
    made = rows.filter(Q(warm_at__isnull=False) | Q(broken_at__isnull=False), created_at__gt=pool.resumed_at)
    taken = rows.filter(Exists(handed) | Q(broken_at__isnull=False), taken_at__gt=pool.resumed_at)
    return max(
        _leading(unit.warm_at is None for unit in made.order_by("-pk")[:MOST_JUDGED]),
        _leading(unit.broken_at is not None for unit in taken.order_by("-taken_at")[:MOST_JUDGED]),
    )


def _leading(failed: Iterable[bool]) -> int:
    return sum(1 for _one in takewhile(bool, failed))


def stopped() -> list[Standing]:
    """The pools that nobody can fill, of those that should be filled."""
    found = (standing(pool) for pool in Pool.objects.filter(size__gt=0).select_related("plan__blueprint"))
    return [each for each in found if each.is_stopped]


def preparation_time() -> timedelta:
    """How long it took to make a unit: the median of the last ones, six minutes before there are any."""
    done = Operation.objects.filter(kind=OperationKind.PREPARE, state=OperationState.SUCCEEDED).order_by("-pk")
    took = sorted(end - start for start, end in done.values_list("created_at", "ended_at")[:50] if end)
    return took[len(took) // 2] if took else timedelta(minutes=6)
