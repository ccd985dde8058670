"""The site's workers as real processes, for tests that kill them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

PATIENCE_SECONDS = 60.0


class Workers:
    """Celery workers on this test's database, broker and sandbox; ``stop`` leaves none behind.

    ``code`` is the folder of the version that they run, today's unless said.
    """

    def __init__(self, folder: Path, *, code: Path = settings.BASE_DIR, **environment: str) -> None:
        self.mail = folder / "mail"
        self._folder = folder
        self._code = code
        self._environment = os.environ | {
            "DATABASE_URL": _database_url(),
            "RAILWAY_API_URL": settings.RAILWAY_API_URL,
            "RAILWAY_API_TOKEN": settings.RAILWAY_API_TOKEN,
            "RAILWAY_WORKSPACE_ID": settings.RAILWAY_WORKSPACE_ID,
            "RAILWAY_POLL_SECONDS": "0.5",
            "RAILWAY_SETTLE_SECONDS": "0.5",
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": str(self.mail),
            "LOG_LEVEL": "INFO",
        }
        self._environment |= environment
        self._running: list[subprocess.Popen[bytes]] = []

    def serve(self) -> subprocess.Popen[bytes]:
        """The web server as the image starts it, at the port that `PORT` says."""
        return self._start([sys.executable, "-m", "gunicorn", "eazynova_site.wsgi"])

    def start(self, *options: str) -> subprocess.Popen[bytes]:
        """A worker in a process group of its own. ``-B`` gives it a beat."""
        number = len(self._running)
        if "-B" in options:
            options = (*options, "--schedule", str(self._folder / f"beat-{number}"))
        command = [sys.executable, "-m", "celery", "-A", "eazynova_site", "worker", "--concurrency", "1"]
        command += ["--without-gossip", "--without-mingle", "--hostname", f"fire-{number}@%h", *options]
        return self._start(command)

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        with self.log(len(self._running)).open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=self._code,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._running.append(process)
        return process

    def manage(self, *arguments: str) -> str:
        """The output of a management command in the workers' environment."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=self._code, env=self._environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def log(self, number: int) -> Path:
        return self._folder / f"worker-{number}.log"

    def stop(self) -> None:
        for process in self._running:
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL for the worker and every child of it, at once."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def kill_children(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL for those who run the tasks; their parent starts new ones."""
    for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
        os.kill(int(child), signal.SIGKILL)


def until(condition: Callable[[], object], what: str, meanwhile: Callable[[], object] = lambda: None) -> None:
    """Poll until ``condition`` holds, doing ``meanwhile`` each time; AssertionError after a minute."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, f"It never happened: {what}"
        meanwhile()
        time.sleep(0.05)


def _database_url() -> str:
    values = connection.settings_dict
    login = quote(values["USER"]) + (f":{quote(values['PASSWORD'])}" if values["PASSWORD"] else "")
    return f"postgres://{login}@{values['HOST']}:{values['PORT'] or 5432}/{values['NAME']}"
