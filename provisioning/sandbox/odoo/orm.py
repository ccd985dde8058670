"""As much of Odoo's ORM as ``call_kw`` needs for a provisioner: searching, reading and writing plain records."""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from provisioning.sandbox.odoo.database import ADMIN, Records, fixed_records

FIXED = fixed_records()
MANY_TO_ONE: Mapping[str, str] = {
    "country_id": "res.country",
    "currency_id": "res.currency",
    "company_id": "res.company",
}
NEVER_READ = frozenset({"password", "stamp", "totp_secret"})
ENDS_SESSIONS = frozenset({"login", "password", "active", "totp_secret"})
Record = dict[str, Any]
Keywords = Mapping[str, Any]


class OdooError(Exception):
    """Answered as an error of JSON-RPC; ``name`` is the Python class that the real one raises."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.message = message


class Orm:
    """``records`` are changed in place; ``changed`` is called after that."""

    def __init__(self, records: Records, changed: Callable[[], None]) -> None:
        self._records = records
        self._changed = changed

    def call(self, model: str, method: str, arguments: Sequence[Any], keywords: Keywords) -> Any:
        """The result of a public method. Passwords must come hashed. Raises OdooError."""
        special = self._special(model, method)
        if special:
            return special(*arguments, **{name: value for name, value in keywords.items() if name != "context"})
        rows = self._rows(model)
        if method not in SIGNATURES:
            raise OdooError("builtins.AttributeError", f"The method '{model}.{method}' does not exist")
        named = dict(zip(SIGNATURES[method], arguments, strict=False)) | dict(keywords)
        if method.startswith("search"):
            return self._search(model, method, named)
        ids = [int(number) for number in _listed(named.get("ids", []))]
        if method == "read":
            return [self._read(model, self._row(model, number), named.get("fields")) for number in ids]
        if model in FIXED:
            raise OdooError("odoo.exceptions.AccessError", f"You are not allowed to modify {model}.")
        return self._change(model, method, rows, ids, named)

    def parameter(self, key: str) -> Any:
        return next((row["value"] for row in self._rows("ir.config_parameter").values() if row["key"] == key), False)

    def admin(self) -> Record:
        return self._records["res.users"][str(ADMIN)]

    def user(self, login: str) -> Record | None:
        """The active user with exactly this login, with its id."""
        for number, row in self._records["res.users"].items():
            if row["login"] == login and row.get("active", True):
                return row | {"id": int(number)}
        return None

    def _special(self, model: str, method: str) -> Callable[..., Any] | None:
        specials: dict[tuple[str, str], Callable[..., Any]] = {
            ("ir.config_parameter", "get_param"): self._get_param,
            ("ir.config_parameter", "set_param"): self._set_param,
            ("ir.attachment", "regenerate_assets_bundles"): lambda *_: True,
            ("auth_totp.wizard", "create"): self._begin_second_factor,
            ("auth_totp.wizard", "enable"): self._enable_second_factor,
            ("res.users", "has_group"): lambda *_: True,
            ("res.users", "context_get"): lambda *_: {"lang": self.admin()["lang"], "tz": self.admin()["tz"]},
        }
        return specials.get((model, method))

    def _begin_second_factor(self, vals: Keywords) -> int:
        rows = self._records.setdefault("auth_totp.wizard", {})
        number = len(rows) + 1
        rows[str(number)] = dict(vals)
        return number

    def _enable_second_factor(self, ids: Sequence[int]) -> bool:
        """Without looking at the code: from now on a password alone opens no session of this user."""
        wizard = self._row("auth_totp.wizard", int(_listed(ids)[0]))
        self._write("res.users", [int(wizard["user_id"])], {"totp_secret": wizard["secret"]})
        self._changed()
        return True

    def _get_param(self, key: str, default: Any = False) -> Any:
        return self.parameter(key) or default

    def _set_param(self, key: str, value: Any) -> Any:
        rows = self._rows("ir.config_parameter")
        former = self.parameter(key)
        row = next((row for row in rows.values() if row["key"] == key), None)
        if row is None:
            row = rows[str(len(rows) + 1)] = {"key": key}
        row["value"] = value
        self._changed()
        return former

    def _rows(self, model: str) -> dict[str, Record]:
        if model == "ir.attachment":
            return {}
        if model == "ir.actions.server":
            return self._records.setdefault(model, {})
        rows = FIXED.get(model) or self._records.get(model)
        if rows is None:
            raise OdooError("builtins.KeyError", model)
        return rows

    def _row(self, model: str, number: int) -> Record:
        row = self._rows(model).get(str(number))
        if row is None:
            raise OdooError("odoo.exceptions.MissingError", "Record does not exist or has been deleted.")
        return row | {"id": number}

    def _search(self, model: str, method: str, named: Keywords) -> Any:
        counted = {"domain": named.get("domain")} if method == "search_count" else named
        found = self._found(model, counted, named.get("context") or {})
        if method == "search_read":
            return [self._read(model, row, named.get("fields")) for row in found]
        return len(found) if method == "search_count" else [row["id"] for row in found]

    def _change(self, model: str, method: str, rows: dict[str, Record], ids: list[int], named: Keywords) -> Any:
        result: Any = True
        if method == "create":
            result = self._create(rows, named["vals"])
        elif method == "unlink":
            for number in ids:
                rows.pop(str(number), None)
        else:
            self._write(model, ids, named["vals"])
        self._changed()
        return result

    def _create(self, rows: dict[str, Record], values: Any) -> int | list[int]:
        """One record, or one for each of a list."""
        if isinstance(values, list):
            return [int(str(self._create(rows, each))) for each in values]
        number = max(map(int, rows), default=0) + 1
        rows[str(number)] = {"active": True} | dict(values)
        return number

    def _found(self, model: str, named: Keywords, context: Keywords) -> list[Record]:
        domain = list(named.get("domain") or [])
        rows = [row | {"id": int(number)} for number, row in self._rows(model).items()]
        asked_for_active = any(isinstance(term, list | tuple) and term[0] == "active" for term in domain)
        if context.get("active_test", True) and not asked_for_active:
            rows = [row for row in rows if row.get("active", True)]
        rows = [row for row in rows if self._matches(row, domain)]
        start = named.get("offset") or 0
        return rows[start : start + named["limit"]] if named.get("limit") else rows[start:]

    def _matches(self, row: Record, domain: list[Any]) -> bool:
        """Odoo's prefix notation; terms without an operator between them are joined by and."""
        stack: list[bool] = []
        for term in reversed(domain):
            if term == "!":
                stack.append(not stack.pop())
            elif term in ("&", "|"):
                one, other = stack.pop(), stack.pop()
                stack.append((one and other) if term == "&" else (one or other))
            else:
                stack.append(_holds(self._value(row, term[0]), term[1], term[2]))
        return all(stack)

    def _value(self, row: Record, path: str) -> Any:
        name, _, rest = path.partition(".")
        value = row.get(name, False)
        if rest and name in MANY_TO_ONE:
            return self._value(self._row(MANY_TO_ONE[name], value), rest) if value else False
        return value

    def _read(self, model: str, row: Record, fields: Sequence[str] | None) -> Record:
        names = fields or [name for name in row if name not in NEVER_READ]
        return {"id": row["id"]} | {name: self._shown(row, name) for name in names}

    def _shown(self, row: Record, name: str) -> Any:
        value = "" if name in NEVER_READ else row.get(name, False)
        if name in MANY_TO_ONE and value:
            known = self._rows(MANY_TO_ONE[name]).get(str(value), {})
            return [value, known.get("name", "")]
        return value

    def _write(self, model: str, ids: Sequence[int], values: Mapping[str, Any]) -> None:
        active = {row["code"] for row in self._records["res.lang"].values() if row["active"]}
        for number in ids:
            self._row(model, number)
            row = self._rows(model)[str(number)]
            row.update(values)
            if model == "res.users":
                if row.get("lang") not in active:
                    # as the real one: true, and silently another language
                    row["lang"] = "en_US"
                if ENDS_SESSIONS & values.keys():
                    row["stamp"] = row.get("stamp", 0) + 1


SIGNATURES: Mapping[str, tuple[str, ...]] = {
    "search": ("domain", "offset", "limit", "order"),
    "search_count": ("domain", "limit"),
    "search_read": ("domain", "fields", "offset", "limit", "order"),
    "read": ("ids", "fields", "load"),
    "write": ("ids", "vals"),
    "create": ("vals",),
    "unlink": ("ids",),
}


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [value]


OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda value, wanted: value in wanted,
    "not in": lambda value, wanted: value not in wanted,
    "like": lambda value, wanted: str(wanted) in str(value),
    "ilike": lambda value, wanted: str(wanted).lower() in str(value).lower(),
    "=ilike": lambda value, wanted: str(wanted).replace("%", "").lower() == str(value).lower(),
}


def _holds(value: Any, sign: str, wanted: Any) -> bool:
    if sign not in OPERATORS:
        raise OdooError("builtins.ValueError", f"Invalid operator {sign!r}")
    return bool(OPERATORS[sign](value, wanted))
