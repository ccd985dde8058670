"""PostgreSQL: wait for it, let one initialiser at a time in, find out what the database is, create and drop it."""

import enum
import shutil
import time

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection

from .errand import Failed
from .outcome import LATER, SETTINGS, Stop, say
from .process import rest
from .settings import Login, Settings

MARKER = "eazynova.provisioned"
REVISION = "eazynova.access_revision"
SIGN_UP, SIGN_UP_CLOSED = "auth_signup.invitation_scope", "eazynova.sign_up_closed"
CLOSING = """
WITH closed AS (
    UPDATE public.ir_config_parameter SET value = 'b2b'
    WHERE key = %s AND NOT EXISTS (SELECT 1 FROM public.ir_config_parameter WHERE key = %s) RETURNING 1)
INSERT INTO public.ir_config_parameter (key, value) SELECT %s, '1' FROM closed
"""
LOCK_SECONDS = 900
SERVER_MARGIN = 256 * 1024 * 1024
INVALID = -2
EXTENSIONS = ("pg_trgm", "unaccent")


class State(enum.Enum):
    ABSENT = "absent"
    EMPTY = "empty"
    HALF = "half made"
    USED = "used"
    READY = "ready"


def connect(settings: Settings, login: Login, database: str) -> connection:
    """A connection in autocommit mode that notices within seconds when its peer is gone. Raises psycopg2.Error.

    Unqualified names mean PostgreSQL's own functions and tables, whatever else the database has under those names.
    """
    link = psycopg2.connect(
        dbname=database,
        host=settings.host,
        port=settings.pg_port,
        user=login.role,
        password=login.password,
        options="-c search_path=pg_catalog",
        connect_timeout=5,
        application_name="eazynova-bootstrap",
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=3,
        tcp_user_timeout=20000,
    )
    link.autocommit = True
    return link


def wait_for_server(settings: Settings) -> connection:
    """The administrator's connection to the database ``postgres``, once there is one to be had. Raises Stop."""
    deadline, told = time.monotonic() + settings.wait, ""
    first = Login(settings.administrator.role, settings.first_password)
    while True:
        for login in (settings.administrator, first):
            try:
                return connect(settings, login, "postgres")
            except psycopg2.OperationalError as error:
                reason = (str(error).strip().splitlines() or ["no reason given"])[-1]
        if "authentication failed" in reason or "does not exist" in reason:
            raise Stop(SETTINGS, "PostgreSQL refuses PGUSER with PGPASSWORD")
        if time.monotonic() >= deadline:
            raise Stop(LATER, "PostgreSQL did not come up")
        if reason != told:
            say(f"waiting for PostgreSQL: {reason[-160:]}")
            told = reason
        rest(1)


def lock(admin: connection, database: str) -> None:
    """Wait until no other process initialises ``database``; the lock ends with the connection. Raises Stop."""
    deadline = time.monotonic() + LOCK_SECONDS
    while not value(admin, "SELECT pg_try_advisory_lock(hashtext(%s))", f"eazynova-bootstrap:{database}"):
        if time.monotonic() >= deadline:
            raise Stop(LATER, "another process has been initialising this database for too long")
        rest(1)


def find_state(settings: Settings, admin: connection) -> State:
    """What the database is. The marker alone means ready: resumed installations look complete and are not."""
    limit = value(admin, "SELECT datconnlimit FROM pg_database WHERE datname = %s", settings.database)
    if limit is None:
        return State.ABSENT
    if limit == INVALID:  # PostgreSQL was stopped while dropping it
        return State.HALF
    # whoever is the owner can make a query do what they like
    looking = settings.odoo if owner(settings, admin) == settings.odoo.role else settings.administrator
    link = connect(settings, looking, settings.database)
    try:
        return _look_inside(link)
    finally:
        link.close()


def owner(settings: Settings, admin: connection) -> str:
    """The role that owns the database; "" when there is no such database."""
    return str(
        value(admin, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", settings.database) or ""
    )


def create(settings: Settings, admin: connection) -> None:
    """As Odoo itself would: UTF-8, and the C collation that makes its indexes useful."""
    statement = sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' LC_COLLATE 'C' TEMPLATE template0")
    execute(admin, statement.format(sql.Identifier(settings.database), sql.Identifier(settings.odoo.role)))


def prepare(settings: Settings, admin: connection) -> None:
    """Close the database to other roles, whom Odoo's RPC would let in by name, and give it Odoo's extensions."""
    statement = sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC")
    execute(admin, statement.format(sql.Identifier(settings.database)))
    link = connect(settings, settings.odoo, settings.database)
    for extension in EXTENSIONS:
        try:
            execute(link, sql.SQL("CREATE EXTENSION IF NOT EXISTS {} SCHEMA public").format(sql.Identifier(extension)))
        except psycopg2.Error as error:
            say(f"PostgreSQL has no extension {extension}: {error.diag.message_primary}")
    link.close()


def drop(settings: Settings, admin: connection) -> None:
    execute(admin, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(settings.database)))


def drop_files(settings: Settings) -> None:
    """What an unfinished installation has left in Odoo's file store."""
    shutil.rmtree(settings.data_dir / "filestore" / settings.database, ignore_errors=True)


def access_revision(settings: Settings) -> str:
    """Which change of the administrator's access was last made here; "" for none."""
    link = connect(settings, settings.odoo, settings.database)
    found = value(link, "SELECT value FROM public.ir_config_parameter WHERE key = %s", REVISION)
    link.close()
    return str(found or "")


def close_sign_up(settings: Settings) -> None:
    """Strangers may not make accounts until the customer lets them: closed once, with the modules that open it.

    Odoo's module for it opens it when it is installed, so it is closed at the first start that finds it open.
    """
    link = connect(settings, settings.odoo, settings.database)
    execute(link, sql.SQL(CLOSING), SIGN_UP, SIGN_UP_CLOSED, SIGN_UP_CLOSED)
    link.close()


def _look_inside(link: connection) -> State:
    if not _table(link, "ir_module_module"):
        # Odoo commits its orm_signaling_* tables before anything else; any other table is somebody's.
        foreign = value(
            link,
            "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            " AND NOT starts_with(tablename, 'orm_signaling_')",
        )
        return State.USED if foreign else State.EMPTY
    marked = "SELECT 1 FROM public.ir_config_parameter WHERE key = %s"
    if _table(link, "ir_config_parameter") and value(link, marked, MARKER):
        return State.READY
    if _table(link, "res_users_log") and value(link, "SELECT 1 FROM public.res_users_log LIMIT 1"):
        return State.USED
    return State.HALF


def _table(link: connection, name: str) -> bool:
    return value(link, "SELECT to_regclass(%s)", f"public.{name}") is not None


def value(link: connection, query: str, *values: str) -> object:
    with link.cursor() as cursor:
        cursor.execute(query, values)
        row = cursor.fetchone()
    return row[0] if row else None


def execute(link: connection, statement: sql.Composable, *values: str) -> None:
    with link.cursor() as cursor:
        cursor.execute(statement, values or None)


def check_room(admin: connection, needed: int) -> None:
    """Raises Failed when the server's volume has no room for as much again.

    A server whose volume is full does not come up again, so a superuser asks the system; where that is not possible,
    nothing is said.
    """
    with admin.cursor() as cursor:
        try:
            folder = str(value(admin, "SHOW data_directory")).replace("'", "'\\''")
            cursor.execute("CREATE TEMPORARY TABLE room (line text)")
            cursor.execute("COPY pg_temp.room FROM PROGRAM %s", (f"df -Pk '{folder}' | tail -n 1",))
            free = int(str(value(admin, "SELECT line FROM pg_temp.room")).split()[3]) * 1024
        except (psycopg2.Error, ValueError, IndexError, TypeError):
            return
        finally:
            cursor.execute("DROP TABLE IF EXISTS pg_temp.room")
    if free < needed * 3 // 2 + SERVER_MARGIN:
        raise Failed("no_room", f"The volume of PostgreSQL has {free} bytes left, which is not enough.")
