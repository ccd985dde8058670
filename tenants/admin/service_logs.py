"""Build and run logs of an instance's services, read live from Railway."""

from dataclasses import dataclass

from provisioning.errors import ProvisioningError
from provisioning.gate import clients
from provisioning.models import Resource
from provisioning.railway.results import DeploymentStatus, LogLine
from tenants.models import Instance

SHOWN = 300
FAILED = (DeploymentStatus.FAILED, DeploymentStatus.CRASHED)
FAILING = ("error", "critical", "fatal", "traceback")


@dataclass(frozen=True)
class ServiceLogs:
    """``failing`` are the lines that tell of an error; ``problem`` says why nothing could be read."""

    service: str
    status: str
    failing: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    problem: str = ""

    @property
    def failed(self) -> bool:
        return self.status in FAILED


def read_logs(instance: Instance, wanted: str = "") -> list[ServiceLogs]:
    """For each deployment of the ledger, those that failed first, the lines that contain ``wanted``."""
    rows = Resource.objects.filter(instance=instance, kind="deployment").exclude(external_id="").order_by("-pk")
    return sorted((_read(row, wanted) for row in rows), key=lambda logs: not logs.failed)


def _read(row: Resource, wanted: str) -> ServiceLogs:
    try:
        found = clients.railway(row.workspace).logs(row.external_id, limit=SHOWN)
    except ProvisioningError as error:
        return ServiceLogs(row.name, row.status, problem=error.message)
    kept = [line for line in (*found.build, *found.run) if wanted.lower() in line.message.lower()]
    failing = tuple(line.message for line in kept if _fails(line))
    return ServiceLogs(row.name, row.status, failing, tuple(line.message for line in kept))


def _fails(line: LogLine) -> bool:
    return any(word in f"{line.severity} {line.message}".lower() for word in FAILING)
