"""SQLite, the embedded default: its own backup API, by way of a copy beside the database that is gone afterwards."""

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.db import connection

from provisioning.site_backup.errors import SiteBackupFailed
from provisioning.site_backup.keys import Reader, Writer

ENGINE = "sqlite"
HEADER = b"SQLite format 3\0"
COPY = ".site-backup-"
# a copy older than this was left by a process that was killed
LEFT_SECONDS = 6 * 3600


def facts() -> dict[str, Any]:
    return {"server": sqlite3.sqlite_version, "client": sqlite3.sqlite_version}


@contextmanager
def dump() -> Iterator[Reader]:
    """A copy that no writer can tear. Raises SiteBackupFailed when SQLite finds it broken."""
    with _copy() as path:
        with closing(sqlite3.connect(_path())) as ours, closing(sqlite3.connect(path)) as copy:
            ours.backup(copy)
        _check(path)
        with path.open("rb") as file:
            yield file


@contextmanager
def examine() -> Iterator[Writer]:
    """Takes a dump and sees whether it begins as a database does. Raises SiteBackupFailed."""
    beginning = _Beginning()
    yield beginning
    if beginning.data != HEADER:
        raise SiteBackupFailed("It does not begin as a database of SQLite does.")


def is_empty() -> bool:
    return not connection.introspection.table_names()


def check_target(made: dict[str, Any]) -> None:
    """Every SQLite 3 reads every other."""


@contextmanager
def restore(aside: str) -> Iterator[Writer]:
    """Takes a dump and puts it into the database in one transaction; what is there is copied to a file ``aside``.

    Nothing is changed unless the whole stream was taken without an error in this block. Raises SiteBackupFailed.
    """
    connection.close()
    with _copy() as path:
        with path.open("wb") as file:
            yield file
        _check(path)
        with closing(sqlite3.connect(_path())) as ours, closing(sqlite3.connect(path)) as restored:
            if aside:
                with closing(sqlite3.connect(_path().with_name(f"{_path().name}.{aside}"))) as former:
                    ours.backup(former)
            restored.backup(ours)


@contextmanager
def _copy() -> Iterator[Path]:
    """An empty file beside the database, which only we may read, and which is gone afterwards."""
    for left in _path().parent.glob(f"{COPY}*"):
        if left.stat().st_mtime < time.time() - LEFT_SECONDS:
            left.unlink(missing_ok=True)
    with tempfile.NamedTemporaryFile(dir=_path().parent, prefix=COPY) as file:
        yield Path(file.name)


def _check(path: Path) -> None:
    try:
        with closing(sqlite3.connect(path)) as copy:
            [(found,)] = copy.execute("PRAGMA integrity_check(1)").fetchall()
    except sqlite3.DatabaseError as error:
        raise SiteBackupFailed(f"SQLite cannot read it: {error}") from error
    if found != "ok":
        raise SiteBackupFailed(f"SQLite finds it broken: {found[:200]}")


def _path() -> Path:
    return Path(connection.settings_dict["NAME"])


class _Beginning:
    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> int:
        self.data += data[: len(HEADER) - len(self.data)]
        return len(data)
