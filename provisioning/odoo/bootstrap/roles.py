"""PostgreSQL's roles: its administrator is ours alone, and Odoo works as a role that owns nothing but its database."""

from dataclasses import replace

from psycopg2 import sql
from psycopg2.extensions import connection, encrypt_password

from . import database
from .database import execute, value
from .outcome import say
from .settings import Login, Settings

UNPRIVILEGED = sql.SQL("LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS")
AT_ONCE = 100
# Only a superuser can make one, it runs as whoever gives the next command, and Odoo has none.
EVENT_TRIGGERS = "SELECT evtname FROM pg_event_trigger"
# The role with the number 10 is the one that a server of our own is made with.
OTHER_SUPERUSERS = """
SELECT rolname FROM pg_roles
WHERE rolsuper AND oid <> 10 AND (SELECT oid FROM pg_roles WHERE rolname = current_user) = 10
"""
# What Odoo made as the administrator, before it had a role of its own. Sequences of a column follow their table, the
# types of tables and arrays follow too, and what an extension brought stays with the extension.
NOT_GIVEN = """
WITH brought AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
     columns AS (SELECT objid FROM pg_depend
                 WHERE classid = 'pg_class'::regclass AND refobjsubid > 0 AND deptype IN ('a', 'i')),
     spaces AS (SELECT oid, nspname, nspowner FROM pg_namespace
                WHERE nspname NOT LIKE 'pg\\_%%' AND nspname <> 'information_schema'),
     things AS (
SELECT 'pg_namespace'::regclass AS class, oid, nspowner AS owner, format('SCHEMA %%I', nspname) AS thing
  FROM spaces WHERE pg_get_userbyid(nspowner) <> 'pg_database_owner'
UNION ALL
SELECT 'pg_class'::regclass, c.oid, relowner, format('TABLE %%s', c.oid::regclass)
  FROM pg_class c JOIN spaces s ON s.oid = relnamespace
  WHERE relkind IN ('r', 'p', 'v', 'm', 'f') OR (relkind = 'S' AND c.oid NOT IN (SELECT objid FROM columns))
UNION ALL
SELECT 'pg_proc'::regclass, p.oid, proowner, format('ROUTINE %%s', p.oid::regprocedure)
  FROM pg_proc p JOIN spaces s ON s.oid = pronamespace WHERE prokind <> 'a'
UNION ALL
SELECT 'pg_type'::regclass, t.oid, typowner, format('TYPE %%s', t.oid::regtype)
  FROM pg_type t JOIN spaces s ON s.oid = typnamespace
  WHERE typtype IN ('b', 'c', 'd', 'e', 'r') AND typcategory <> 'A'
    AND (typrelid = 0 OR (SELECT relkind FROM pg_class WHERE oid = typrelid) = 'c')
UNION ALL
SELECT 'pg_largeobject'::regclass, oid, lomowner, format('LARGE OBJECT %%s', oid) FROM pg_largeobject_metadata)
SELECT thing FROM things
WHERE pg_get_userbyid(owner) <> %s
  AND NOT EXISTS (SELECT 1 FROM brought WHERE classid = class AND objid = things.oid)
"""


def settle(settings: Settings, admin: connection) -> Settings:
    """With the login that Odoo may work as: PGUSER's where that is no superuser, else that of a role made for it."""
    if not value(admin, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        login = Login(settings.administrator.role, admin.info.password)
        return replace(settings, administrator=login, odoo=login)
    _renew_password(settings, admin)
    _make_role(settings, admin)
    return settings


def hand_over(settings: Settings, admin: connection) -> None:
    """Make Odoo's role the owner of the database and of all that the administrator has made in it.

    It may be cut off at any point and called again: the database itself comes last, so its owner tells that all in it
    has been given.
    """
    if database.owner(settings, admin) == settings.odoo.role:
        return
    say("the database becomes that of a role of its own")
    _disarm(admin)
    inside = database.connect(settings, settings.administrator, settings.database)
    for name in _column(inside, EVENT_TRIGGERS):
        execute(inside, sql.SQL("DROP EVENT TRIGGER {} CASCADE").format(*_names(name)))
    things = _column(inside, NOT_GIVEN, settings.odoo.role)
    for start in range(0, len(things), AT_ONCE):
        # a single transaction for all could need more locks than PostgreSQL has
        given = [_given(thing, settings.odoo.role) for thing in things[start : start + AT_ONCE]]
        execute(inside, sql.SQL("; ").join(given))
    inside.close()
    execute(admin, sql.SQL("ALTER DATABASE {} OWNER TO {}").format(*_names(settings.database, settings.odoo.role)))


def _renew_password(settings: Settings, admin: connection) -> None:
    """Of the first password there are copies, and before Odoo had a role of its own any customer could read it."""
    if settings.administrator.password != settings.first_password:
        _set_password(admin, settings.administrator)


def _make_role(settings: Settings, admin: connection) -> None:
    role = settings.odoo.role
    if not value(admin, "SELECT 1 FROM pg_roles WHERE rolname = %s", role):
        execute(admin, sql.SQL("CREATE ROLE {}").format(*_names(role)))
    execute(admin, sql.SQL("ALTER ROLE {} {}").format(*_names(role), UNPRIVILEGED))
    _set_password(admin, settings.odoo)


def _set_password(admin: connection, login: Login) -> None:
    """Sent as the verifier that PostgreSQL keeps, so that no log of statements has the password."""
    verifier = encrypt_password(login.password, login.role, admin, "scram-sha-256")
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
    execute(admin, statement.format(*_names(login.role), sql.Literal(verifier)))


def _disarm(admin: connection) -> None:
    """Who was a superuser may have made others; on a server that is not all ours they are not touched."""
    for name in _column(admin, OTHER_SUPERUSERS):
        execute(admin, sql.SQL("ALTER ROLE {} NOLOGIN NOSUPERUSER").format(*_names(name)))
        say("PostgreSQL had a superuser of unknown origin, who is none any more")


def _given(thing: str, role: str) -> sql.Composable:
    return sql.SQL("ALTER {} OWNER TO {}").format(sql.SQL(thing), *_names(role))


def _column(link: connection, query: str, *values: str) -> list[str]:
    with link.cursor() as cursor:
        cursor.execute(query, values)
        return [str(first) for (first,) in cursor.fetchall()]


def _names(*names: str) -> list[sql.Identifier]:
    return [sql.Identifier(name) for name in names]
