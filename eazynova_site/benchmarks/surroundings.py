"""What a benchmark runs in: a database and a broker of its own, the sandbox, and child processes that end with it."""

import base64
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

FOLDER = Path(__file__).resolve().parents[2]
DATABASE = "eazynova_bench"
GRAPHQL_PORT, ODOO_PORT, SITE_PORT, S3_PORT = 8290, 8270, 8280, 8295
STORAGE = f"http://127.0.0.1:{S3_PORT}"
BUCKET = {
    "BACKUP_S3_ENDPOINT": STORAGE,
    "BACKUP_S3_REGION": "eu-sandbox-1",
    "BACKUP_S3_BUCKET": "eazynova-backups",
    "BACKUP_S3_ACCESS_KEY_ID": "sandbox-key",
    "BACKUP_S3_SECRET_ACCESS_KEY": "sandbox-secret",
}
# of a server whose agents send to the sandbox's storage, which production refuses
DOOR = {"DEBUG": "1", "BACKUP_S3_ENDPOINT": STORAGE}
POLL_SECONDS = 1.0
TICKS = os.sysconf("SC_CLK_TCK")


def environment() -> dict[str, str]:
    """The settings that every process of the benchmark gets, this one too."""
    database = os.environ.get("BENCH_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
    return {
        "ENV_FILE": "",
        # production refuses the sandbox; the web server is measured as in production nevertheless, see load
        "DEBUG": "1",
        "ENCRYPTION_KEYS": base64.urlsafe_b64encode(b"b" * 32).decode(),
        "ALLOWED_HOSTS": "127.0.0.1",
        "PUBLIC_BASE_URL": "https://bench.example.com",
        "SECURE_SSL_REDIRECT": "0",
        "RAILWAY_WEBHOOK_SECRET": "benchmark-" * 4,
        "DEFAULT_FROM_EMAIL": "bench@example.com",
        "WEBHOOK_ALLOW_LOOPBACK": "1",
        "DJANGO_SETTINGS_MODULE": "eazynova_site.benchmarks.settings",
        "SECRET_KEY": "benchmark-" * 6,
        "DATABASE_URL": urlunsplit(urlsplit(database)._replace(path=f"/{DATABASE}")),
        "REDIS_URL": os.environ.get("BENCH_REDIS_URL", "redis://127.0.0.1:6379/14"),
        "RAILWAY_API_URL": f"http://127.0.0.1:{GRAPHQL_PORT}/graphql/v2",
        "RAILWAY_API_TOKEN": "sandbox-token",
        "RAILWAY_WORKSPACE_ID": "5a4db0c0-0000-4000-8000-000000000001",
        # counted as in production, only not held back
        "RAILWAY_REQUESTS_PER_SECOND": "0",
        "RAILWAY_REQUESTS_PER_HOUR": "99999999",
        "RAILWAY_POLL_SECONDS": str(POLL_SECONDS),
        "RAILWAY_PROJECT_INTERVAL_SECONDS": "0",
        "RAILWAY_VOLUME_INTERVAL_SECONDS": "0",
        "INSTANCE_URL_SCHEME": "http",
        "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend",
        **BUCKET,
        "API_KEY_RATE": "99999/s",
        "API_VISITOR_RATE": "99999/s",
        "ORDER_PARTNER_RATE": "999999/d",
        "MAIL_RECIPIENT_RATE": "999999/d",
        "MAIL_TOTAL_RATE": "999999/d",
        "MAIL_PARTNER_RATE": "999999/d",
        "LOG_LEVEL": "ERROR",
    }


def make_database() -> None:
    """An empty one, whatever an earlier run left."""
    server = urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path="/postgres"))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE}")
    redis.Redis.from_url(os.environ["REDIS_URL"]).flushdb()


@dataclass(frozen=True)
class Child:
    process: "subprocess.Popen[bytes]"

    def cpu_seconds(self) -> float:
        """User and system time of the process and its living children."""
        return sum(_ticks(pid) for pid in self._family()) / TICKS

    def peak_megabytes(self) -> float:
        """The largest resident set of the process and of its children, each at its own peak, added up."""
        return sum(_peak(pid) for pid in self._family()) / 1024

    def _family(self) -> list[int]:
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]


@contextmanager
def child(*command: str, **more: str) -> Iterator[Child]:
    """A child process with Python's ``-m`` and the command, ended with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=FOLDER,
        env=os.environ | more,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield Child(process)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def sandbox(deploy_seconds: float, answer_seconds: float = 0.0) -> Iterator[Child]:
    # more creations than a Pro plan's 10 000 requests an hour allow: the budget counts, and holds nothing back
    ports = {"--port": GRAPHQL_PORT, "--odoo-port": ODOO_PORT, "--s3-port": S3_PORT}
    options = ports | {"--speed": deploy_seconds, "--hourly-limit": 10**8, "--answer-seconds": answer_seconds}
    with child("django", "sandbox", *(str(part) for pair in options.items() for part in pair), "--quiet") as running:
        until(lambda: listens(GRAPHQL_PORT), "the sandbox listens")
        yield running


@contextmanager
def worker(*options: str, app: str = "eazynova_site", **more: str) -> Iterator[Child]:
    """A Celery worker that has taken up its work, and beside it a beat."""
    from eazynova_site.celery import app as broker  # noqa: PLC0415 the settings are read here

    schedule = f"/tmp/eazynova-bench-beat-{os.getpid()}"  # noqa: S108
    with (
        child("celery", "-A", app, "beat", "-s", schedule, **more),
        child("celery", "-A", app, "worker", *options, **more) as running,
    ):
        until(lambda: broker.control.ping(timeout=0.5), "the worker answers")
        yield running


def database_seconds() -> float:
    """User and system time of the database's present connections; PostgreSQL is on this machine."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        rows = connection.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()").fetchall()
    return sum(_ticks(pid) for (pid,) in rows if Path(f"/proc/{pid}").exists()) / TICKS


def until(condition: Callable[[], object], what: str, patience: float = 600.0) -> None:
    """Poll until the condition holds. Raises TimeoutError."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"It never happened: {what}")
        time.sleep(0.05)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _peak(pid: int) -> int:
    status: Mapping[str, str] = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    return int(status["VmHWM"].split()[0])
