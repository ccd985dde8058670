"""How Odoo 19 and Railway's edge phrase their answers: the one place that knows their shapes."""

import html
import re
from typing import Any

import httpx

from provisioning.odoo.errors import (
    LoginRefused,
    NotReady,
    OdooError,
    OdooFailed,
    SessionEnded,
    TooManyLoginFailures,
    UnexpectedAnswer,
)

COOLDOWN_SECONDS = 60.0
STYLESHEET = re.compile(r"""href=["'](/web/assets/[^"']+\.css[^"']*)["']""")
LOGIN_FIELD = re.compile(r"""<input[^>]+name=["']login["']""")


def result(response: httpx.Response) -> Any:
    """The result of a JSON-RPC answer. Odoo answers 200 to errors too; they are raised as OdooError."""
    body = _json(response)
    if not isinstance(body, dict):
        raise UnexpectedAnswer(f"Odoo answered {response.status_code} with something that is not JSON.")
    if "error" in body:
        raise _refusal(body["error"])
    return body.get("result")


def member(value: Any, name: str) -> Any:
    """A member of a JSON object. Raises UnexpectedAnswer when it is not there."""
    if not isinstance(value, dict) or name not in value:
        raise UnexpectedAnswer(f"Odoo's answer has no {name}.")
    return value[name]


def healthy(response: httpx.Response) -> bool:
    body = _json(response)
    return isinstance(body, dict) and body.get("status") == "pass" and body.get("db_server_status") is True


def has_login_form(response: httpx.Response) -> bool:
    return LOGIN_FIELD.search(response.text) is not None


def first_stylesheet(response: httpx.Response) -> str | None:
    found = STYLESHEET.search(response.text)
    return html.unescape(found[1]) if found else None


def manager_disabled(response: httpx.Response) -> bool:
    """A closed manager still answers 200, with a sentence instead of names."""
    if response.status_code in {httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND}:
        return True
    return "disabled by the administrator" in response.text


def from_railways_edge(response: httpx.Response) -> bool:
    """Railway's own 404 for an address without a running service."""
    return response.status_code == httpx.codes.NOT_FOUND and "Application not found" in response.text


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _refusal(error: Any) -> OdooError:
    data = error.get("data") if isinstance(error, dict) else None
    data = data if isinstance(data, dict) else {}
    name, message = str(data.get("name", "")), str(data.get("message", ""))
    if name == "odoo.exceptions.AccessDenied":
        if message.startswith("Too many"):
            return TooManyLoginFailures("Too many failed logins from our address.", retry_after=COOLDOWN_SECONDS)
        return LoginRefused("Odoo refused access.")
    if name.startswith("psycopg2.") or message == "Database not found.":
        return NotReady(f"Odoo cannot use its database ({name}).")
    return SessionEnded(name) if name == "odoo.http.SessionExpiredException" else OdooFailed(name)
