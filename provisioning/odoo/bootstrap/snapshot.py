"""The instance as its agent finds it: the real database, asked as Odoo's own role, and the files beside it."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, suppress
from pathlib import Path
from typing import IO, Any

import psycopg2
import psycopg2.errors
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ

from .backup import CHUNK, Failed

# as in `swapping`, which an agent needs nothing else of
STEM = 50
IN_PLACE = "SELECT max(value) FROM ir_config_parameter WHERE key = 'eazynova.restore'"
REPLACED = "SELECT max(value) FROM ir_config_parameter WHERE key = 'eazynova.replaced_by'"
EXISTS = "SELECT count(*) FROM pg_catalog.pg_database WHERE datname = %s"
STORED = re.compile(r"[0-9a-f]{2}/[0-9a-f]{40}")
CHANGING = "SELECT count(*) FROM ir_module_module WHERE state IN ('to install', 'to upgrade', 'to remove')"
VERSION = "SELECT latest_version FROM ir_module_module WHERE name = 'base'"
MODULES = "SELECT name, latest_version FROM ir_module_module WHERE state = 'installed' ORDER BY name"
SIZE = "SELECT pg_database_size(current_database())"
FILES = "SELECT DISTINCT store_fname FROM ir_attachment WHERE store_fname IS NOT NULL ORDER BY 1"
ACCOUNTS = "SELECT login FROM res_users WHERE active AND id > 1 ORDER BY id"
FACTS = {
    "tables": "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = 'public'",
    "attachments": "SELECT count(*) FROM ir_attachment",
    "odooVersion": VERSION,
    "databaseBytes": SIZE,
}
REPORTED = {
    "databaseBytes": SIZE,
    "users": "SELECT count(*) FROM res_users WHERE active AND NOT share",
    # res_users_log has our own logins as well: they come from no browser (odoo/addons/base/models/res_device.py)
    "lastLogin": (
        'SELECT to_char(max(last_activity), \'YYYY-MM-DD"T"HH24:MI:SS"Z"\')'
        " FROM res_device_log WHERE browser IS NOT NULL"
    ),
    "modulesToInstall": CHANGING,
    "odooVersion": VERSION,
}
ADDRESS = re.compile(r"https?://[a-z0-9.-]{1,253}(:[0-9]{1,5})?")
SET = (
    "INSERT INTO ir_config_parameter (key, value, create_date, write_date)"
    " VALUES (%s, %s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC')"
    " ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, write_date = EXCLUDED.write_date"
)
# so that a running Odoo 19 reads its parameters anew: odoo/orm/registry.py, signal_changes
SIGNAL = "INSERT INTO orm_signaling_stable DEFAULT VALUES"
# shorter than PostgreSQL's deadlock_timeout: an app that is installed just now never loses to a backup
LOCK_MILLISECONDS = 500


class Instance:
    """``environ`` has PostgreSQL's address and Odoo's role, as Odoo itself is given them."""

    def __init__(self, environ: Mapping[str, str], database: str, data_dir: Path) -> None:
        self._environ = dict(environ)
        self._database = database
        self._data_dir = data_dir

    def report(self) -> dict[str, Any]:
        """What is known of it now; less while the database does not answer."""
        disk = shutil.disk_usage(self._data_dir)
        found: dict[str, Any] = {"freeBytes": disk.free, "totalBytes": disk.total}
        found["filestoreBytes"] = sum(_sizes(self._filestore()))
        with suppress(psycopg2.Error):
            link = self._connect()
            try:
                found |= _report_of(link)
            finally:
                link.close()
        return found

    def snapshot(self) -> "DatabaseSnapshot":
        return DatabaseSnapshot(self._environ, self._database, self._filestore(), self._connect)

    def drop_former(self, restored: str) -> None:
        """Odoo's role owns the database that it was served from before, so it may drop it, and no other."""
        former = f"{self._database[:STEM]}_former"
        try:
            if self._asked(IN_PLACE) != restored:
                raise Failed("not_in_place", "The database that is served did not come from that restoration.")
            if self._asked(EXISTS, former) and self._asked(REPLACED, database=former) != restored:
                raise Failed("not_in_place", "The database beside it was not replaced by that restoration.")
            link = self._connect(database="postgres")
            link.autocommit = True
            try:
                with link.cursor() as cursor:
                    cursor.execute(f'DROP DATABASE IF EXISTS "{former}" WITH (FORCE)')
            finally:
                link.close()
        except psycopg2.Error as error:
            raise Failed("database_away", type(error).__name__) from error
        shutil.rmtree(self._data_dir / "filestore" / former, ignore_errors=True)

    def set_address(self, url: str) -> None:
        """As Odoo's own `set_param`; frozen, since Odoo would replace it by where an administrator logs in next."""
        if not ADDRESS.fullmatch(url):
            raise Failed("no_address", "That is not the address of an Odoo.")
        try:
            locking = f"-c lock_timeout={LOCK_MILLISECONDS}"
            with closing(self._connect(options=locking)) as link, link, link.cursor() as cursor:
                for key, value in (("web.base.url", url), ("web.base.url.freeze", "True")):
                    cursor.execute(SET, (key, value))
                cursor.execute(SIGNAL)
        except psycopg2.Error as error:
            raise Failed("database_away", type(error).__name__) from error

    def _asked(self, question: str, *values: str, database: str = "") -> Any:
        link = self._connect(database=database)
        try:
            return _ask(link, question, *values)
        finally:
            link.close()

    def _filestore(self) -> Path:
        return self._data_dir / "filestore" / self._database

    def _connect(self, options: str = "", database: str = "") -> Any:
        return psycopg2.connect(
            host=self._environ["PGHOST"],
            port=self._environ.get("PGPORT", "5432"),
            user=self._environ["PGUSER"],
            password=self._environ["PGPASSWORD"],
            dbname=database or self._database,
            connect_timeout=10,
            application_name="eazynova-agent",
            options=options,
        )


class DatabaseSnapshot:
    """One moment of the database, held open while it is dumped; the files that it names are there already.

    Odoo stores a file under the hash of its content before it commits the row, and removes it only in its nightly
    cleaning: so the database comes first, and then exactly the files that it knows.
    """

    def __init__(self, environ: Mapping[str, str], database: str, filestore: Path, connect: Any) -> None:
        self._environ = environ
        self._database = database
        self._filestore = filestore
        self._connect = connect
        self._missing = 0

    def __enter__(self) -> "DatabaseSnapshot":
        try:
            self._link = self._connect(options=f"-c lock_timeout={LOCK_MILLISECONDS}")
            self._look()
        except psycopg2.errors.LockNotAvailable as error:
            raise Failed("database_busy", "a table is being changed") from error
        except psycopg2.Error as error:
            raise Failed("database_away", type(error).__name__) from error
        return self

    def __exit__(self, *error: object) -> None:
        self._link.close()

    def _look(self) -> None:
        """All that is asked of this moment, so that no table stays locked while the files are sent."""
        self._link.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ, readonly=True)
        if _ask(self._link, CHANGING):
            raise Failed("modules_changing", "an app is being installed, updated or removed")
        self._name = _ask(self._link, "SELECT pg_export_snapshot()")
        with self._link.cursor() as cursor:
            cursor.execute(FILES)
            self._files = [name for (name,) in cursor.fetchall() if STORED.fullmatch(name)]
            cursor.execute(MODULES)
            self._modules = dict(cursor.fetchall())
        self._facts = {name: _ask(self._link, question) for name, question in FACTS.items()}

    def accounts(self) -> list[str]:
        """At the moment of the snapshot: to be asked before anything is dumped."""
        with self._link.cursor() as cursor:
            cursor.execute(ACCOUNTS)
            return [login for (login,) in cursor.fetchall()]

    def dump(self) -> Iterator[bytes]:
        command = ["pg_dump", "--no-owner", "--no-privileges", f"--snapshot={self._name}"]
        command += [f"--lock-wait-timeout={LOCK_MILLISECONDS}", self._database]
        with subprocess.Popen(command, env=dict(self._environ), stdout=subprocess.PIPE) as child:
            output = child.stdout
            while output and (chunk := output.read(CHUNK)):
                yield chunk
        if child.returncode:
            raise Failed("dump_failed", f"pg_dump ended with {child.returncode}")
        self._link.close()

    def files(self) -> Iterator[tuple[str, AbstractContextManager[IO[bytes]]]]:
        for name in self._files:
            try:
                file = (self._filestore / name).open("rb")
            except FileNotFoundError:
                self._missing += 1
                continue
            yield name, file

    def manifest(self) -> dict[str, Any]:
        """As Odoo's own ``odoo/service/db.py`` writes it."""
        version = ".".join(self._facts["odooVersion"].split(".")[:2])
        major, minor = (int(part) for part in version.split("."))
        server = self._link.server_version
        return {
            "odoo_dump": "1",
            "db_name": self._database,
            "version": version,
            "version_info": [major, minor, 0, "final", 0, ""],
            "major_version": version,
            "pg_version": f"{server // 10000}.{server % 10000}",
            "modules": self._modules,
        }

    def facts(self) -> dict[str, Any]:
        return self._facts | {"missingFiles": self._missing}


def _report_of(link: Any) -> dict[str, Any]:
    found = {name: _ask(link, question) for name, question in REPORTED.items()}
    return {name: value for name, value in found.items() if value is not None}


def _ask(link: Any, question: str, *values: str) -> Any:
    with link.cursor() as cursor:
        cursor.execute(question, values or None)
        return cursor.fetchone()[0]


def _sizes(folder: Path) -> Iterator[int]:
    for parent, _folders, files in os.walk(folder):
        for name in files:
            with suppress(OSError):
                yield (Path(parent) / name).stat().st_size
