"""What we run ourselves: the database, the broker, the clock, the disk, and those who work by themselves."""

import shutil
import time
from collections.abc import Iterator
from datetime import timedelta

import redis
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from eazynova_site import beats
from eazynova_site.doctor.findings import Finding, good, warning, wrong
from provisioning.vitals import heartbeat

MOST_SKEW_SECONDS = 5.0
LEAST_FREE_SHARE = 0.1
WRITTEN_BYTES = 1_000_000


def database() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        said = _("The schema is behind by %(count)d migrations.") % {"count": len(waiting)}
        yield wrong("database", said, _("Run: python manage.py migrate"))
    known = {(each.app_label, each.name) for each in executor.loader.disk_migrations.values()}
    newer = [f"{app}.{name}" for app, name in executor.loader.applied_migrations if (app, name) not in known]
    if newer:
        said = _("The schema is ahead of this release: %(names)s") % {"names": ", ".join(sorted(newer)[:5])}
        yield warning(
            "database", said, _("A former release runs on it: that is well for one release, docs/operations.md.")
        )
    if connection.vendor == "postgresql":
        yield from _postgresql()
    if not waiting:
        yield good("database", _("%(kind)s answers, and its schema is whole") % {"kind": connection.display_name})


def _postgresql() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_timezone_names WHERE name = %s", [settings.TIME_ZONE])
        [zones] = cursor.fetchone()
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        [seconds] = cursor.fetchone()
        skew = float(seconds) - time.time()
        cursor.execute("SELECT pg_is_in_recovery()")
        [replica] = cursor.fetchone()
    if not zones:
        said = _("PostgreSQL does not know the time zone %(name)s.") % {"name": settings.TIME_ZONE}
        yield wrong("database", said, _("Install the time zones (tzdata) where PostgreSQL runs."))
    if abs(skew) > MOST_SKEW_SECONDS:
        yield _clock(_("PostgreSQL's clock"), skew)
    if replica:
        yield wrong(
            "database",
            _("This PostgreSQL is a read-only copy."),
            _("Let DATABASE_URL lead to the one that takes writes."),
        )
        return
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE doctor (filler text)")
            cursor.execute("INSERT INTO doctor SELECT repeat(md5(random()::text), %s)", [WRITTEN_BYTES // 32])
            transaction.set_rollback(True)
    except OperationalError:
        yield wrong(
            "database",
            _("PostgreSQL cannot write: its disk is full, or nearly."),
            _("Free space where PostgreSQL keeps its data, docs/operations.md."),
        )


def broker() -> Iterator[Finding]:
    if not settings.REDIS_URL:
        if not settings.DEBUG:
            yield warning(
                "broker",
                _("REDIS_URL is empty: one process, and `manage.py worker` for the work."),
                _("Set REDIS_URL for several processes."),
            )
        return
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2)
    try:
        memory = client.info("memory")
        seconds, micros = client.time()
        client.set("eazynova:doctor", "1", ex=60)
    finally:
        client.close()
    policy = str(memory.get("maxmemory_policy", "noeviction"))
    if policy != "noeviction":
        said = _("Redis throws things out when it is full (%(policy)s): messages and counts would vanish.") % {
            "policy": policy
        }
        yield wrong("broker", said, _("Set maxmemory-policy noeviction."))
    most, used = int(memory.get("maxmemory", 0)), int(memory.get("used_memory", 0))
    if most and used > most * (1 - LEAST_FREE_SHARE):
        yield warning("broker", _("Redis is nearly full."), _("Give it more memory (maxmemory)."))
    skew = seconds + micros / 1_000_000 - time.time()
    if abs(skew) > MOST_SKEW_SECONDS:
        yield _clock(_("Redis' clock"), skew)
    if policy == "noeviction":
        yield good("broker", _("Redis answers and takes writes"))


def workers() -> Iterator[Finding]:
    known = {heartbeat.WORKER: "worker", heartbeat.BEAT: "beat", heartbeat.WATCHER: "watcher"}
    for name, age in heartbeat.ages().items():
        if heartbeat.is_alive(name, age):
            continue
        since = (
            _("never seen")
            if age is None
            else _("last seen %(seconds)d s ago") % {"seconds": age / timedelta(seconds=1)}
        )
        said = _("%(name)s is silent: %(since)s") % {"name": known[name], "since": since}
        yield wrong("workers", said, _("Start it: docker compose up -d worker beat, or look at its log."))
    alive = beats.alive()
    if len(alive) > 1:
        said = _("%(count)d beats run (%(names)s): everything periodic is asked for several times.")
        yield wrong("workers", said % {"count": len(alive), "names": ", ".join(alive)}, _("Stop all but one."))
    if not heartbeat.silent() and len(alive) <= 1:
        yield good("workers", _("Worker, beat and watcher are alive"))


def disk() -> Iterator[Finding]:
    usage = shutil.disk_usage(settings.VAR_DIR if settings.VAR_DIR.exists() else settings.BASE_DIR)
    share = usage.free / usage.total
    if share < LEAST_FREE_SHARE:
        said = _("%(percent)d %% of the disk of %(folder)s are free.") % {
            "percent": 100 * share,
            "folder": settings.VAR_DIR,
        }
        yield warning("disk", said, _("Free space: docker system prune, old logs."))


def _clock(whose: str, skew: float) -> Finding:
    said = _("%(whose)s differs from ours by %(seconds)d s.") % {"whose": whose, "seconds": round(skew)}
    return wrong("clock", said, _("Let the machines keep their time (chrony, systemd-timesyncd)."))
