"""DATABASE_URL, turned into Django's words."""

from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

SHAPE = "write sqlite:///path/of/the/file or postgres://user:password@host:5432/name"


def database_from_url(url: str, *, folder: Path) -> dict[str, Any]:
    """An entry of DATABASES. A relative SQLite path (three slashes) starts in ``folder``, an absolute one has four.

    Raises ImproperlyConfigured, without repeating the address: it may hold a password.
    """
    try:
        parts = urlsplit(url)
        port = str(parts.port or "")
    except ValueError as error:
        raise ImproperlyConfigured(f"DATABASE_URL is not an address: {SHAPE}.") from error
    name = unquote(parts.path.removeprefix("/"))
    if not name:
        raise ImproperlyConfigured(f"DATABASE_URL names no database: {SHAPE}.")
    if parts.scheme == "sqlite" and not parts.netloc:
        return _sqlite(folder / name)
    if parts.scheme in ("postgres", "postgresql"):
        return _postgresql(parts, name, port)
    raise ImproperlyConfigured(f"DATABASE_URL is of an unknown kind: {SHAPE}.")


def _postgresql(parts: SplitResult, name: str, port: str) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": port,
        "OPTIONS": {"connect_timeout": 5, **dict(parse_qsl(parts.query))},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def _sqlite(path: Path) -> dict[str, Any]:
    """Writers queue instead of failing: write-ahead log, immediate transactions, twenty seconds of patience."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        # tests use threads and processes, which a database in memory would not reach
        "TEST": {"NAME": f"{path}.test"},
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
