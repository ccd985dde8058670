"""manage.py rehearse: production as compose.yml describes it, by https, against the sandbox, without an engine."""

import os
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from eazynova_site.env import file_values, lend, running_trial
from eazynova_site.management.compose import services
from eazynova_site.management.ports import free_port
from eazynova_site.management.processes import Stack, StackError


class Command(BaseCommand):
    @property
    def help(self) -> str:  # type: ignore[override]  # in the language of the one who asks
        return _("Run production's services on this machine against the sandbox, until Ctrl-C.")

    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8443, help=_("port of the site, by https (default: 8443)"))
        parser.add_argument(
            "--folder", type=Path, default=Path("var/rehearsal"), help=_("what is kept (default: var/rehearsal)")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _interrupt)
        try:
            stack = rehearsal(Path(settings.BASE_DIR), settings.BASE_DIR / options["folder"], port=options["port"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        try:
            stack.start(lambda name: self.stdout.write(_("%(service)s is ready") % {"service": name}))
            self._say_where(stack)
            while True:
                time.sleep(0.5)
                for name in stack.start_ended():
                    self.stdout.write(_("%(service)s had ended, and was started again") % {"service": name})
        except StackError as error:
            raise CommandError(_("The rehearsal stopped: %(reason)s") % {"reason": error}) from error
        except KeyboardInterrupt:
            self.stdout.write("")
        finally:
            (stack.folder / "pid").unlink(missing_ok=True)
            stack.stop()

    def _say_where(self, stack: Stack) -> None:
        lend(lent := stack.folder / "commands.env", stack.settings("web"))
        port = stack.port("caddy", 443)
        self.stdout.write("\n" + _("The site: %(site)s/ (the browser warns of its test certificate)") % {
            "site": f"https://localhost:{port}"
        })  # fmt: skip
        self.stdout.write(_("E-mails: %(folder)s") % {"folder": stack.folder / "var" / "mail"})
        self.stdout.write(_("Commands in a second terminal meet this rehearsal: %(command)s") % {
            "command": ("" if running_trial(settings.BASE_DIR) == lent else f"ENV_FILE={lent} ")
            + f"{os.path.relpath(sys.executable)} manage.py doctor"
        })  # fmt: skip
        self.stdout.write(_("Ctrl-C ends everything; what was created is kept."))
        self.stdout.flush()


def rehearsal(root: Path, folder: Path, *, port: int = 0) -> Stack:
    """The stack of ``root``'s compose.yml with its sandbox, whose settings and volumes are kept in ``folder``.

    Raises ValueError when they cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / "env"
    if not written.exists():
        done = subprocess.run(
            [sys.executable, root / "install", "--sandbox", "--output", written],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ValueError(done.stderr)
    https = free_port(port or 8443)
    own = {"SITE_DOMAIN": "localhost", "ALLOWED_HOSTS": "localhost", "PUBLIC_BASE_URL": f"https://localhost:{https}"}
    values = file_values(written) | own
    return Stack(
        services(root / "compose.yml", values, ["sandbox"]),
        root=root,
        folder=folder.resolve(),
        free_port=lambda: free_port(0),
        ports={"caddy:443": https},
    )


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
