"""manage.py demo: the main job on embedded defaults; then, at a terminal, the whole site until Ctrl-C."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation
from django.utils.translation import gettext as _
from pyrage import x25519

from eazynova_site.env import lend
from eazynova_site.management.ports import free_port

PATIENCE_SECONDS = 20
# a call to the site about every second
AGENT_PACE = "0.015"


class Command(BaseCommand):
    @property
    def help(self) -> str:  # type: ignore[override]  # in the language of the one who asks
        return _("Create one instance against the sandbox, then keep the site running until Ctrl-C.")

    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help=_("port of the site (default: 8000)"))
        parser.add_argument("--once", action="store_true", help=_("end after the creation, even at a terminal"))

    def handle(self, *args: Any, **options: Any) -> None:
        translation.activate(language())
        self.folder = Path(settings.BASE_DIR) / "var" / "demo"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.children: list[subprocess.Popen[bytes]] = []
        self.port = free_port(options["port"])
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _interrupt)
        try:
            self._run(stay=sys.stdin.isatty() and sys.stdout.isatty() and not options["once"])
        except KeyboardInterrupt:
            self.stdout.write("")
        finally:
            self._end_children()
            (self.folder / "pid").unlink(missing_ok=True)

    def _run(self, *, stay: bool) -> None:
        graphql, odoo, storage = free_port(8190), free_port(8069), free_port(8191)
        self.tests, dns = free_port(8192), free_port(8193)
        own = _environment(self.folder, graphql, storage, self.tests, dns, self.port)
        self.environment = os.environ | own
        lend(self.folder / "commands.env", own)
        self._manage("migrate", "--verbosity", "0")
        self._start("sandbox", "--port", str(graphql), "--odoo-port", str(odoo), "--s3-port",
                    str(storage), "--state", str(self.folder / "sandbox"), "--speed", "2", "--project-interval", "0",
                    "--volume-interval", "0", "--dns-port", str(dns), "--agent-pace", AGENT_PACE, "--quiet",
                    *names(sys.platform))  # fmt: skip
        # the agent beside Odoo calls the site
        self._start("runserver", f"127.0.0.1:{self.port}", "--noreload", quiet=True)
        wait_for_port(graphql)
        self._manage("create_instance", "acme-corp", "admin@acme.com")
        wait_for_port(self.port)
        self._manage("backups", "make", "acme-corp", "--wait")
        self._manage("backups", "restore", "acme-corp", "latest", "--confirm", "acme-corp", "--wait",
                     "--reason", _("to show it"))  # fmt: skip
        if stay:
            self._keep_site()

    def _keep_site(self) -> None:
        password = secrets.token_urlsafe(12)
        self.environment["DJANGO_SUPERUSER_PASSWORD"] = password
        self._manage("createsuperuser", "--noinput", "--username", "admin", "--email", "admin@localhost",
                     "--verbosity", "0")  # fmt: skip
        self._start("worker")
        self._start("sandbox", "--test-mode", "--port", str(self.tests), "--odoo-port", str(free_port(8070)),
                    "--odoo-ports", "8130-8159", "--speed", "2", "--quiet", *names(sys.platform))  # fmt: skip
        # the next order finds an instance that is there already
        self._manage("pool", "size", "demo", "1")
        site = f"http://127.0.0.1:{self.port}"
        self.stdout.write("\n" + _("The site: %(site)s/") % {"site": site})
        self.stdout.write(
            _("The admin: %(site)s/%(path)s (user admin, password %(password)s)")
            % {"site": site, "path": settings.ADMIN_PATH, "password": password}
        )
        self._manage("create_api_key", "EAZYNOVA")
        self._manage("create_api_key", "EAZYNOVA", "--test")
        self.stdout.write(_("Commands in a second terminal meet this demonstration: %(command)s") % {
            "command": f"{os.path.relpath(sys.executable)} manage.py operations list"
        })  # fmt: skip
        self.stdout.write(_("Ctrl-C ends everything."))
        while all(child.poll() is None for child in self.children):
            time.sleep(0.5)
        raise CommandError(_("A part of the demonstration ended by itself; its last words are above."))

    def _manage(self, *arguments: str) -> None:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=settings.BASE_DIR, env=self.environment, check=False)
        if done.returncode:
            raise CommandError(_("The demonstration stopped at: %(step)s") % {"step": arguments[0]})

    def _start(self, *arguments: str, quiet: bool = False) -> None:
        out = (self.folder / f"{arguments[0]}.log").open("wb") if quiet else None
        self.children.append(
            subprocess.Popen(
                [sys.executable, "manage.py", *arguments],
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        )

    def _end_children(self) -> None:
        for child in self.children:
            child.terminate()
        for child in self.children:
            try:
                child.wait(timeout=5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def wait_for_port(port: int) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise CommandError(
        _("Nothing listens on port %(port)d: a part of the demonstration did not start.") % {"port": port}
    )


def names(platform: str) -> list[str]:
    """macOS has one loopback address only, so each Odoo gets a port there."""
    return ["--odoo-host", "localhost"] if platform == "darwin" else []


def language() -> str:
    """Of this terminal: French where nothing else is said, as the product is."""
    chosen = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "en" if chosen.lower().startswith("en") else os.environ.get("LANGUAGE_CODE", "fr")


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _environment(folder: Path, graphql: int, storage: int, tests: int, dns: int, site: int) -> dict[str, str]:
    return {
        "DEBUG": "1",
        "DATABASE_URL": f"sqlite:///{folder / 'eazynova.sqlite3'}",
        "REDIS_URL": "",
        "RAILWAY_API_URL": f"http://127.0.0.1:{graphql}/graphql/v2",
        "RAILWAY_API_TOKEN": "sandbox-token",
        "RAILWAY_WORKSPACE_ID": "5a4db0c0-0000-4000-8000-000000000001",
        "RAILWAY_REQUESTS_PER_SECOND": "0",
        "RAILWAY_POLL_SECONDS": "0.5",
        "RAILWAY_PROJECT_INTERVAL_SECONDS": "0",
        "RAILWAY_VOLUME_INTERVAL_SECONDS": "0",
        "INSTANCE_URL_SCHEME": "http",
        "TEST_MODE_URL": f"http://127.0.0.1:{tests}/graphql/v2",
        "DNS_SANDBOX": f"127.0.0.1:{dns}",
        "BACKUP_S3_ENDPOINT": f"http://127.0.0.1:{storage}",
        "BACKUP_S3_REGION": "eu-sandbox-1",
        "BACKUP_S3_BUCKET": "eazynova-backups",
        "BACKUP_S3_ACCESS_KEY_ID": "sandbox-key",
        "BACKUP_S3_SECRET_ACCESS_KEY": "sandbox-secret",
        "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "EMAIL_FILE_PATH": str(folder / "mail"),
        "DEFAULT_FROM_EMAIL": "EAZYNOVA <bonjour@eazynova.example>",
        "SITE_BACKUP_KEYS": str(x25519.Identity.generate()),
        "RAILWAY_WEBHOOK_SECRET": secrets.token_urlsafe(32),
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{site}",
        # whoever tries it out orders more often than a stranger may
        "SIGNUP_RATE": "1000/h",
        "SIGNUP_NETWORK_RATE": "1000/h",
        "SIGNUP_RECIPIENT_RATE": "1000/h",
        "SIGNUP_TOTAL_RATE": "1000/h",
        "LANGUAGE_CODE": language(),
    }
