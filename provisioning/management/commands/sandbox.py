"""``manage.py sandbox``: the stand-in for Railway and for the Odoos deployed there."""

import json
import signal
import threading
from argparse import ArgumentTypeError
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from provisioning.gate import workspaces
from provisioning.sandbox import Sandbox

DEFAULT_PORT = 8190
DEFAULT_ODOO_PORT = 8069
DEFAULT_S3_PORT = 8191
DEFAULT_SPEED = 5.0
# a call every three seconds instead of every minute
DEFAULT_AGENT_PACE = 0.05
DAY = 86_400.0


class Command(BaseCommand):
    @property
    def help(self) -> str:  # type: ignore[override]  # in the language of the one who asks
        return _("Run the sandbox: a stand-in for Railway and for the Odoos deployed there.")

    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help=_("address to listen on (default: 127.0.0.1)"))
        parser.add_argument("--port", type=int, default=DEFAULT_PORT)
        parser.add_argument("--odoo-port", type=int, default=DEFAULT_ODOO_PORT)
        parser.add_argument(
            "--odoo-host",
            default="",
            help=_("one name for all Odoos, each at a port of --odoo-ports, instead of a loopback address for each"),
        )
        parser.add_argument("--odoo-ports", type=_ports, default="8100-8129", metavar=_("FIRST-LAST"))
        parser.add_argument("--s3-port", type=int, default=DEFAULT_S3_PORT)
        parser.add_argument("--dns-port", type=int, default=0)
        parser.add_argument("--state", type=Path, help=_("folder that keeps what was created; none forgets it"))
        parser.add_argument("--token", default="sandbox-token")
        parser.add_argument("--speed", type=float, default=DEFAULT_SPEED, help=_("seconds a deployment takes"))
        parser.add_argument("--project-interval", type=float, default=0.0)
        parser.add_argument("--volume-interval", type=float, default=0.0)
        parser.add_argument("--lag", type=float, default=0.0, help=_("seconds a new instance stays invisible"))
        parser.add_argument(
            "--answer-seconds", type=float, default=0.0, help=_("seconds that Railway’s API takes to answer")
        )
        parser.add_argument("--hourly-limit", type=int, default=0)
        parser.add_argument("--deletion-grace", type=float, default=172_800.0)
        parser.add_argument(
            "--agent-pace",
            type=float,
            default=DEFAULT_AGENT_PACE,
            help=_("share of the real pauses that the agents beside the Odoos make between their calls; 0: no agents"),
        )
        parser.add_argument(
            "--test-mode",
            action="store_true",
            help=_("stand for Railway towards partners’ test keys: names force outcomes, nothing is kept for ever"),
        )
        parser.add_argument("--fault", action="append", default=[], metavar="JSON")
        parser.add_argument("--quiet", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        ended = threading.Event()

        def end(number: int, frame: FrameType | None) -> None:
            ended.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, end)
        sandbox = _sandbox(options)
        try:
            sandbox.start()
        except OSError as error:
            raise CommandError(_("The sandbox cannot listen there: %(reason)s") % {"reason": error}) from error
        try:
            _add_faults(sandbox, options["fault"])
            if not options["quiet"]:
                self._say_where(sandbox)
            ended.wait()
        finally:
            sandbox.stop()

    def _say_where(self, sandbox: Sandbox) -> None:
        self.stdout.write(_("The sandbox listens at %(url)s") % {"url": sandbox.url})
        if sandbox.options.named_outcomes:
            self.stdout.write(f"TEST_MODE_URL={sandbox.url}")
            self.stdout.flush()
            return
        self.stdout.write(f"RAILWAY_API_URL={sandbox.url}")
        self.stdout.write(f"RAILWAY_API_TOKEN={sandbox.token}")
        self.stdout.write(f"RAILWAY_WORKSPACE_ID={sandbox.workspace_id}")
        self.stdout.write("INSTANCE_URL_SCHEME=http")
        self.stdout.write(f"DNS_SANDBOX={sandbox.dns}")
        self._say_where_backups_go(sandbox)
        self.stdout.write(_("Deployed Odoos answer on port %(port)s. Ctrl-C ends it.") % {"port": sandbox.odoo_port})
        self.stdout.flush()

    def _say_where_backups_go(self, sandbox: Sandbox) -> None:
        self.stdout.write(f"BACKUP_S3_ENDPOINT={sandbox.s3_url}")
        self.stdout.write(f"BACKUP_S3_REGION={sandbox.options.s3_region}")
        self.stdout.write(f"BACKUP_S3_BUCKET={sandbox.options.s3_bucket}")
        self.stdout.write(f"BACKUP_S3_ACCESS_KEY_ID={sandbox.options.s3_access_key_id}")
        self.stdout.write(f"BACKUP_S3_SECRET_ACCESS_KEY={sandbox.options.s3_secret_access_key}")


def _sandbox(options: dict[str, Any]) -> Sandbox:
    if options["test_mode"]:
        return _of_test_mode(options)
    return Sandbox(
        options["state"],
        host=options["host"],
        odoo_host=options["odoo_host"],
        odoo_ports=options["odoo_ports"],
        port=options["port"],
        odoo_port=options["odoo_port"],
        s3_port=options["s3_port"],
        dns_port=options["dns_port"],
        agent_pace=options["agent_pace"],
        token=options["token"],
        deploy_seconds=options["speed"],
        project_interval=options["project_interval"],
        volume_interval=options["volume_interval"],
        lag_seconds=options["lag"],
        answer_seconds=options["answer_seconds"],
        hourly_limit=options["hourly_limit"],
        deletion_grace_seconds=options["deletion_grace"],
    )


def _of_test_mode(options: dict[str, Any]) -> Sandbox:
    """With a token and a workspace that only our own test mode knows; no agents, no storage."""
    return Sandbox(
        options["state"],
        host=options["host"],
        odoo_host=options["odoo_host"],
        odoo_ports=options["odoo_ports"],
        port=options["port"],
        odoo_port=options["odoo_port"],
        s3_bucket="",
        token=workspaces.test_token(),
        workspace_id=workspaces.TEST_IDENTIFIER,
        deploy_seconds=options["speed"],
        deletion_grace_seconds=0.0,
        named_outcomes=True,
        # ours are gone before; what nobody asks for any more is not kept
        life_seconds=2.0 * settings.TEST_MODE_DAYS * DAY,
        memory_seconds=DAY,
    )


def _ports(text: str) -> range:
    """Raises ArgumentTypeError."""
    first, _hyphen, last = text.partition("-")
    if not (first.isdecimal() and last.isdecimal() and 0 < int(first) <= int(last) < 65_536):
        raise ArgumentTypeError(_("write two ports, such as 8100-8129"))
    return range(int(first), int(last) + 1)


def _add_faults(sandbox: Sandbox, given: list[str]) -> None:
    for text in given:
        try:
            sandbox.faults.add(**json.loads(text))
        except (ValueError, TypeError) as error:
            raise CommandError(_("Not a fault: %(text)s (%(reason)s)") % {"text": text, "reason": error}) from error
