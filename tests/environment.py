"""Chooses, before Django's settings are read, what the tests run on.

TEST_SERVICES=auto      PostgreSQL and Redis where they answer, else the embedded defaults (the usual case)
TEST_SERVICES=none      the embedded defaults: SQLite, no Redis
TEST_SERVICES=required  PostgreSQL, Redis, Caddy and Chromium must be there; a test that lacks one fails
"""

import atexit
import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

MODE = os.environ.get("TEST_SERVICES", "auto")
DATABASE_URL = os.environ.get("TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
# database numbers 8 to 15 of this server are emptied
REDIS_URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379")
CHROMIUM = os.environ.get("TEST_CHROMIUM", "/usr/bin/chromium")
# no test needs its rows to outlive a crash of this server; those that kill a server have one of their own
HASTE = "options=-c%20synchronous_commit%3Doff"
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def _free_slot() -> int:
    """Runs at the same time on one machine get databases of their own; the lock ends with the run."""
    for slot in range(4):
        lock = os.open(f"{tempfile.gettempdir()}/eazynova-tests-{slot}.lock", os.O_CREAT | os.O_RDWR, 0o666)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
        else:
            return slot
    raise SystemExit("Four test runs are under way on this machine: wait for one to end.")


# the run's other processes inherit the choice of the first
SLOT = int(os.environ.get("TEST_SLOT") or _free_slot())
os.environ["TEST_SLOT"] = str(SLOT)


def _postgres_answers() -> bool:
    try:
        psycopg.connect(DATABASE_URL, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _redis_url() -> str:
    """A database number of its own for each test process of a run, of which there are eight at most."""
    return urlunsplit(urlsplit(REDIS_URL)._replace(path=f"/{8 + (SLOT * 2 + WORKER) % 8}"))


REDIS = redis.Redis.from_url(_redis_url(), socket_connect_timeout=2)


def _redis_answers() -> bool:
    try:
        REDIS.flushdb()
    except redis.RedisError:
        return False
    return True


WITH_SERVICES = MODE != "none" and _postgres_answers() and _redis_answers()
WITH_CADDY = shutil.which("caddy") is not None
WITH_CHROMIUM = Path(CHROMIUM).exists()

if MODE == "required" and not WITH_SERVICES:
    raise SystemExit(f"TEST_SERVICES=required, but PostgreSQL ({DATABASE_URL}) or Redis ({REDIS_URL}) does not answer.")

SCRATCH = Path(tempfile.mkdtemp(prefix="eazynova-tests-"))
atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)
os.environ.update(
    ENV_FILE="",
    VAR_DIR=str(SCRATCH),
    DEBUG="1",
    SECRET_KEY="tests-only-secret-key",
    DATABASE_URL=(
        urlunsplit(urlsplit(DATABASE_URL)._replace(path=f"/eazynova_{SLOT}", query=HASTE))
        if WITH_SERVICES
        else f"sqlite:///{SCRATCH}/db"
    ),
    REDIS_URL=_redis_url() if WITH_SERVICES else "",
    RAILWAY_API_TOKEN="sandbox-token",
    RAILWAY_WORKSPACE_ID="sandbox-workspace",
    RAILWAY_API_URL="http://127.0.0.1:9/graphql/v2",
    RAILWAY_REQUESTS_PER_SECOND="0",
    RAILWAY_REQUESTS_PER_HOUR="0",
    RAILWAY_POLL_SECONDS="0.1",
    RAILWAY_PROJECT_INTERVAL_SECONDS="0",
    RAILWAY_VOLUME_INTERVAL_SECONDS="0",
    RAILWAY_SETTLE_SECONDS="2",
    RAILWAY_WEBHOOK_SECRET="tests-only-webhook-secret",
    ANYMAIL_WEBHOOK_SECRET="tests:tests-only-mail-secret",
    INSTANCE_URL_SCHEME="http",
    LANGUAGE_CODE="fr",
    PUBLIC_BASE_URL="http://testserver",
)
