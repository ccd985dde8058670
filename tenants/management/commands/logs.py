"""manage.py logs: what an instance's Odoo and PostgreSQL said, as Railway keeps it, without secrets."""

import json
import re
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from provisioning.railway.reading import MOST_LOG_LINES
from tenants import names
from tenants.models import Instance
from tenants.services.service_logs import Line, Reader, ServiceLogs

SERVICES = {"odoo": "odoo", "postgres": "Postgres"}
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
LONGEST_PAUSE_SECONDS = 5.0


class Command(BaseCommand):
    @property
    def help(self) -> str:  # type: ignore[override]  # in the language of the one who asks
        return _("Show what the services of an instance said, oldest line first, without secrets.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("client", help=_("client name or instance id"))
        parser.add_argument("--service", choices=sorted(SERVICES), help=_("one service alone"))
        parser.add_argument("--build", action="store_true", help=_("what was said while the image was built"))
        parser.add_argument(
            "--follow", action="store_true", help=_("go on with what is said from now on, until Ctrl-C")
        )
        parser.add_argument("--since", type=_moment, help=_("not what is older: 90s, 15m, 1h, 2d or a date and time"))
        parser.add_argument("--filter", default="", metavar=_("WORDS"), help=_("only lines that contain them"))
        parser.add_argument("--lines", type=_count, default=300, help=_("so many of a service at most (default: 300)"))
        parser.add_argument("--json", action="store_true", help=_("one JSON object a line"))

    def handle(self, *args: Any, **options: Any) -> None:
        self.options = options
        self.warned: set[str] = set()
        reader = Reader(_found(options["client"]))
        service = SERVICES.get(options["service"] or "", "")
        asked: dict[str, Any] = {"limit": MOST_LOG_LINES if options["since"] else options["lines"], "service": service}
        told = _Told(options["since"])
        found = reader.read(options["filter"], **asked)
        if not found:
            self.stderr.write(_("Nothing was deployed yet."))
        if problems := self._show(found, told):
            raise CommandError("\n".join(problems))
        try:
            while options["follow"]:
                time.sleep(min(settings.RAILWAY_POLL_SECONDS, LONGEST_PAUSE_SECONDS))
                for problem in self._show(reader.read(options["filter"], **asked), told):
                    self.stderr.write(problem)
        except KeyboardInterrupt:
            return

    def _show(self, found: list[ServiceLogs], told: "_Told") -> list[str]:
        """Write the lines that were not told before; returns why those of a service could not be read."""
        lines = [
            (line, logs.service)
            for logs in found
            for line in told.news(logs.service, logs.build if self.options["build"] else logs.run)
        ]
        for line, service in sorted(lines, key=lambda each: each[0].at):
            self.stdout.write(self._written(line, service))
        for logs in found:
            if logs.failed and logs.build and not self.options["build"] and logs.service not in self.warned:
                self.warned.add(logs.service)
                words = {"service": logs.service.lower()}
                self.stderr.write(_("The deployment of %(service)s failed: see --build too.") % words)
        self.stdout.flush()
        return [f"{logs.service}: {logs.problem}" for logs in found if logs.problem]

    def _written(self, line: Line, service: str) -> str:
        if self.options["json"]:
            facts = {"time": line.at.isoformat(), "service": service.lower(), "severity": line.severity}
            return json.dumps(facts | {"message": line.message}, ensure_ascii=False)
        text = f"{localtime(line.at):%Y-%m-%d %H:%M:%S}  {service.lower():8}  {line.message}"
        return self.style.ERROR(text) if line.fails else text


class _Told:
    """What was shown already, so that a line read twice is shown once; two equal ones of one moment are two."""

    def __init__(self, since: datetime | None) -> None:
        self._since = since
        self._shown: dict[str, set[tuple[Line, int]]] = {}

    def news(self, service: str, lines: Iterable[Line]) -> list[Line]:
        """Those of one reading that were not in the one before and are young enough."""
        times = Counter[Line]()
        read = []
        for line in lines:
            times[line] += 1
            read.append((line, times[line]))
        before = self._shown.get(service, set())
        self._shown[service] = set(read)
        return [each[0] for each in read if each not in before and not (self._since and each[0].at < self._since)]


def _found(name: str) -> Instance:
    """By its id, else the newest of this client name. Raises CommandError."""
    wanted = name if names.is_storable(name) else ""
    instance = Instance.objects.filter(public_id=wanted).first()
    instance = instance or Instance.objects.real().filter(client_name=wanted).order_by("-pk").first()
    if instance is None:
        raise CommandError(_("There is no instance %(name)s.") % {"name": name}, returncode=2)
    return instance


def _moment(text: str) -> datetime:
    """So long ago, or then. Raises ArgumentTypeError."""
    if found := re.fullmatch(r"(\d{1,6})([smhd])", text):
        return timezone.now() - timedelta(**{UNITS[found[2]]: int(found[1])})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(_("write 90s, 15m, 1h, 2d or a date and time such as 2026-11-27 09:30")) from error
    return moment if moment.tzinfo else timezone.make_aware(moment)


def _count(text: str) -> int:
    """Raises ArgumentTypeError."""
    if not re.fullmatch(r"[1-9]\d{0,3}", text) or int(text) > MOST_LOG_LINES:
        raise ArgumentTypeError(_("write a whole number from 1 to %(most)d") % {"most": MOST_LOG_LINES})
    return int(text)
