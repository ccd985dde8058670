"""The stand-in Odoo's HTTP side: the pages of a visitor and the JSON calls of a program."""

import json
from collections.abc import Awaitable, Callable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from provisioning.odoo.bootstrap.curtain import PAGE
from provisioning.sandbox.http_server import Answer, Request, Response
from provisioning.sandbox.odoo import manager, pages
from provisioning.sandbox.odoo.deployed import ACCESS_DENIED, TOO_MANY_FAILURES, Deployed, Session
from provisioning.sandbox.odoo.jsonrpc import VERSION, JsonRpc
from provisioning.sandbox.odoo.orm import OdooError
from provisioning.sandbox.odoo.xmlrpc import XmlRpc

JSON = "application/json; charset=utf-8"
NOT_FOUND = {"status": "error", "code": 404, "message": "Application not found", "request_id": "sandbox"}
NO_ANSWER = {"status": "error", "code": 502, "message": "Application failed to respond", "request_id": "sandbox"}
Handler = Callable[[Request], Answer | Awaitable[Answer]]


class Web:
    """Answers the requests of one deployed Odoo."""

    def __init__(self, odoo: Deployed) -> None:
        self._odoo = odoo
        self._json = JsonRpc(odoo)
        self._pages: dict[str, Handler] = {
            "/": self._to_home,
            "/web": self._to_home,
            "/odoo": self._home,
            "/web/login": self._login,
            "/web/session/logout": self._log_out,
            "/web/health": self._health,
            "/web/version": self._version,
            "/json/version": self._version,
            "/web/database/manager": lambda request: manager.page(odoo),
            "/web/database/selector": lambda request: manager.page(odoo),
            "/jsonrpc": self._json.deprecated,
            "/xmlrpc/2/common": XmlRpc(odoo).common,
            "/xmlrpc/2/object": XmlRpc(odoo).object,
            "/xmlrpc/2/db": XmlRpc(odoo).database,
        }

    def handle(self, request: Request) -> Answer | Awaitable[Answer]:
        """What Railway's edge or Odoo behind it answers."""
        if self._odoo.strikes("late_certificate") or not self._odoo.is_led_to_by(request.headers.get("host", "")):
            return _json(404, NOT_FOUND)
        if not self._odoo.port_matches or self._odoo.is_being_made:
            return _json(502, NO_ANSWER)
        if self._odoo.is_being_restored:
            # as the bootstrap's own small server
            healthy = request.path == "/web/health"
            return _json(200, {"status": "pass"}) if healthy else Response(503, PAGE.encode(), "text/html")
        answer = self._route(request)
        if isinstance(answer, Awaitable):
            return self._finish(answer)
        self._odoo.flush()
        return answer

    async def _finish(self, answer: Awaitable[Answer]) -> Answer:
        response = await answer
        self._odoo.flush()
        return response

    def _route(self, request: Request) -> Answer | Awaitable[Answer]:
        path = request.path
        if page := self._pages.get(path):
            return page(request)
        if path.startswith("/odoo/"):
            return self._home(request)
        if path.startswith("/web/assets/"):
            return self._asset(path)
        if path.startswith("/web/database/") and path != "/web/database/list":
            return manager.change(self._odoo, request)
        if path.startswith("/json/2/"):
            sentence = "User not authenticated, use an API Key with a Bearer Authorization header."
            return _json(401, {"name": "werkzeug.exceptions.Unauthorized", "message": sentence})
        return self._json.handle(request, self._session(request))

    def _health(self, request: Request) -> Response:
        if request.parameter("db_server_status") in ("", "0"):
            return _json(200, {"status": "pass"})
        try:
            self._odoo.orm()
        except OdooError:
            return _json(500, {"status": "fail", "db_server_status": False})
        return _json(200, {"status": "pass", "db_server_status": True})

    def _version(self, request: Request) -> Response:
        return _json(200, {"version_info": VERSION, "version": "19.0"})

    def _asset(self, path: str) -> Response:
        if self._odoo.strikes("asset_error") or not self._odoo.has_files:
            return Response(500, b"Internal Server Error")
        if path != pages.STYLESHEET:
            return Response(404, b"Not Found")
        return Response(200, pages.CSS.encode(), "text/css; charset=utf-8")

    def _to_home(self, request: Request) -> Response:
        return _redirect("/odoo")

    def _home(self, request: Request) -> Response:
        session = self._session(request)
        try:
            orm = self._odoo.orm()
        except OdooError:
            return _redirect("/web/database/selector")
        user = self._odoo.session_user(orm, session)
        if user is None:
            return _redirect("/web/login?redirect=%2Fodoo")
        company = orm.call("res.company", "read", [[user["company_id"]], ["name"]], {})[0]["name"]
        return _page(pages.home_page(pages.texts(str(user["lang"])), company, str(user["name"])), session)

    def _login(self, request: Request) -> Response | Awaitable[Response]:
        try:
            self._odoo.orm()
        except OdooError:
            return _redirect("/web/database/selector")
        session = self._session(request)
        if request.method == "POST":
            return self._log_in(request, session)
        return self._login_page(request, session, redirect=request.parameter("redirect") or "/odoo")

    async def _log_in(self, request: Request, session: Session) -> Response:
        form = {name: values[-1] for name, values in parse_qs(request.body.decode(), keep_blank_values=True).items()}
        if form.get("csrf_token") != session.csrf_token:
            return Response(400, b"<h1>Bad Request</h1><p>Session expired (invalid CSRF token)</p>")
        login = form.get("login", "")
        try:
            user = await self._odoo.log_in(login, form.get("password", ""), request.peer)
        except OdooError as error:
            words = self._words(request)
            problem = words["too_many"] if error.message == TOO_MANY_FAILURES else words["wrong"]
            if error.name != ACCESS_DENIED:
                return _redirect("/web/database/selector")
            return self._login_page(request, session, login=login, problem=problem)
        self._odoo.close_session(session)
        if user.get("totp_secret"):
            return _redirect("/web/login/totp")
        opened = self._odoo.open_session()
        opened.login, opened.stamp = str(user["login"]), int(str(user["stamp"]))
        return _redirect(_local(form.get("redirect", "")), opened)

    def _log_out(self, request: Request) -> Response:
        self._odoo.close_session(self._session(request))
        return _redirect("/web/login")

    def _login_page(
        self, request: Request, session: Session, *, login: str = "", redirect: str = "/odoo", problem: str = ""
    ) -> Response:
        company = self._odoo.orm().call("res.company", "search_read", [[], ["name"]], {})[0]["name"]
        words = self._words(request)
        text = pages.login_page(words, company, session.csrf_token, login=login, redirect=redirect, problem=problem)
        return _page(text, session)

    def _words(self, request: Request) -> pages.Texts:
        """In the browser's language when it is installed, else in the customer's."""
        orm = self._odoo.orm()
        active = [row["code"] for row in orm.call("res.lang", "search_read", [[], ["code"]], {})]
        wished = request.headers.get("accept-language", "")[:2].lower()
        found = next((code for code in active if wished and code.startswith(wished)), orm.admin()["lang"])
        return pages.texts(found)

    def _session(self, request: Request) -> Session:
        cookies: SimpleCookie = SimpleCookie()
        try:
            cookies.load(request.headers.get("cookie", ""))
        except CookieError:
            cookies.clear()
        return self._odoo.session(cookies["session_id"].value if "session_id" in cookies else "")


def _json(status: int, body: object) -> Response:
    return Response(status, json.dumps(body).encode(), JSON)


def _page(text: str, session: Session) -> Response:
    return Response(200, text.encode(), headers=[session.cookie()])


def _redirect(location: str, session: Session | None = None) -> Response:
    return Response(303, headers=[("Location", location), *([session.cookie()] if session else [])])


def _local(target: str) -> str:
    """Only ever a path of this Odoo."""
    parts = urlsplit(target)
    return target if target.startswith("/") and not parts.netloc and not target.startswith("//") else "/odoo"
