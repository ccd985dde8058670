"""Requests a second and response times at so many connections, for the API and for a view that does almost nothing."""

import http.client
import json
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from eazynova_site.benchmarks import surroundings

CONNECTIONS = 32
SECONDS = 6.0


@dataclass(frozen=True)
class Load:
    """``cpu`` is what a request took of the processor in milliseconds, in the web server and in PostgreSQL."""

    a_second: float
    times: Sequence[float]
    cpu: float

    def milliseconds(self, share: float) -> float:
        return 1000 * self.times[min(int(share * len(self.times)), len(self.times) - 1)]


def production_server(**more: str) -> AbstractContextManager[surroundings.Child]:
    """The web server as the Dockerfile starts it, with one process a core."""
    production = {
        "DEBUG": "0",
        "RAILWAY_API_URL": "https://127.0.0.1:9/graphql/v2",
        "BACKUP_S3_ENDPOINT": "https://127.0.0.1:9",
        "INSTANCE_URL_SCHEME": "https",
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "PORT": str(surroundings.SITE_PORT),
        "WEB_CONCURRENCY": str(os.cpu_count() or 1),
    }
    return surroundings.child("gunicorn", "eazynova_site.wsgi", **production | more)


def put_under(
    server: surroundings.Child,
    request: Callable[[int], tuple[str, str, bytes | None]],
    headers: dict[str, str],
    status: int,
) -> Load:
    """Ask for SECONDS over CONNECTIONS kept connections; ``request`` makes method, path and body from a number.

    Raises RuntimeError for any other status.
    """
    times: list[float] = []
    errors: list[str] = []
    numbers = iter(range(10**9))
    lock = threading.Lock()
    end = time.perf_counter() + SECONDS

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", surroundings.SITE_PORT, timeout=30)
        while time.perf_counter() < end and not errors:
            with lock:
                number = next(numbers)
            started = time.perf_counter()
            try:
                connection.request(*request(number), headers=headers)
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException) as error:
                errors.append(repr(error))
                return
            times.append(time.perf_counter() - started)
            if answer.status != status:
                errors.append(f"{answer.status} {body[:300]!r}")

    before = server.cpu_seconds() + surroundings.database_seconds()
    threads = [threading.Thread(target=ask) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise RuntimeError(errors[0])
    cpu = server.cpu_seconds() + surroundings.database_seconds() - before
    return Load(len(times) / SECONDS, sorted(times), 1000 * cpu / len(times))


def orders(prefix: str) -> Callable[[int], tuple[str, str, bytes]]:
    def order(number: int) -> tuple[str, str, bytes]:
        name = f"{prefix}-{number}"
        values = {"clientName": name, "adminEmail": f"a@{name}.example", "companyName": name, "plan": "demo"}
        return "POST", "/api/instances", json.dumps(values).encode()

    return order


def rows(prefix: str) -> Callable[[int], tuple[str, str, bytes]]:
    return lambda number: ("POST", "/floor", json.dumps({"key": f"{prefix}-{number}"}).encode())


def reads(path: str) -> Callable[[int], tuple[str, str, None]]:
    return lambda number: ("GET", path, None)


def etag_of(path: str, headers: dict[str, str]) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", surroundings.SITE_PORT, timeout=30)
    connection.request("GET", path, headers=headers)
    return connection.getresponse().headers["ETag"]
