"""Orders that find a warm unit: how long until the login is proven and the mail written, what Railway is asked."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from eazynova_site.benchmarks import creations, reports, surroundings
from provisioning.models import Operation
from provisioning.states import OperationKind, OperationState
from tenants.lifecycle import InstanceState
from tenants.models import Instance, Mail, Unit
from tenants.services import pool as pools

ANSWER_SECONDS = 0.15
AT_ONCE, HELD = 50, 10
APP = "eazynova_site.benchmarks.worker"


@dataclass(frozen=True)
class Rush:
    """``handed`` and ``cold`` are how so many orders at once came true, ``twice`` the units that two of them have."""

    handed: int
    cold: int
    twice: int
    mails: int


def report(count: int) -> list[str]:
    """(h)"""
    reports.forget()
    with _two_workers():
        _fill(count)
        waits, requests = _one_a_second(count)
    reports.forget()
    with _two_workers():
        _fill(HELD)
        rush = _all_at_once()
    rows = [
        ["order to proven login and mail, p50, s", f"{creations.percentile(waits, 0.5):.2f}", "2"],
        ["the same, p95, s", f"{creations.percentile(waits, 0.95):.2f}", "3"],
        ["Railway requests a hand-over", f"{requests:.1f}", "4"],
        [f"of {AT_ONCE} at once on {HELD} units: handed over", str(rush.handed), str(HELD)],
        ["made as usual", str(rush.cold), str(AT_ONCE - HELD)],
        ["units that two customers have", str(rush.twice), "0"],
        ["welcome mails", str(rush.mails), str(AT_ONCE)],
    ]
    title = (
        f"## h. {count} warm units, an order a second, {1000 * ANSWER_SECONDS:.0f} ms a request at Railway, two workers"
    )
    return [title, "", *reports.table(["", "measured", "wanted"], rows), ""]


@contextmanager
def _two_workers() -> Iterator[None]:
    threads = ("--pool", "threads", "--concurrency", "4")
    with (
        surroundings.sandbox(0.0, ANSWER_SECONDS),
        surroundings.worker(*threads, app=APP),
        surroundings.child("celery", "-A", APP, "worker", *threads, "--hostname", "second@%h"),
    ):
        yield


def _fill(count: int) -> None:
    """So many warm units, and none made meanwhile."""
    pool = pools.pool_of("demo")
    pools.resize(pool, count)

    def full() -> bool:
        pools.fill(pool)
        return Unit.objects.filter(instance__state=InstanceState.WARM).count() == count

    surroundings.until(full, "the pool is full", 1_200)
    surroundings.until(lambda: not Operation.objects.active().exists(), "nothing is under way")
    pools.pause(pool)


def _one_a_second(count: int) -> tuple[list[float], float]:
    """Seconds until each was ready, and what was asked of Railway for each."""
    before = _asked()
    ordered = {}
    for number in range(count):
        began = time.time()
        ordered[creations.order(1, f"h{number}")[0]] = began
        time.sleep(max(0.0, began + 1.0 - time.time()))
    _all_ready(count)
    handed = Operation.objects.filter(kind=OperationKind.HAND_OVER, state=OperationState.SUCCEEDED).count()
    if handed != count:
        raise RuntimeError(f"Only {handed} of {count} orders were handed a unit.")
    requests = (_asked() - before) / count
    rows = Instance.objects.filter(pk__in=ordered)
    return [row.ready_at.timestamp() - ordered[row.pk] for row in rows if row.ready_at], requests


def _all_at_once() -> Rush:
    ordered = creations.order(AT_ONCE, "rush")
    _all_ready(AT_ONCE)
    made = Operation.objects.filter(instance__in=ordered, state=OperationState.SUCCEEDED)
    owners = [unit.handed_to_id for unit in Unit.objects.exclude(handed_to=None)]
    return Rush(
        handed=made.filter(kind=OperationKind.HAND_OVER).count(),
        cold=made.filter(kind=OperationKind.CREATE).count(),
        twice=len(owners) - len(set(owners)),
        mails=Mail.objects.filter(instance__in=ordered, kind=Mail.Kind.WELCOME).count(),
    )


def _all_ready(count: int) -> None:
    ready = Instance.objects.of_customers().filter(state=InstanceState.READY)
    surroundings.until(lambda: ready.count() == count, f"{count} are ready")


def _asked() -> int:
    return sum(creations.sandbox_state()["requests"].values())
