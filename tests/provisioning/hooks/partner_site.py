"""A partner's server in this process, which answers as it is told and remembers what it was sent."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class PartnerSite:
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    drip_seconds: float = 0.0
    # before the answer: so long, and this
    answer_seconds: float = 0.0
    meanwhile: Callable[[], None] | None = None
    most_at_once: int = 0
    received: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def __enter__(self):
        site, under_way = self, []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                content = self.rfile.read(int(self.headers["Content-Length"]))
                under_way.append(self)
                site.most_at_once = max(site.most_at_once, len(under_way))
                time.sleep(site.answer_seconds)
                if site.meanwhile is not None:
                    site.meanwhile()
                under_way.remove(self)
                site.received.append((self.path, {k.lower(): v for k, v in self.headers.items()}, content))
                self.send_response(site.status)
                for name, value in site.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    for position in range(len(site.body)) if site.drip_seconds else ():
                        self.wfile.write(site.body[position : position + 1])
                        time.sleep(site.drip_seconds)
                    if not site.drip_seconds:
                        self.wfile.write(site.body)
                except OSError:
                    pass

            def log_message(self, *words):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook?from=eazynova"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *error):
        self._server.shutdown()
        self._server.server_close()
