"""A new database and its files take the place of the former ones, or give it back; nothing is ever half in place.

The databases change their names in one transaction. The folders follow, and whoever was killed in between finds out by
looking: a database holds the id of the restoration that it came from, and of the one that has replaced it.
"""

import shutil
import time
from dataclasses import replace
from pathlib import Path

from psycopg2 import sql
from psycopg2.errors import ObjectInUse
from psycopg2.extensions import connection

from . import database
from .outcome import say
from .settings import Settings

# the longest name of a database has 63 characters
STEM = 50
SETTLED, REPLACED = "eazynova.restore", "eazynova.replaced_by"
NOTE = """
INSERT INTO public.ir_config_parameter (key, value) VALUES (%s, %s)
ON CONFLICT (key) DO UPDATE SET value = excluded.value
"""
PARAMETERS = "SELECT to_regclass('public.ir_config_parameter')"
CLEAR_OUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY (string_to_array(%s, ','))"
TRIES = 5


class Places:
    """Where the databases and folders of an instance are: those served, the new ones, the former and the given up."""

    def __init__(self, settings: Settings, admin: connection) -> None:
        self._settings = settings
        self._admin = admin
        stem = settings.database[:STEM]
        self.present = settings.database
        self.restoring, self.former, self.undone = (f"{stem}_{name}" for name in ("restoring", "former", "undone"))

    def folder(self, name: str) -> Path:
        return self._settings.data_dir / "filestore" / name

    def at(self, name: str) -> Settings:
        return replace(self._settings, database=name)

    def exists(self, name: str) -> bool:
        return bool(database.value(self._admin, "SELECT 1 FROM pg_database WHERE datname = %s", name))

    def settled(self, name: str) -> str:
        """The id of the restoration that this database came from, or that was given up over it; "" for none."""
        return self.parameter(name, SETTLED)

    def replaced(self, name: str) -> str:
        """The id of the restoration that took this database's place; "" for none."""
        return self.parameter(name, REPLACED)

    def parameter(self, name: str, key: str) -> str:
        """What a database keeps under this key; "" when it keeps nothing, or is not there.

        One that is not Odoo's own role's is not looked into.
        """
        at = self.at(name)
        if database.owner(at, self._admin) != self._settings.odoo.role:
            return ""
        link = database.connect(at, at.odoo, name)
        try:
            if not database.value(link, PARAMETERS):
                return ""
            known = "SELECT value FROM public.ir_config_parameter WHERE key = %s"
            return str(database.value(link, known, key) or "")
        finally:
            link.close()

    def note(self, name: str, **values: str) -> None:
        """Keep values in a database, in one transaction; one that Odoo was never in keeps nothing."""
        at = self.at(name)
        link = database.connect(at, at.odoo, name)
        try:
            if not database.value(link, PARAMETERS):
                return
            link.autocommit = False
            with link:
                for key, value in values.items():
                    database.execute(link, sql.SQL(NOTE), key, value)
        finally:
            link.close()

    def make_room(self) -> None:
        """Empty places for what comes; what an earlier restoration left there was proven to be needed no more."""
        for name in (self.restoring, self.former, self.undone):
            self.remove(name)
        self.folder(self.restoring).mkdir(parents=True)
        database.create(self.at(self.restoring), self._admin)
        database.prepare(self.at(self.restoring), self._admin)

    def remove(self, name: str) -> None:
        """A database and its folder, if there are such."""
        if self.exists(name):
            database.drop(self.at(name), self._admin)
        shutil.rmtree(self.folder(name), ignore_errors=True)

    def swap(self, restoration: str) -> None:
        """The restored database takes the place of the present one, which survives as the former."""
        pairs = [(self.restoring, self.present)]
        if self.exists(self.present):
            # else nobody could tell it from what an earlier restoration has left
            self.note(self.present, **{REPLACED: restoration})
            pairs.insert(0, (self.present, self.former))
        self._rename(pairs)

    def follow(self) -> None:
        """The folders go where their databases are. To be called when the databases have been swapped."""
        if not self.folder(self.restoring).exists():
            return
        if self.folder(self.present).exists():
            self.folder(self.present).rename(self.folder(self.former))
        self.folder(self.restoring).rename(self.folder(self.present))

    def bring_back(self) -> None:
        """The former database takes its place again."""
        self.remove(self.undone)
        self._rename([(self.present, self.undone), (self.former, self.present)])

    def follow_back(self) -> None:
        """The same of the folders. To be called when the databases have been."""
        if not (self.exists(self.undone) and self.folder(self.former).exists()):
            return
        if self.folder(self.present).exists():
            self.folder(self.present).rename(self.folder(self.undone))
        self.folder(self.former).rename(self.folder(self.present))

    def _rename(self, pairs: list[tuple[str, str]]) -> None:
        names = ",".join(name for pair in pairs for name in pair)
        statements = [
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new))
            for old, new in pairs
        ]
        for attempt in range(TRIES):
            database.value(self._admin, CLEAR_OUT, names)
            self._admin.autocommit = False
            try:
                with self._admin:
                    for statement in statements:
                        database.execute(self._admin, statement)
                return
            except ObjectInUse:
                if attempt == TRIES - 1:
                    raise
                say("restoration: somebody is still connected")
                time.sleep(1)
            finally:
                self._admin.autocommit = True
