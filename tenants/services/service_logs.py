"""Build and run logs of an instance's services, read live from Railway, without the secrets that they may hold."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from provisioning.errors import ProvisioningError
from provisioning.gate import clients
from provisioning.models import Resource
from provisioning.railway.results import DeploymentStatus, LogLine
from provisioning.redaction import redact
from tenants.models import Instance

SHOWN = 300
FAILED = (DeploymentStatus.FAILED, DeploymentStatus.CRASHED)
FAILING = ("error", "critical", "fatal", "traceback")
SECRET_NAME = re.compile(r"SECRET|PASSW|TOKEN|KEY|HASH", re.IGNORECASE)
# colours, and what else a customer's own text could tell a terminal to do
COLOURS = re.compile(r"\x1b\[[\d;]*m")
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Line:
    """One line of a service, clean: neither secrets nor control characters."""

    at: datetime
    severity: str
    message: str

    @property
    def fails(self) -> bool:
        return any(word in f"{self.severity} {self.message}".lower() for word in FAILING)


@dataclass(frozen=True)
class ServiceLogs:
    """Of one deployment, oldest line first; ``problem`` says why nothing could be read."""

    service: str
    status: str
    build: tuple[Line, ...] = ()
    run: tuple[Line, ...] = ()
    problem: str = ""

    @property
    def failed(self) -> bool:
        return self.status in FAILED

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(line.message for line in (*self.build, *self.run))

    @property
    def failing(self) -> tuple[str, ...]:
        """The lines that tell of an error."""
        return tuple(line.message for line in (*self.build, *self.run) if line.fails)


class Reader:
    """Reads the logs of one instance any number of times; what to hide is asked for once."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._secrets: dict[str, tuple[str, ...]] = {}

    def read(
        self, wanted: str = "", *, limit: int = SHOWN, service: str = "", former: bool = False
    ) -> list[ServiceLogs]:
        """For each service's newest deployment (or ``service``'s alone; with ``former`` those before it too), those
        that failed first, at most ``limit`` lines of either log that contain ``wanted``.
        """
        rows = Resource.objects.filter(instance=self._instance, kind="deployment").exclude(external_id="")
        rows = rows.filter(name=service) if service else rows
        kept = {(row.name, row.pk if former else 0): row for row in rows.order_by("pk")}
        found = [self._read(row, wanted.lower(), limit) for row in reversed(kept.values())]
        return sorted(found, key=lambda logs: not logs.failed)

    def _read(self, row: Resource, wanted: str, limit: int) -> ServiceLogs:
        try:
            found = clients.railway(row.workspace).logs(row.external_id, limit=limit)
            secrets = self._secrets_of(row)
        except ProvisioningError as error:
            return ServiceLogs(row.name, row.status, problem=error.message)
        build, run = (
            tuple(line for line in (_clean(each, secrets) for each in lines) if wanted in line.message.lower())
            for lines in (found.build, found.run)
        )
        return ServiceLogs(row.name, row.status, build, run)

    def _secrets_of(self, row: Resource) -> tuple[str, ...]:
        """The values that the service was given as secrets; without them no line of it may be shown."""
        if row.name not in self._secrets:
            mine = Resource.objects.filter(instance=self._instance).exclude(external_id="").order_by("pk")
            ids = {(each.kind, each.name): each.external_id for each in mine}
            project, service = ids["project", "project"], ids["service", row.name]
            client = clients.railway(row.workspace)
            given = client.variables(project, ids["environment", "production"], service, rendered=True)
            self._secrets[row.name] = tuple(value for name, value in given.items() if SECRET_NAME.search(name))
        return self._secrets[row.name]


def read_logs(instance: Instance, wanted: str = "") -> list[ServiceLogs]:
    """For the console: see `Reader.read`."""
    return Reader(instance).read(wanted, former=True)


def _clean(line: LogLine, secrets: Iterable[str]) -> Line:
    text = redact(COLOURS.sub("", line.message), (*secrets, *settings.LOGGED_SECRETS))
    shown = CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", text.rstrip("\r\n"))
    return Line(datetime.fromisoformat(line.timestamp), line.severity, shown)
