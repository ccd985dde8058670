"""Creations against the sandbox: by the engine under Celery workers, and by a bare loop of the same HTTP calls."""

import json
import os
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing import get_context

import redis
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from eazynova_site.benchmarks import bare, load, surroundings
from provisioning.engine import running
from provisioning.gate import clients
from provisioning.models import Operation
from provisioning.railway.notification import EVENTS
from provisioning.states import OperationState
from tenants.models import Instance
from tenants.services import instances, partners


@dataclass(frozen=True)
class Figures:
    wall: float
    cpu: float
    megabytes: float
    requests: float
    latencies: Sequence[float]

    def percentile(self, share: float) -> float:
        return percentile(self.latencies, share)


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def order(count: int, prefix: str) -> list[int]:
    """The ids of so many instances, ordered and not yet begun."""
    house = partners.house()
    return [
        instances.create_instance(
            partner=house, client_name=f"{prefix}-{number}", email=f"a{number}@{prefix}.example", plan_code="demo"
        ).pk
        for number in range(count)
    ]


def by_engine(
    count: int,
    prefix: str,
    *pool: str,
    deploy_seconds: float,
    webhooks: bool = False,
    app: str = "eazynova_site",
    **more: str,
) -> Figures:
    """From the moment when workers may begin until every instance is ready, proven and announced.

    ``pool`` are options of the worker, ``more`` its further settings.
    """
    with surroundings.sandbox(deploy_seconds), called_by_railway() if webhooks else nullcontext():
        ordered = held_back(count, prefix)
        with surroundings.worker(*pool, app=app, **more) as worker:
            cpu = worker.cpu_seconds()
            wall = all_made(count)
            state = sandbox_state()
            return Figures(
                wall,
                worker.cpu_seconds() - cpu,
                worker.peak_megabytes(),
                sum(state["requests"].values()) / count,
                latencies(ordered, state),
            )


def held_back(count: int, prefix: str) -> list[int]:
    """The ids of so many orders that no worker begins before ``all_made``."""
    ordered = order(count, prefix)
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    Operation.objects.active().update(run_after=_far_away())
    return ordered


def all_made(count: int) -> float:
    """Let the worker begin; seconds until all are ready. Raises RuntimeError when one failed."""
    started = time.perf_counter()
    Operation.objects.active().update(run_after=timezone.now(), rung_at=None)
    running.sweep(limit=count)
    surroundings.until(lambda: not Operation.objects.active().exists(), "all are ready", 1_800)
    wall = time.perf_counter() - started
    failed = Operation.objects.exclude(state=OperationState.SUCCEEDED).count()
    if failed:
        raise RuntimeError(f"{failed} creations failed.")
    return wall


@contextmanager
def called_by_railway(**more: str) -> Iterator[surroundings.Child]:
    """A web server that Railway's webhooks reach."""
    with load.production_server(**more) as server:
        surroundings.until(lambda: surroundings.listens(surroundings.SITE_PORT), "the server listens", 60)
        clients.railway().create_notification_rule(
            workspace_id=clients.workspace_id(),
            url=f"http://127.0.0.1:{surroundings.SITE_PORT}"
            + reverse("railway_webhook", args=[settings.RAILWAY_WEBHOOK_SECRET]),
            event_types=EVENTS,
        )
        yield server


def by_bare_loop(count: int, *, processes: int) -> Figures:
    """The same calls with the same clients and no engine: what nobody who makes them can undercut."""
    with (
        surroundings.sandbox(0.0),
        ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool,
    ):
        list(pool.map(bare.warm, range(processes)))
        started = time.perf_counter()
        cpu = sum(pool.map(bare.create, range(count)))
        return Figures(time.perf_counter() - started, cpu, 0.0, sum(sandbox_state()["requests"].values()) / count, [0])


def latencies(ordered: Sequence[int], state: dict[str, list[dict[str, list[dict[str, object]]]]]) -> list[float]:
    """Seconds from the success of each Odoo's deployment until its instance was ready."""
    succeeded = {
        service["name"] + str(project["description"]): float(service["deployments"][0]["statusAt"])  # type: ignore
        for project in state["projects"]
        for service in project["services"]
    }
    found = []
    for instance in Instance.objects.filter(pk__in=ordered):
        moment = succeeded[f"odooeazynova-instance={instance.public_id}"]
        if instance.ready_at:
            found.append(instance.ready_at.timestamp() - moment)
    return found


def sandbox_state() -> dict:  # type: ignore[type-arg]
    request = urllib.request.Request(
        f"http://127.0.0.1:{surroundings.GRAPHQL_PORT}/_sandbox/state",
        headers={"Authorization": f"Bearer {os.environ['RAILWAY_API_TOKEN']}"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.load(answer)  # type: ignore[no-any-return]


def _far_away() -> datetime:
    return timezone.now() + timedelta(days=1)
