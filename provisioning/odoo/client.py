"""Odoo 19 over HTTP, as a customer's browser meets it: pages, the session API and ``call_kw``. No deprecated RPC."""

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from provisioning.odoo import responses
from provisioning.odoo.errors import (
    SECOND_FACTOR,
    AssetsBroken,
    LoginRefused,
    ManagerOpen,
    NotReachable,
    NotReady,
    UnexpectedAnswer,
    cause_of,
)
from provisioning.odoo.identity import odoo_login

USER_AGENT = "eazynova-provisioning"
SESSION_COOKIE = "session_id"
CONNECT_SECONDS = 10.0
GATEWAY_STATUSES = frozenset({502, 503, 504})
# the address leads to a customer's own server, which may answer anything
MOST_BYTES = 20_000_000
MOST_TIMEOUTS = 3
OF_THE_TRANSFER = frozenset({"content-encoding", "content-length", "transfer-encoding"})


@dataclass(frozen=True)
class Account:
    """Who logged in, as Odoo tells it."""

    uid: int
    is_administrator: bool
    company: str
    language: str


class Session:
    """A login, good until the ``with`` block that opened it ends; one that was resumed does not know its account."""

    def __init__(self, client: "OdooClient", http: httpx.Client, account: Account | None) -> None:
        self._client = client
        self._http = http
        self._account = account

    @property
    def account(self) -> Account:
        if self._account is None:
            raise LookupError("A resumed session does not tell whose it is.")
        return self._account

    def call(self, model: str, method: str, *args: object, **kwargs: object) -> Any:
        """The result of a model's public method. Raises OdooError."""
        params = {"model": model, "method": method, "args": list(args), "kwargs": kwargs}
        return self._client.call(self._http, f"/web/dataset/call_kw/{quote(model)}/{quote(method)}", params)


class OdooClient:
    """One instance at ``base_url`` with its ``database``; ``timeout`` in seconds for one answer.

    Certificates are verified. Used in a ``with`` block it keeps its connection between requests. Reads may be repeated;
    what writes says so and is not repeated here.
    """

    def __init__(
        self, base_url: str, database: str, timeout: float = 60.0, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.database = database
        self._timeout = httpx.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout))
        self._transport = transport
        self._kept: httpx.Client | None = None

    def __enter__(self) -> Self:
        self._kept = self._connection()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def check_health(self) -> None:
        """Odoo listens and reaches its PostgreSQL server (not yet this database). Raises NotReachable, NotReady."""
        response = self._get("/web/health?db_server_status=1")
        if response.status_code != httpx.codes.OK or not responses.healthy(response):
            raise NotReady(f"Odoo's health check says {response.status_code}.")

    def version(self) -> str:
        """Such as ``19.0``."""
        with self._stranger() as http:
            result = self.call(http, "/web/webclient/version_info", {})
        return str(responses.member(result, "server_version"))

    def login_stylesheet(self) -> str:
        """The path of the login page's first style sheet; reading the page proves that this database is served.

        Raises NotReady for a redirect, which is how Odoo shows a database that it cannot open.
        """
        response = self._get("/web/login")
        if response.status_code != httpx.codes.OK or not responses.has_login_form(response):
            raise NotReady(f"The login page answers {response.status_code} without a login form.")
        path = responses.first_stylesheet(response)
        if path is None:
            raise NotReady("The login page names no style sheet.")
        return path

    def check_stylesheet(self, path: str) -> None:
        """Odoo builds it at the first request, which takes seconds, and lacks it when its files are lost.

        Raises AssetsBroken.
        """
        response = self._get(path)
        if response.status_code != httpx.codes.OK:
            raise AssetsBroken(f"The login page's style sheet answers {response.status_code}.")

    def check_manager_closed(self) -> None:
        """Neither the database manager's page nor its list is open to strangers. Raises ManagerOpen."""
        if not responses.manager_disabled(self._get("/web/database/manager")):
            raise ManagerOpen("The database manager's page is open.")
        with self._stranger() as http:
            try:
                self.call(http, "/web/database/list", {})
            except LoginRefused:
                return
        raise ManagerOpen("The list of databases is open.")

    @contextmanager
    def session(self, login: str, password: str) -> Iterator[Session]:
        """Log in, and out again at the end. Raises LoginRefused, TooManyLoginFailures, NotReachable, NotReady."""
        with self._stranger() as http:
            account = self._log_in(http, login, password)
            try:
                yield Session(self, http, account)
            finally:
                self._log_out(http)

    def open_session(self, login: str, password: str) -> str:
        """Log in and stay so: the session's cookie, a secret. Raises as ``session`` does."""
        with self._stranger() as http:
            self._log_in(http, login, password)
            cookie = http.cookies.get(SESSION_COOKIE)
        if not cookie:
            raise UnexpectedAnswer("Odoo's answer to a login brought no session.")
        return cookie

    @contextmanager
    def resumed(self, cookie: str) -> Iterator[Session]:
        """Go on with a session that was opened before and is not ended here. Its first call may raise SessionEnded."""
        with self._stranger() as http:
            http.cookies.set(SESSION_COOKIE, cookie)
            yield Session(self, http, None)

    def authenticate(self, login: str, password: str) -> Account:
        """Who ``login`` and ``password`` let in; no session is left. Raises as ``session`` does."""
        with self.session(login, password) as session:
            return session.account

    def change_password(self, login: str, current: str, new: str) -> None:
        """Every session of the user ends. The new password is proven by logging in with it.

        ``new`` must have no space at its ends: Odoo's own form would strip it. Raises ValueError, and as ``session``.
        After an error with ``unclear`` set, look whether ``new`` already logs in.
        """
        self.change_access(login, current, login, new)

    def change_access(self, login: str, current: str, new_login: str, new: str) -> None:
        """Login, e-mail (``new_login`` in lower case) and password in one write. Raises as ``change_password`` does."""
        new_login = odoo_login(new_login)
        values = {"password": _sound(new)}
        if new_login != odoo_login(login):
            values |= {"login": new_login, "email": new_login}
        self._write_user(login, current, values)
        self.authenticate(new_login, new)

    def rebuild_assets(self, login: str, password: str) -> None:
        """Make Odoo forget style sheets and scripts whose files are lost; it builds them anew when asked."""
        with self.session(login, password) as session:
            session.call("ir.attachment", "regenerate_assets_bundles")

    def call(self, http: httpx.Client, path: str, params: dict[str, Any]) -> Any:
        """One JSON-RPC call and its result. Raises OdooError."""
        body = {"jsonrpc": "2.0", "method": "call", "params": params, "id": 1}
        return responses.result(self._send(http, "POST", path, body))

    def _write_user(self, login: str, password: str, values: dict[str, str]) -> None:
        with self.session(login, password) as session:
            session.call("res.users", "write", [session.account.uid], values)

    def _log_in(self, http: httpx.Client, login: str, password: str) -> Account:
        credentials = {"db": self.database, "login": odoo_login(login), "password": password}
        return _account(self.call(http, "/web/session/authenticate", credentials))

    def _log_out(self, http: httpx.Client) -> None:
        """Also right after a change of password, which has ended the session already."""
        try:
            self._send(
                http, "POST", "/web/session/destroy", {"jsonrpc": "2.0", "method": "call", "params": {}, "id": 1}
            )
        except NotReachable:
            return

    def _get(self, path: str) -> httpx.Response:
        with self._stranger() as http:
            return self._send(http, "GET", path)

    @contextmanager
    def _stranger(self) -> Iterator[httpx.Client]:
        """A connection that nobody has logged in on; what is logged in on it is forgotten at the end."""
        if self._kept is None:
            with self._connection() as http:
                yield http
            return
        self._kept.cookies.clear()
        try:
            yield self._kept
        finally:
            self._kept.cookies.clear()

    def _connection(self) -> httpx.Client:
        return httpx.Client(
            base_url=self.base_url,
            timeout=self._timeout,
            transport=self._transport,
            headers={"User-Agent": USER_AGENT},
            verify=_tls(),
        )

    def _send(self, http: httpx.Client, method: str, path: str, body: object = None) -> httpx.Response:
        try:
            with http.stream(method, path, json=body) as answer:
                response = self._whole(answer)
        except httpx.DecodingError as error:
            raise UnexpectedAnswer(f"{self.base_url} answers what cannot be unpacked.") from error
        except httpx.TransportError as error:
            raise NotReachable(
                f"{self.base_url} does not answer: {cause_of(error)}.",
                unclear=method == "POST" and not isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)),
            ) from error
        if response.status_code in GATEWAY_STATUSES or responses.from_railways_edge(response):
            raise NotReachable(f"{self.base_url} has no instance behind it ({response.status_code}).")
        return response

    def _whole(self, answer: httpx.Response) -> httpx.Response:
        """The answer with all of its body, which must come to an end. Raises UnexpectedAnswer."""
        end, body = time.monotonic() + MOST_TIMEOUTS * (self._timeout.read or 60.0), bytearray()
        for part in answer.iter_bytes():
            body += part
            if len(body) > MOST_BYTES or time.monotonic() > end:
                raise UnexpectedAnswer(f"{self.base_url} does not come to the end of its answer.")
        headers = [(name, value) for name, value in answer.headers.multi_items() if name not in OF_THE_TRANSFER]
        return httpx.Response(answer.status_code, headers=headers, content=bytes(body), request=answer.request)


@cache
def _tls() -> ssl.SSLContext:
    """Reading the certificate authorities costs more than everything else about a connection."""
    return httpx.create_ssl_context()


def _sound(password: str) -> str:
    if password != password.strip() or not password:
        raise ValueError("A password may not be empty nor begin or end with a space.")
    return password


def _account(result: Any) -> Account:
    uid = responses.member(result, "uid")
    if not uid:
        raise LoginRefused("The account asks for a second factor.", code=SECOND_FACTOR)
    companies = responses.member(result, "user_companies")
    current = str(responses.member(companies, "current_company"))
    allowed = responses.member(companies, "allowed_companies")
    try:
        return Account(
            uid=int(uid),
            is_administrator=bool(result["is_system"]),
            company=str(allowed[current]["name"]),
            language=str(result["user_context"]["lang"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnexpectedAnswer("Odoo describes the login in another form than Odoo 19 does.") from error
