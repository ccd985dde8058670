"""Chooses, before Django's settings are read, what the tests run on.

TEST_SERVICES=auto      PostgreSQL and Redis where they answer, else the embedded defaults (the usual case)
TEST_SERVICES=none      the embedded defaults: SQLite, no Redis
TEST_SERVICES=required  PostgreSQL, Redis and Chromium must be there; a test that lacks one fails instead of skipping
"""

import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

MODE = os.environ.get("TEST_SERVICES", "auto")
DATABASE_URL = os.environ.get("TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
REDIS_URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/9")
CHROMIUM = os.environ.get("TEST_CHROMIUM", "/usr/bin/chromium")
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def _postgres_answers() -> bool:
    try:
        psycopg.connect(DATABASE_URL, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _redis_url() -> str:
    """A database number of its own for each test process."""
    parts = urlsplit(REDIS_URL)
    number = int(parts.path.removeprefix("/") or 0) - WORKER
    return urlunsplit(parts._replace(path=f"/{number}"))


def _redis_answers(url: str) -> bool:
    try:
        redis.Redis.from_url(url, socket_connect_timeout=2).flushdb()
    except redis.RedisError:
        return False
    return True


WITH_SERVICES = MODE != "none" and _postgres_answers() and _redis_answers(_redis_url())
WITH_CHROMIUM = Path(CHROMIUM).exists()

if MODE == "required" and not WITH_SERVICES:
    raise SystemExit(f"TEST_SERVICES=required, but PostgreSQL ({DATABASE_URL}) or Redis ({REDIS_URL}) does not answer.")

SCRATCH = Path(tempfile.mkdtemp(prefix="eazynova-tests-"))
os.environ.update(
    DEBUG="1",
    SECRET_KEY="tests-only-secret-key",
    DATABASE_URL=(
        urlunsplit(urlsplit(DATABASE_URL)._replace(path="/eazynova")) if WITH_SERVICES else f"sqlite:///{SCRATCH}/db"
    ),
    REDIS_URL=_redis_url() if WITH_SERVICES else "",
    EMAIL_FILE_PATH=str(SCRATCH / "mail"),
    RAILWAY_API_TOKEN="sandbox-token",
    RAILWAY_WORKSPACE_ID="sandbox-workspace",
    RAILWAY_API_URL="http://127.0.0.1:9/graphql/v2",
    RAILWAY_POLL_SECONDS="0.1",
    RAILWAY_PROJECT_INTERVAL_SECONDS="0",
    RAILWAY_VOLUME_INTERVAL_SECONDS="0",
    RAILWAY_SETTLE_SECONDS="2",
    RAILWAY_WEBHOOK_SECRET="tests-only-webhook-secret",
    INSTANCE_URL_SCHEME="http",
    LANGUAGE_CODE="fr",
    PUBLIC_BASE_URL="http://testserver",
)
