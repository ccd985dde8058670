"""What visitors see while Odoo is not there yet because a backup is being brought back."""

import os
import signal
import socket
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .process import end_with_parent

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="30"><title>Odoo</title>
<style>body{font:1.1rem/1.6 system-ui,sans-serif;max-width:36rem;margin:20vh auto;padding:0 1rem}</style></head>
<body><p lang="fr">Une sauvegarde est en cours de restauration. Odoo sera de retour dans quelques minutes.</p>
<p>A backup is being restored. Odoo will be back in a few minutes.</p></body></html>
"""


class Curtain:
    """The platform's health check is content, everybody else is told to come back."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._pid = 0

    def __enter__(self) -> "Curtain":
        self._pid = os.fork()
        if not self._pid:
            with suppress(BaseException):
                end_with_parent()
                _Server(self._port).serve_forever()
            os._exit(0)
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int) -> None:
        self.address_family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET
        super().__init__(("", port), _Handler, bind_and_activate=False)
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.server_bind()
        self.server_activate()


class _Handler(BaseHTTPRequestHandler):
    timeout = 20

    def do_GET(self) -> None:
        healthy = self.path.partition("?")[0] == "/web/health"
        body = b'{"status": "pass"}' if healthy else PAGE.encode()
        self.send_response(200 if healthy else 503)
        self.send_header("Content-Type", "application/json" if healthy else "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Retry-After", "30")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_POST = do_HEAD = do_PUT = do_DELETE = do_GET  # noqa: N815 the names are the library's

    def log_message(self, *arguments: object) -> None:
        """Nobody's visits are written down here."""
