"""JSON-RPC over HTTP: the session's calls, and the old /jsonrpc. Every answer is HTTP 200; errors are in the body."""

import json
from collections.abc import Awaitable, Mapping
from typing import Any

from provisioning.sandbox.http_server import Answer, Request, Response
from provisioning.sandbox.odoo import server_actions
from provisioning.sandbox.odoo.deployed import ACCESS_DENIED, Deployed, Session
from provisioning.sandbox.odoo.orm import OdooError, Orm

JSON = "application/json; charset=utf-8"
VERSION = [19, 0, 0, "final", 0, ""]
VERSION_INFO = {
    "server_version": "19.0",
    "server_version_info": VERSION,
    "server_serie": "19.0",
    "protocol_version": 1,
}
SERVER_ERROR, SESSION_EXPIRED = 0, 100
OTHER_LANGUAGE = {"fr_FR": "en_US", "en_US": "fr_FR"}
Params = Mapping[str, Any]


class JsonRpc:
    def __init__(self, odoo: Deployed) -> None:
        self._odoo = odoo

    def handle(self, request: Request, session: Session) -> Answer | Awaitable[Answer]:
        """The answer to a call with a session cookie; 404 for a path that is none."""
        known = request.path in PATHS or request.path.startswith("/web/dataset/call_kw")
        if not known:
            return Response(404, b"<h1>Not Found</h1>")
        if request.method != "POST" or "json" not in request.headers.get("content-type", ""):
            return Response(415, b"<h1>Unsupported Media Type</h1>")
        return self._respond(request, session)

    async def deprecated(self, request: Request) -> Response:
        """The old door with its three services."""
        number, params = _read(request)
        try:
            service, method, args = params["service"], params["method"], params["args"]
            return _result(number, await self.serve(service, method, args))
        except OdooError as error:
            return _error(number, error)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            return _error(number, OdooError("builtins.ValueError", str(error)))

    async def serve(self, service: str, method: str, args: list[Any]) -> Any:
        """A call of the old RPC, which asks for the password each time. Raises OdooError."""
        if service == "db":
            raise OdooError(ACCESS_DENIED, "Access Denied")
        if service == "common" and method == "version":
            return VERSION_INFO
        orm = self._database(args[0])
        if service == "common" and method in ("authenticate", "login"):
            user = await self._odoo.checked_user(orm, args[1], args[2])
            # with a second factor the old door takes only API keys
            return user["id"] if user and not user.get("totp_secret") else False
        if service == "object" and method in ("execute_kw", "execute"):
            user = await self._odoo.checked_user(orm, orm.admin()["login"], args[2])
            if user is None or user["id"] != args[1]:
                raise OdooError(ACCESS_DENIED, "Access Denied")
            keywords = args[6] if len(args) > 6 else {}
            return await self.call_model(orm, args[3], args[4], args[5], keywords)
        raise OdooError("builtins.NameError", f"Method not available {service}.{method}")

    async def call_model(self, orm: Orm, model: str, method: str, args: list[Any], keywords: Mapping[str, Any]) -> Any:
        """A model's method; a password on its way into the database is hashed first. Raises OdooError."""
        if model == "res.users" and method == "write":
            values = dict(args[1] if len(args) > 1 else keywords["vals"])
            if "password" in values:
                values["password"] = await self._odoo.passwords.hash(values["password"])
            return orm.call(model, method, [args[0] if args else keywords["ids"], values], {})
        if model == "res.users" and method == "change_password":
            admin = orm.admin()
            if not await self._odoo.passwords.check(args[0], admin["password"]):
                raise OdooError(ACCESS_DENIED, "Access Denied")
            hashed = await self._odoo.passwords.hash(args[1].strip())
            number = orm.user(admin["login"])
            return orm.call(model, "write", [[number["id"] if number else 0], {"password": hashed}], {})
        if model == server_actions.MODEL and method in ("create", "write"):
            written = args[-1] if args else keywords["vals"]
            for values in written if isinstance(written, list) else [written]:
                server_actions.check_code(values)
        return orm.call(model, method, args, keywords)

    async def _respond(self, request: Request, session: Session) -> Answer:
        number, params = _read(request)
        try:
            if request.path == "/web/session/authenticate":
                return await self._authenticate(number, params, request, session)
            if request.path in PUBLIC:
                return _result(number, self._public(request.path, session))
            return await self._of_session(number, params, request, session)
        except OdooError as error:
            return _error(number, error)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            return _error(number, OdooError(f"builtins.{type(error).__name__}", str(error)))

    async def _of_session(self, number: Any, params: Params, request: Request, session: Session) -> Answer:
        orm = self._odoo.orm()
        user = self._odoo.session_user(orm, session)
        if user is None:
            return _expired()
        if request.path == "/web/session/get_session_info":
            return _result(number, self._session_info(orm, user))
        args, keywords = list(params.get("args") or []), params.get("kwargs") or {}
        if (params["model"], params["method"]) == (server_actions.MODEL, "run"):
            result = server_actions.run(orm, user, args, keywords.get("context") or {})
        else:
            result = await self.call_model(orm, params["model"], params["method"], args, keywords)
        return None if self._odoo.strikes("call_lost_answer", params["method"]) else _result(number, result)

    def _public(self, path: str, session: Session) -> Any:
        """What needs no login."""
        if path == "/web/webclient/version_info":
            return VERSION_INFO
        if path == "/web/database/list":
            return self._databases()
        self._odoo.close_session(session)
        return None

    async def _authenticate(self, number: Any, params: Params, request: Request, session: Session) -> Response:
        self._database(params.get("db"))
        user = await self._odoo.log_in(str(params.get("login")), str(params.get("password")), request.peer)
        self._odoo.close_session(session)
        if user.get("totp_secret"):
            return _result(number, {"uid": None})
        opened = self._odoo.open_session()
        opened.login, opened.stamp = str(user["login"]), int(str(user["stamp"]))
        response = _result(number, self._session_info(self._odoo.orm(), user))
        response.headers.append(opened.cookie())
        return response

    def _database(self, name: Any) -> Orm:
        orm = self._odoo.orm()
        if name != self._odoo.database_name:
            raise OdooError("odoo.exceptions.AccessError", "Database not found.")
        return orm

    def _databases(self) -> list[str]:
        if self._odoo.strikes("manager_open"):
            return [self._odoo.database_name]
        raise OdooError(ACCESS_DENIED, "Access Denied")

    def _session_info(self, orm: Orm, user: Mapping[str, Any]) -> dict[str, Any]:
        language = user["lang"]
        if fault := self._odoo.strikes("wrong_language"):
            language = fault.text("language", OTHER_LANGUAGE.get(language, "en_US"))
        company = orm.call("res.company", "read", [[user["company_id"]], ["name"]], {})[0]
        return {
            "uid": user["id"],
            "is_system": True,
            "is_admin": True,
            "is_public": False,
            "is_internal_user": True,
            "user_context": {"lang": language, "tz": user["tz"], "uid": user["id"]},
            "db": self._odoo.database_name,
            "server_version": "19.0",
            "server_version_info": VERSION,
            "name": user["name"],
            "username": user["login"],
            "partner_id": user["partner_id"],
            "web.base.url": orm.parameter("web.base.url"),
            "user_companies": {
                "current_company": company["id"],
                "allowed_companies": {str(company["id"]): {"id": company["id"], "name": company["name"]}},
            },
        }


PUBLIC = frozenset({"/web/webclient/version_info", "/web/database/list", "/web/session/destroy"})
PATHS = PUBLIC | {"/web/session/authenticate", "/web/session/get_session_info"}


def _read(request: Request) -> tuple[Any, Params]:
    try:
        body = json.loads(request.body)
        return body.get("id"), body.get("params") or {}
    except (ValueError, AttributeError):
        return None, {}


def _result(number: Any, result: Any) -> Response:
    return _answer({"jsonrpc": "2.0", "id": number, "result": result})


def _error(number: Any, error: OdooError, code: int = SERVER_ERROR, title: str = "Odoo Server Error") -> Response:
    data = {
        "name": error.name,
        "message": error.message,
        "arguments": [error.message],
        "context": {},
        "debug": f"{error.name}: {error.message}\n",
    }
    return _answer({"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": title, "data": data}})


def _expired() -> Response:
    error = OdooError("odoo.http.SessionExpiredException", "Session expired")
    return _error(None, error, SESSION_EXPIRED, "Odoo Session Expired")


def _answer(body: object) -> Response:
    return Response(200, json.dumps(body).encode(), JSON)
