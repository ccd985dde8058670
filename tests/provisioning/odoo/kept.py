"""What a stopped container has left in its database and on its volume, of which copies are started again."""

import secrets
import shutil

from tests.provisioning.odoo.containers import Container, Role

NAMES = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"


class Kept:
    """Takes everything of ``container``, which must be stopped; there is one copy at a time."""

    def __init__(self, container):
        self._of = container
        self._name = f"kept_{secrets.token_hex(4)}"
        self._places = [name.removeprefix(container.database) for name in names(container.database)]
        for place in self._places:
            Role.administer(f"ALTER DATABASE {container.database}{place} RENAME TO {self._name}{place}")

    def copy(self, directory):
        """Another container that finds all of it there; its diary begins anew."""
        database = self._of.database
        shutil.copytree(self._of.data, directory / "data")
        for place in self._places:
            copy = f"{database}{place}"
            Role.administer(f"CREATE DATABASE {copy} TEMPLATE {self._name}{place} OWNER {database}")
            # a template gives everything but this
            Role.administer(f"REVOKE CONNECT ON DATABASE {copy} FROM PUBLIC")
        address = {name: self._of.environ[f"PG{name.upper()}"] for name in ("host", "port")}
        return Container(directory, self._of.role, database, **address)

    def drop(self):
        drop_databases(self._name)


def names(database):
    """It and what restorations made beside it."""
    return [name for (name,) in Role.administer(NAMES, database)]


def drop_databases(database):
    for name in names(database):
        Role.administer(f"DROP DATABASE {name} WITH (FORCE)")
