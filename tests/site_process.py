"""The production web server as a real process, started as the image starts it."""

import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import httpx
from cryptography.fernet import Fernet
from django.conf import settings

from tests.ports import free_port

HOST = "portal.example.com"
PATIENCE_SECONDS = 60
RAILWAY_SECRET = "railway-webhook-secret-of-many-letters"


class SiteProcess:
    """``start`` it, ask it as the proxy in front of it would, ``stop`` it."""

    def __init__(self, folder, **environment):
        self.port = free_port()
        self.log = folder / "site.log"
        self.environment = {
            "PATH": str(Path(sys.executable).parent),
            "ENV_FILE": "",
            "DEBUG": "0",
            "VAR_DIR": str(folder),
            "TMPDIR": str(folder),
            "PORT": str(self.port),
            "SECRET_KEY": "production-like " * 4,
            "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "ALLOWED_HOSTS": HOST,
            "PUBLIC_BASE_URL": f"https://{HOST}",
            "TRUSTED_PROXY_HOPS": "1",
            "RAILWAY_API_TOKEN": "railway-token",
            "RAILWAY_WORKSPACE_ID": "workspace",
            "RAILWAY_WEBHOOK_SECRET": RAILWAY_SECRET,
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "DEFAULT_FROM_EMAIL": f"EAZYNOVA <bonjour@{HOST}>",
            "STAFF_ALERT_EMAILS": f"ops@{HOST}",
            **environment,
        }

    def manage(self, command):
        command = [sys.executable, "manage.py", command, "--noinput", "--verbosity", "0"]
        subprocess.run(command, cwd=settings.BASE_DIR, env=self.environment, check=True)

    def start(self):
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                ["gunicorn", "eazynova_site.wsgi"], cwd=settings.BASE_DIR, env=self.environment, stderr=log
            )
        until(lambda: self.process.poll() is not None or self.answers(), "the server answers")
        assert self.process.poll() is None, self.log.read_text()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE_SECONDS)

    def client(self):
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            headers={"Host": HOST, "X-Forwarded-Proto": "https"},
            timeout=PATIENCE_SECONDS,
            verify=False,
        )

    def answers(self, seconds=2.0):
        """Whether a new connection gets its answer from /healthz in time."""
        # often asked: httpx would read the authorities of TLS for each question
        connection = HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request("GET", "/healthz", headers={"Host": HOST})
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def connect(self, opening=b""):
        """A bare connection that has sent ``opening``."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS)
        connection.sendall(opening)
        return connection

    @property
    def workers(self):
        pid = self.process.pid
        return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


@contextmanager
def running(folder, *commands, **environment):
    """The server, after the management ``commands`` that it needs; killed at the end if it still runs."""
    site = SiteProcess(folder, **environment)
    for command in commands:
        site.manage(command)
    site.start()
    try:
        yield site
    finally:
        if site.process.poll() is None:
            site.process.kill()
            site.process.wait()


def until(condition, what):
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, f"It never happened: {what}"
        time.sleep(0.05)
