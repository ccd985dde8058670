"""An Odoo of a few lines over real HTTP, whose every answer can be bent."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOGIN_PAGE = """<html><head><link rel="stylesheet" href="/web/assets/1/web.assets_frontend.min.css?a=1&amp;b=2"/></head>
<body><form><input type="text" name="login"/><input type="password" name="password"/></form></body></html>"""
CLOSED = "<div>The database manager has been disabled by the administrator</div>"


class Refused(Exception):
    def __init__(self, name="odoo.exceptions.AccessDenied", message="Access Denied"):
        super().__init__(message)
        self.answer = {"code": 0, "message": "Odoo Server Error", "data": {"name": name, "message": message}}


class LittleOdoo(ThreadingHTTPServer):
    """``bent`` maps a path to a status and a text, given instead of the right answer, or to an exception.

    ``shown`` are the paths asked for, each with the cookie that came along.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.database = "acme_corp_prod"
        self.passwords = {"zoe@acme.com": "right"}
        self.account = {"is_system": True, "company": "L'Étoile", "lang": "fr_FR"}
        self.any_password = False
        self.failures = 0
        self.sessions = {}
        self.requests = []
        self.connections = 0
        self.shown = []
        self.bent = {}
        self.repaired_by_rebuilding = True
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def authenticate(self, _session, params):
        login, password = params["login"], params["password"]
        if params["db"] != self.database:
            raise Refused("odoo.exceptions.AccessError", "Database not found.")
        if self.failures >= 10:
            raise Refused(message="Too many login failures, please wait a bit before trying again.")
        if self.passwords.get(login) != password and not (self.any_password and login in self.passwords):
            self.failures += 1
            raise Refused
        self.failures = 0
        key = f"s{len(self.requests)}"
        if self.account.get("second_factor"):
            return key, {"uid": None}
        self.sessions[key] = login
        return key, {
            "uid": 2,
            "is_system": self.account["is_system"],
            "user_context": {"lang": self.account["lang"]},
            "user_companies": {
                "current_company": 1,
                "allowed_companies": {"1": {"id": 1, "name": self.account["company"]}},
            },
        }

    def call(self, session, params):
        login = self.sessions.get(session)
        if login is None:
            raise Refused("odoo.http.SessionExpiredException", "Session expired")
        if params["method"] == "regenerate_assets_bundles":
            if self.repaired_by_rebuilding:
                self.bent.clear()
        else:
            [ids, values] = params["args"]
            assert ids == [2]
            password = values.get("password", self.passwords.pop(login))
            self.passwords[values.get("login", login)] = password
            self.sessions.clear()
        return None, True

    def destroy(self, session, _params):
        if self.sessions.pop(session, None) is None:
            raise Refused("odoo.http.SessionExpiredException", "Session expired")
        return None, None

    def version(self, _session, _params):
        return None, {"server_version": "19.0"}

    def databases(self, _session, _params):
        raise Refused


CALLS = {
    "/web/session/authenticate": LittleOdoo.authenticate,
    "/web/session/destroy": LittleOdoo.destroy,
    "/web/webclient/version_info": LittleOdoo.version,
    "/web/database/list": LittleOdoo.databases,
    "/web/dataset/call_kw/res.users/write": LittleOdoo.call,
    "/web/dataset/call_kw/ir.attachment/regenerate_assets_bundles": LittleOdoo.call,
}
PAGES = {
    "/web/health": json.dumps({"status": "pass", "db_server_status": True}),
    "/web/login": LOGIN_PAGE,
    "/web/assets/1/web.assets_frontend.min.css": "body{}",
    "/web/database/manager": CLOSED,
}


class Handler(BaseHTTPRequestHandler):
    server: LittleOdoo
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.server.connections += 1

    def log_message(self, *_arguments):
        """The tests' own output is enough."""

    def do_GET(self):
        path = self.path.partition("?")[0]
        self.server.requests.append(path)
        self.server.shown.append((path, self.headers["Cookie"]))
        self._answer(*self.server.bent.get(path, (200, PAGES[path])))

    def do_POST(self):
        params = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["params"]
        self.server.requests.append(self.path)
        self.server.shown.append((self.path, self.headers["Cookie"]))
        if self.path in self.server.bent:
            self._answer(*self.server.bent[self.path])
            return
        session = (self.headers["Cookie"] or "").partition("session_id=")[2]
        try:
            key, result = CALLS[self.path](self.server, session, params)
        except Refused as refused:
            self._answer(200, json.dumps({"jsonrpc": "2.0", "id": 1, "error": refused.answer}))
        else:
            self._answer(200, json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}), key)

    def _answer(self, status, text, session=None):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        if status in {302, 303}:
            self.send_header("Location", "/web/database/selector")
        if session:
            self.send_header("Set-Cookie", f"session_id={session}; Path=/; HttpOnly")
        self.end_headers()
        self.wfile.write(text.encode())
