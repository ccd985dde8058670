# ruff: noqa: S608  no value from outside
"""The triggers that write `StatusChange`: so no writer can forget it, whether it is the engine, a use case or SQL.

They are made after every ``migrate``, since SQLite loses a table's triggers when a migration rebuilds it.
"""

import hashlib
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

# whose change is a change of the status; leases, attempts and messages for staff are not told
TOLD = {
    "tenants_instance": (
        *("state", "url", "admin_email", "database_name", "project_id", "tenant_id", "created_by_key_id"),
        *("own_domain", "link_revision", "expires_at", "decommission_after", "ended_at"),
    ),
    "provisioning_operation": ("instance_id", "kind", "state", "spec", "sealed", "reason", "queue", "ended_at"),
    "provisioning_step": ("operation_id", "position", "code", "state", "reason", "started_at", "ended_at"),
}
NAME = "status_changed"
# the instance that a row of each table is about
OWNER = {
    "tenants_instance": "{row}.id",
    "provisioning_operation": "{row}.instance_id",
    "provisioning_step": "(SELECT o.instance_id FROM provisioning_operation o WHERE o.id = {row}.operation_id)",
}
# what an order writes first is nobody's news yet
EVENTS = {
    "tenants_instance": ("UPDATE",),
    "provisioning_operation": ("INSERT", "UPDATE", "DELETE"),
    "provisioning_step": ("INSERT", "UPDATE", "DELETE"),
}


_SQLITE = (
    "CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW {when}BEGIN"
    " INSERT INTO tenants_statuschange (instance_id, token)"
    " SELECT x.id, random() & 1073741823 FROM (SELECT {owner} AS id) x WHERE x.id IS NOT NULL; END"
)


def install(connection: BaseDatabaseWrapper) -> None:
    """Make the triggers, unless exactly these are there."""
    statements = _POSTGRESQL if connection.vendor == "postgresql" else _sqlite()
    mark = hashlib.sha256("\n".join(statements).encode()).hexdigest()[:16]
    with connection.cursor() as cursor:
        if _mark(connection, cursor) == mark:
            return
        for statement in statements:
            cursor.execute(statement)
        if connection.vendor == "postgresql":
            cursor.execute(f"COMMENT ON FUNCTION {NAME}() IS '{mark}'")


def take_away(apps: Any, schema_editor: Any) -> None:
    """For a migration that takes back a table or a column that they name; `migrate` makes them again at its end."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION IF EXISTS status_changed(), status_changed_by_many() CASCADE")
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'status_changed%'")
        names = [name for (name,) in cursor.fetchall()]
    for name in names:
        schema_editor.execute(f"DROP TRIGGER {name}")


def _mark(connection: BaseDatabaseWrapper, cursor: Any) -> str:
    if connection.vendor == "postgresql":
        cursor.execute(
            "SELECT obj_description(p.oid), (SELECT COUNT(*) FROM pg_trigger t WHERE t.tgname LIKE %s)"
            " FROM pg_proc p WHERE p.proname = %s",
            [f"{NAME}%", NAME],
        )
        row = cursor.fetchone()
        expected = sum(len(events) for events in EVENTS.values())
        return row[0] or "" if row and row[1] == expected else ""
    cursor.execute(
        "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE ?".replace("?", "%s"), [f"{NAME}%"]
    )
    made = {sql for (sql,) in cursor.fetchall()}
    wanted = [each for each in _sqlite() if each.startswith("CREATE")]
    return hashlib.sha256("\n".join(_sqlite()).encode()).hexdigest()[:16] if made == set(wanted) else ""


def _sqlite() -> list[str]:
    statements = []
    for table, events in EVENTS.items():
        for event in events:
            name = f"{NAME}_{table}_{event.lower()}"
            owner = OWNER[table].format(row="OLD" if event == "DELETE" else "NEW")
            changed = " OR ".join(f'OLD."{column}" IS NOT NEW."{column}"' for column in TOLD[table])
            when = f"WHEN {changed} " if event == "UPDATE" else ""
            statements += [
                f"DROP TRIGGER IF EXISTS {name}",
                _SQLITE.format(name=name, event=event, table=table, when=when, owner=owner),
            ]
    return statements


def _postgresql() -> list[str]:
    statements = [
        f"""CREATE OR REPLACE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE about bigint;
        BEGIN
            IF TG_TABLE_NAME = 'tenants_instance' THEN about := NEW.id;
            ELSIF TG_TABLE_NAME = 'provisioning_operation' THEN
                IF TG_OP = 'DELETE' THEN about := OLD.instance_id; ELSE about := NEW.instance_id; END IF;
            ELSIF TG_OP = 'DELETE' THEN
                SELECT o.instance_id INTO about FROM provisioning_operation o WHERE o.id = OLD.operation_id;
            ELSE
                SELECT o.instance_id INTO about FROM provisioning_operation o WHERE o.id = NEW.operation_id;
            END IF;
            IF about IS NOT NULL THEN
                INSERT INTO tenants_statuschange (instance_id, token) VALUES (about, (random() * 1073741823)::int);
            END IF;
            RETURN NULL;
        END $$""",
        f"""CREATE OR REPLACE FUNCTION {NAME}_by_many() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO tenants_statuschange (instance_id, token)
            SELECT DISTINCT o.instance_id, (random() * 1073741823)::int
            FROM provisioning_operation o WHERE o.id IN (SELECT f.operation_id FROM fresh f);
            RETURN NULL;
        END $$""",
    ]
    for table, events in EVENTS.items():
        for event in events:
            name = f"{NAME}_{event.lower()}"
            many = (table, event) == ("provisioning_step", "INSERT")
            changed = " OR ".join(f'OLD."{column}" IS DISTINCT FROM NEW."{column}"' for column in TOLD[table])
            when = f"WHEN ({changed})" if event == "UPDATE" else ""
            # an order brings its steps by one statement
            each = "REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT" if many else f"FOR EACH ROW {when}"
            function = f"{NAME}_by_many" if many else NAME
            statements += [
                f"DROP TRIGGER IF EXISTS {name} ON {table}",
                f"CREATE TRIGGER {name} AFTER {event} ON {table} {each} EXECUTE FUNCTION {function}()",
            ]
    return statements


_POSTGRESQL = _postgresql()
