"""The database as the migrations left it, to which it comes back after each test with transactions of its own.

Django's flush would empty all of the tables and let every app bring its rows anew, where a test has written to ten.
"""

from typing import Any

from django.db import connection, transaction

AUDIT = "tenants_auditentry"


class AsMigrated:
    """What the migrations brought, read when it is made; ``come_back`` leaves that and nothing else."""

    def __init__(self) -> None:
        self._tables = sorted(connection.introspection.django_table_names(only_existing=True, include_views=False))
        with connection.cursor() as cursor:
            self._columns = {table: _columns(cursor, table) for table in self._filled(cursor)}
            self._brought = {table: self._rows(cursor, table) for table in self._columns}

    def come_back(self) -> None:
        # in one transaction: the foreign keys are looked at when it ends
        with transaction.atomic(), connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                # who is still writing is waited for
                cursor.execute(f"LOCK TABLE {', '.join(map(_quoted, self._tables))} IN EXCLUSIVE MODE")
            for table in self._filled(cursor):
                if table not in self._brought:
                    _empty(cursor, table)
            for table, rows in self._brought.items():
                if self._rows(cursor, table) != rows:
                    _empty(cursor, table)
                    self._bring(cursor, table)

    def _filled(self, cursor: Any) -> list[str]:
        asked = (f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {_quoted(table)})" for table in self._tables)
        cursor.execute(" UNION ALL ".join(asked))
        return [table for (table,) in cursor.fetchall()]

    def _rows(self, cursor: Any, table: str) -> list[Any]:
        columns = ", ".join(self._columns[table])
        key = connection.introspection.get_primary_key_column(cursor, table)
        cursor.execute(f"SELECT {columns} FROM {_quoted(table)} ORDER BY {_quoted(key)}")
        return cursor.fetchall()

    def _bring(self, cursor: Any, table: str) -> None:
        columns = self._columns[table]
        places = ", ".join(["%s"] * len(columns))
        cursor.executemany(
            f"INSERT INTO {_quoted(table)} ({', '.join(columns)}) VALUES ({places})", self._brought[table]
        )


def _empty(cursor: Any, table: str) -> None:
    away, back = _guards(cursor) if table == AUDIT else ([], [])
    for statement in (*away, f"DELETE FROM {_quoted(table)}", *back):
        cursor.execute(statement)


def _guards(cursor: Any) -> tuple[list[str], list[str]]:
    """What takes the audit trail's guards away, which refuse that it is emptied, and what brings them back."""
    if connection.vendor == "postgresql":
        table = f"ALTER TABLE {AUDIT} {{}} TRIGGER USER"
        return [table.format("DISABLE")], [table.format("ENABLE")]
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [AUDIT])
    rows = cursor.fetchall()
    return [f"DROP TRIGGER {name}" for name, _sql in rows], [sql for _name, sql in rows]


def _columns(cursor: Any, table: str) -> list[str]:
    return sorted(_quoted(column.name) for column in connection.introspection.get_table_description(cursor, table))


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
