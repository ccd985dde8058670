"""Which of the two kinds of database is ours, and what both can do."""

from contextlib import AbstractContextManager
from typing import Any, Protocol, cast

from django.db import connection

from provisioning.site_backup import postgresql, sqlite
from provisioning.site_backup.keys import Reader, Writer


class Dumps(Protocol):
    """See `postgresql` for what each promises; `sqlite` promises the same."""

    ENGINE: str

    def facts(self) -> dict[str, Any]: ...
    def dump(self) -> AbstractContextManager[Reader]: ...
    def examine(self) -> AbstractContextManager[Writer]: ...
    def is_empty(self) -> bool: ...
    def check_target(self, made: dict[str, Any]) -> None: ...
    def restore(self, aside: str) -> AbstractContextManager[Writer]: ...


def of_this_database() -> Dumps:
    return cast("Dumps", postgresql if connection.vendor == "postgresql" else sqlite)
