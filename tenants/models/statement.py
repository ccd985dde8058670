"""A statement that is written once by hand, for what is asked most: building it anew costs more than its answer."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import connection, models

Part = tuple[type[models.Model], tuple[str, ...]]
Converter = tuple[int, Callable[[Any, Any, Any], Any], Any]


class Statement:
    """``text`` is SQL for PostgreSQL and SQLite alike, with ``{name}`` for the columns of each part.

    A part is an alias of a table with its model and the fields that are asked; the key is always among them. Every
    other field of the objects is read when it is needed, by a statement of its own.

    The parts named in ``once`` are the same in every row: they are sent, and made, for the first alone, which is the
    one where the condition ``first`` holds.
    """

    def __init__(self, text: str, *, once: Sequence[str] = (), first: str = "", **parts: Part) -> None:
        self._parts = {alias: _Columns(model, names) for alias, (model, names) in parts.items()}
        self._once = frozenset(once)
        listed = {
            alias: columns.listed(alias, first if alias in once else "") for alias, columns in self._parts.items()
        }
        self._text = text.format(**listed)

    def ask(self, *values: Any) -> list[tuple[Any, ...]]:
        """For each row one object of each part, None where an outer join found nothing; then what else it selects."""
        with connection.cursor() as cursor:
            cursor.execute(self._text, values)
            rows = cursor.fetchall()
        return [tuple(self._objects(row, first=number == 0)) for number, row in enumerate(rows)]

    def _objects(self, row: tuple[Any, ...], *, first: bool) -> Iterable[Any]:
        start = 0
        for alias, columns in self._parts.items():
            known = not first and alias in self._once
            yield None if known else columns.object_of(row[start : start + columns.width])
            start += columns.width
        yield from row[start:]


class _Columns:
    def __init__(self, model: type[models.Model], names: tuple[str, ...]) -> None:
        wanted = {"id", *names}
        self._model = model
        # in the order of the model, which `from_db` goes by
        self._fields = [field for field in model._meta.concrete_fields if field.attname in wanted]
        self._names = [field.attname for field in self._fields]
        self._key = self._names.index("id")
        self._converters: dict[str, list[Converter]] = {}
        if missing := wanted - set(self._names):
            raise LookupError(f"{model.__name__} has no {sorted(missing)}.")

    @property
    def width(self) -> int:
        return len(self._names)

    def listed(self, alias: str, condition: str) -> str:
        columns = [f'{alias}."{field.column}"' for field in self._fields]
        return ", ".join(f"CASE WHEN {condition} THEN {each} END" if condition else each for each in columns)

    def object_of(self, values: tuple[Any, ...]) -> Any:
        if values[self._key] is None:
            return None
        told = list(values)
        for number, convert, expression in self._of_this_database():
            told[number] = convert(told[number], expression, connection)
        return self._model.from_db(connection.alias, self._names, told)

    def _of_this_database(self) -> list[Converter]:
        if connection.vendor not in self._converters:
            self._converters[connection.vendor] = [
                (number, convert, expression)
                for number, expression in enumerate(field.get_col(self._model._meta.db_table) for field in self._fields)
                for convert in (
                    *connection.ops.get_db_converters(expression),
                    *expression.get_db_converters(connection),
                )
            ]
        return self._converters[connection.vendor]
