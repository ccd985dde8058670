"""Customers who watch their Odoo being made: how soon they are answered, and whether the engine is slower for it."""

import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import psycopg

from eazynova_site.benchmarks import creations, pollers, reports, surroundings
from eazynova_site.benchmarks.pollers import Heard
from tenants.models import Instance

# as many look at each instance
EACH = 4
WEB_PROCESSES = 2
DEPLOY_SECONDS = 60.0
MOST_MILLISECONDS = 250
NOT_SLOWER = 0.9


@dataclass(frozen=True)
class Run:
    """``web`` and ``worker`` are CPU seconds; ``latencies`` are those from a deployment's success to ready."""

    wall: float
    web: float
    worker: float
    transactions: int
    latencies: Sequence[float]
    heard: Heard | None


def report(count: int) -> list[str]:
    """(i)"""
    number = count // EACH
    alone, watched, again = runs = [_run(number, each) for each in (0, EACH, 0)]
    usual = (alone.wall + again.wall) / 2
    rows = [
        _each("wall seconds until all are ready", [f"{run.wall:.0f}" for run in runs]),
        _each("creations a second", [f"{number / run.wall:.2f}" for run in runs], f"{number / usual * NOT_SLOWER:.2f}"),
        *(
            _each(
                f"success to ready p{100 * share:.0f}, s",
                [f"{creations.percentile(run.latencies, share):.1f}" for run in runs],
            )
            for share in (0.5, 0.95)
        ),
        _each("CPU of the worker, % of one core", [_share(run.worker, run) for run in runs]),
        _each("CPU of the web processes, % of one core", [_share(run.web, run) for run in runs]),
        _each("transactions a second", [f"{run.transactions / run.wall:.0f}" for run in runs]),
        *_of_watchers(watched),
    ]
    how = f"{DEPLOY_SECONDS:.0f}-second deployments, {WEB_PROCESSES} web processes"
    title = f"## i. {count} watch {number} creations, {how}"
    told = f"With watchers, of the engine's speed without: **{usual / watched.wall:.2f}** (wanted: {NOT_SLOWER})."
    head = ["", "nobody watches", f"{count} watch", "nobody again", "wanted"]
    return [title, "", *reports.table(head, rows), "", told, ""]


def _of_watchers(run: Run) -> list[list[str]]:
    """Raises RuntimeError when nobody was answered."""
    heard = run.heard
    if heard is None or not heard.times:
        raise RuntimeError(f"Nobody was answered: {heard and heard.errors[:1]}")
    times = [
        (f"an answer p{100 * share:.0f}, ms", f"{1000 * creations.percentile(heard.times, share):.0f}", most)
        for share, most in ((0.5, ""), (0.95, str(MOST_MILLISECONDS)), (0.99, ""))
    ]
    rows = [
        ("answers a second", f"{len(heard.times) / run.wall:.0f}", ""),
        ("of them 304, %", f"{100 * heard.unchanged / len(heard.times):.0f}", ""),
        *times,
        ("errors", str(len(heard.errors)), "0"),
        ("kept connections that had been closed", str(heard.again), ""),
        ("CPU of those who ask, % of one core", _share(heard.cpu, run), ""),
    ]
    for error in sorted(set(heard.errors))[:3]:
        sys.stderr.write(f"{error}\n")
    return [_each(name, ["", value, ""], most) for name, value, most in rows]


def _run(number: int, each: int) -> Run:
    reports.forget()
    with (
        surroundings.sandbox(DEPLOY_SECONDS),
        creations.called_by_railway(WEB_CONCURRENCY=str(WEB_PROCESSES)) as server,
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool,
    ):
        ordered = creations.held_back(number, "i")
        statuses = [
            (f"/api/instances/{row.public_id}", row.status_token) for row in Instance.objects.filter(pk__in=ordered)
        ]
        # the process is there before anything is measured
        pool.submit(time.process_time).result()
        with surroundings.worker(*reports.THREADS, app="eazynova_site.benchmarks.worker",
                                 RAILWAY_POLL_SECONDS=str(reports.POLL_SECONDS)) as worker:  # fmt: skip
            before = server.cpu_seconds(), worker.cpu_seconds(), _transactions()
            asking = pool.submit(pollers.watch, surroundings.SITE_PORT, statuses, each) if each else None
            wall = creations.all_made(number)
            after = server.cpu_seconds(), worker.cpu_seconds(), _transactions()
            # the last of them have yet to hear that it is ready
            heard = asking.result() if asking else None
            latencies = creations.latencies(ordered, creations.sandbox_state())
    web, engine, transactions = (late - early for early, late in zip(before, after, strict=True))
    return Run(wall, web, engine, int(transactions), latencies, heard)


def _transactions() -> int:
    """Outside of a transaction each statement counts as one: nearly all that a watcher's answer costs."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        counted = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
        row = connection.execute(counted).fetchone()
    return int(row[0]) if row else 0


def _share(cpu: float, run: Run) -> str:
    return f"{100 * cpu / run.wall:.0f}"


def _each(name: str, values: Sequence[str], wanted: str = "") -> list[str]:
    return [name, *values, wanted]
