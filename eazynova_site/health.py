"""Two pages for machines: /healthz says that this process answers, /readyz names everything that it stands on."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from eazynova_site import seen
from provisioning.gate import budget, workspaces
from provisioning.vitals import heartbeat

Finding = dict[str, Any]
FRESH_SECONDS = 2.0


@dataclass
class _Look:
    """What was found, and until when it is believed."""

    findings: dict[str, Finding]
    until: float


_last = _Look({}, 0.0)
_looking = threading.Lock()


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Asks nobody: what restarts a process that does not answer must not restart it for a database that is away."""
    return JsonResponse({"status": "ok"} | seen.told(request))


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """503 when something named here fails; for those who watch, not for those who restart.

    ``?checks=database,broker`` asks about these alone: a load balancer must not take the web away because a worker is.
    400 for a name that is no check. Anybody may ask: each process looks at most once in FRESH_SECONDS, one request at a
    time, and tells the others what was found last.
    """
    wanted = [name for name in request.GET.get("checks", "").split(",") if name] or list(CHECKS)
    if unknown := sorted(set(wanted) - set(CHECKS)):
        return JsonResponse({"status": "unknown", "unknown": unknown[:9], "checks": sorted(CHECKS)}, status=400)
    if _looking.acquire(blocking=False):
        try:
            _look()
        finally:
            _looking.release()
    checks = {name: found for name, found in _last.findings.items() if name in wanted}
    good = bool(checks) and all(found["ok"] for found in checks.values())
    return JsonResponse({"status": "ok" if good else "failing", "checks": checks}, status=200 if good else 503)


def forget() -> None:
    """The next request looks itself."""
    _last.until = 0.0


def _look() -> None:
    if time.monotonic() >= _last.until:
        _last.findings = {name: _found(check) for name, check in CHECKS.items()}
        _last.until = time.monotonic() + FRESH_SECONDS


def _found(check: Callable[[], Finding]) -> Finding:
    started = time.perf_counter()
    try:
        found = check()
    except (DatabaseError, redis.RedisError, OSError) as error:
        # its text may hold an address or a user name
        found = {"ok": False, "error": type(error).__name__}
    return found | {"milliseconds": round(1000 * (time.perf_counter() - started), 1)}


def _database() -> Finding:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {"ok": True}


def _migrations() -> Finding:
    waiting = _waiting_migrations()
    if waiting:
        # asked again next time: somebody may be running them
        _waiting_migrations.cache_clear()
    return {"ok": not waiting, "waiting": list(waiting)}


@lru_cache(maxsize=1)
def _waiting_migrations() -> tuple[str, ...]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return tuple(f"{migration.app_label}.{migration.name}" for migration, _backwards in plan)


def _broker() -> Finding:
    if not settings.REDIS_URL:
        return {"ok": True, "kind": "embedded"}
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
    try:
        return {"ok": bool(client.ping()), "kind": "redis"}
    finally:
        client.close()


def _alive(name: str) -> Callable[[], Finding]:
    def check() -> Finding:
        age = heartbeat.ages()[name]
        seconds = None if age is None else round(age / timedelta(seconds=1), 1)
        return {"ok": heartbeat.is_alive(name, age), "ageSeconds": seconds}

    return check


def _budget() -> Finding:
    """Of the default workspace, and ok when every workspace has some left."""
    states = [budget.state(name) for name in workspaces.configured()]
    empty = [state.workspace for state in states if state.paused_until or (state.limit and state.remaining <= 0)]
    return {
        "ok": not empty,
        "remaining": states[0].remaining,
        "limit": states[0].limit,
        "waitingOperations": sum(state.waiting for state in states),
        "usedUp": empty,
    }


CHECKS: dict[str, Callable[[], Finding]] = {
    "database": _database,
    "migrations": _migrations,
    "broker": _broker,
    "worker": _alive(heartbeat.WORKER),
    "beat": _alive(heartbeat.BEAT),
    "watcher": _alive(heartbeat.WATCHER),
    "railwayBudget": _budget,
}
