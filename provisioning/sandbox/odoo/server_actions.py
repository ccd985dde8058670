"""Server actions, as far as one is known here: the one that gives a prepared Odoo to its customer.

Of any code the rules of Odoo's safe_eval are kept; run is only that one, by what it does in the real Odoo.
"""

import ast
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from provisioning.odoo.claim import CODE, CONTEXT_KEY, DONE
from provisioning.sandbox.odoo.database import ADMIN, COMPANY
from provisioning.sandbox.odoo.orm import OdooError, Orm

MODEL = "ir.actions.server"
# opcodes of these are not among those that safe_eval lets through
FORBIDDEN = (ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.ClassDef, ast.With, ast.AsyncFunctionDef)
WRAPPED = "builtins.ValueError"


def check_code(values: Mapping[str, Any]) -> None:
    """What is refused when an action is written. Raises OdooError."""
    code = values.get("code")
    if code is None:
        return
    try:
        tree = ast.parse(str(code).strip())
    except SyntaxError as error:
        raise OdooError("odoo.exceptions.ValidationError", f"SyntaxError: {error.msg}") from error
    for node in ast.walk(tree):
        if isinstance(node, FORBIDDEN):
            raise OdooError("odoo.exceptions.ValidationError", "ValueError: forbidden opcode(s)")
        names = [getattr(node, name, "") for name in ("id", "attr", "arg", "name")]
        if any(isinstance(name, str) and "__" in name for name in names):
            raise OdooError("builtins.NameError", f"Access to forbidden name {max(map(str, names))!r}")


def run(orm: Orm, user: Mapping[str, Any], args: Sequence[Any], context: Mapping[str, Any]) -> Any:
    """Run an action in the session of ``user``. Raises OdooError; then nothing was changed."""
    numbers = args[0] if isinstance(args[0], list) else [args[0]]
    (row,) = orm.call(MODEL, "read", [numbers, ["code"]], {})
    if str(row["code"]).strip() != CODE.strip():
        raise OdooError(WRAPPED, "NotImplementedError('only the hand-over is known here') while evaluating")
    try:
        _hand_over(orm, user, context[CONTEXT_KEY])
    except (KeyError, TypeError) as error:
        raise OdooError(WRAPPED, f"{error!r} while evaluating") from error
    return DONE


def _hand_over(orm: Orm, user: Mapping[str, Any], claim: Mapping[str, Any]) -> None:
    """All is looked at before anything is written: the real one is one transaction."""
    if user["id"] != ADMIN:
        raise OdooError("odoo.exceptions.UserError", "not the owner")
    if _country(orm) != claim["country"]:
        raise OdooError("odoo.exceptions.UserError", "another country")
    if not orm.call("res.lang", "search_count", [[["code", "=", claim["lang"]]]], {}):
        raise OdooError("odoo.exceptions.UserError", "a language that is not loaded")
    if not str(claim["hash"]).startswith("$pbkdf2-sha512$"):
        raise OdooError(WRAPPED, "AssertionError() while evaluating")
    if claim["tz"] and "/" not in claim["tz"] and claim["tz"] != "UTC":
        raise OdooError(WRAPPED, f"ValueError(\"Wrong value for res.partner.tz: '{claim['tz']}'\") while evaluating")
    access = {"login": claim["login"], "email": claim["login"], "password": claim["hash"]}
    person = {"name": claim["name"], "lang": claim["lang"], "tz": claim["tz"]}
    number, url = int(claim["action"]), claim["url"]
    company = {"name": claim["company"], "email": claim["login"]}
    orm.call(MODEL, "read", [[number], ["name"]], {})
    orm.call("res.company", "write", [[COMPANY], company], {})
    for key in ("database.uuid", "database.secret"):
        orm.call("ir.config_parameter", "set_param", [key, secrets.token_hex(16)], {})
    orm.call("ir.config_parameter", "set_param", ["web.base.url", url], {})
    orm.call("ir.config_parameter", "set_param", ["web.base.url.freeze", "True"], {})
    orm.call("res.users", "write", [[ADMIN], access | person], {})
    orm.call(MODEL, "unlink", [[number]], {})


def _country(orm: Orm) -> str:
    (company,) = orm.call("res.company", "read", [[COMPANY], ["country_id"]], {})
    if not company["country_id"]:
        return ""
    (country,) = orm.call("res.country", "read", [[company["country_id"][0]], ["code"]], {})
    return str(country["code"])
