"""What the client's methods take and return. Ids are Railway's, times are aware, sizes carry their unit in the name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from provisioning.railway.domains import Domain
from provisioning.railway.errors import NotYetVisible

RestartPolicy = Literal["ALWAYS", "ON_FAILURE", "NEVER"]
BackupKind = Literal["DAILY", "WEEKLY", "MONTHLY"]


class DeploymentStatus(StrEnum):
    """Railway's statuses; UNKNOWN stands for one that Railway has added since."""

    QUEUED = "QUEUED"
    INITIALIZING = "INITIALIZING"
    WAITING = "WAITING"
    NEEDS_APPROVAL = "NEEDS_APPROVAL"
    BUILDING = "BUILDING"
    DEPLOYING = "DEPLOYING"
    SUCCESS = "SUCCESS"
    SLEEPING = "SLEEPING"
    FAILED = "FAILED"
    CRASHED = "CRASHED"
    SKIPPED = "SKIPPED"
    REMOVING = "REMOVING"
    REMOVED = "REMOVED"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def _missing_(cls, value: object) -> "DeploymentStatus":
        return cls.UNKNOWN


ENDED = frozenset(
    {DeploymentStatus.REMOVED, DeploymentStatus.FAILED, DeploymentStatus.CRASHED, DeploymentStatus.SKIPPED}
)


@dataclass(frozen=True)
class Workspace:
    id: str
    name: str


@dataclass(frozen=True)
class Billing:
    """Money in US dollars; limits in whole dollars, None for no hard limit.

    ``current_usage`` is what the present period, which need not be a calendar month, has cost; it may be a while old.
    """

    current_usage: float
    remaining_credit: float
    soft_limit: int | None
    hard_limit: int | None
    over_limit: bool
    period_start: datetime
    period_end: datetime


@dataclass(frozen=True)
class WorkspaceInfo:
    """``plan_limits`` is Railway's own undocumented map; ``remaining_points`` the rest of the request budget, which
    starts anew at ``points_reset_at``; ``billing`` is None for a token that may not read it.
    """

    id: str
    name: str
    plan: str
    region: str | None
    project_count: int
    plan_limits: Mapping[str, object]
    remaining_points: int | None
    points_reset_at: str | None
    billing: Billing | None


@dataclass(frozen=True)
class Project:
    """``environment_id`` is its oldest lasting environment, "" when Railway does not name one.

    ``deleted_at`` is set as soon as the deletion is scheduled (github.com/railwayapp/cli/issues/632): for two days
    such a project is still listed and may still run.
    """

    id: str
    name: str
    environment_id: str
    description: str = ""
    created_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True)
class NewService:
    """``variables`` may hold secrets and Railway's ``${{Service.NAME}}`` references."""

    name: str
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Limits:
    memory_gb: float
    vcpus: float


@dataclass(frozen=True)
class ServiceSettings:
    """What a service runs and how; None leaves Railway's present value. Times in seconds."""

    image: str | None = None
    start_command: str | None = field(default=None, repr=False)
    healthcheck_path: str | None = None
    healthcheck_timeout: int | None = None
    restart_policy: RestartPolicy | None = None
    restart_retries: int | None = None
    draining_seconds: int | None = None
    limits: Limits | None = None


@dataclass(frozen=True)
class LatestDeployment:
    id: str
    status: DeploymentStatus
    stopped: bool
    created_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Nothing of it runs any more, nor ever will; one that is being removed still runs."""
        return self.status in ENDED or (self.stopped and self.status is not DeploymentStatus.REMOVING)


@dataclass(frozen=True)
class ServiceState:
    """A service in one environment. ``domains`` are those that Railway gave, not the customer's own.

    The latest deployment is not always the one that serves: a newer one may be under way, or have failed.
    """

    id: str
    instance_id: str
    name: str
    image: str | None
    repository: str | None
    start_command: str | None = field(repr=False)
    healthcheck_path: str | None
    latest_deployment: LatestDeployment | None
    domains: tuple[Domain, ...] = ()
    active_deployments: tuple[LatestDeployment, ...] = ()

    @property
    def running(self) -> tuple[LatestDeployment, ...]:
        """What runs or is about to, whoever started it, the newest first."""
        latest = [self.latest_deployment] if self.latest_deployment else []
        others = [each for each in self.active_deployments if each.id not in {one.id for one in latest}]
        return tuple(each for each in (*latest, *others) if not each.is_over)


@dataclass(frozen=True)
class VolumeState:
    """A volume in one environment; backups belong to its ``instance_id``."""

    id: str
    instance_id: str
    service_id: str | None
    mount_path: str
    state: str | None
    pending_deletion: bool


@dataclass(frozen=True)
class Stack:
    """All services and volumes of one environment."""

    services: tuple[ServiceState, ...]
    volumes: tuple[VolumeState, ...]

    def find_service(self, name: str) -> ServiceState | None:
        return next((service for service in self.services if service.name == name), None)

    def service(self, name: str) -> ServiceState:
        """The service of that name. Raises NotYetVisible: a new service shows only after some seconds."""
        found = self.find_service(name)
        if found is None:
            raise NotYetVisible(f"The environment shows no service {name} yet.")
        return found

    def volume_of(self, service_name: str) -> VolumeState | None:
        """The volume of the service of that name, if both are there."""
        service = self.find_service(service_name)
        return next((volume for volume in self.volumes if service and volume.service_id == service.id), None)


@dataclass(frozen=True)
class EnvironmentRef:
    """An environment of a project."""

    project_id: str
    environment_id: str


@dataclass(frozen=True)
class ServiceDetails:
    """``variables`` hold secrets; ``limits`` are the service's own, None when it has none or they are not readable."""

    variables: Mapping[str, str] = field(repr=False)
    limits: Limits | None


@dataclass(frozen=True)
class Deployment:
    """``instance_statuses`` are those of its containers (RUNNING, RESTARTING, CRASHED, ...)."""

    id: str
    status: DeploymentStatus
    stopped: bool
    updated_at: datetime | None
    instance_statuses: tuple[str, ...]


@dataclass(frozen=True)
class DeploymentEvent:
    """One step of a deployment, under way while ``completed_at`` is None; ``error`` is for people."""

    id: str
    step: str
    created_at: datetime
    completed_at: datetime | None
    error: str | None
    attempt: int | None
    max_attempts: int | None
    skipped: bool


@dataclass(frozen=True)
class LogLine:
    timestamp: str
    severity: str
    message: str


@dataclass(frozen=True)
class Logs:
    build: tuple[LogLine, ...]
    run: tuple[LogLine, ...]


@dataclass(frozen=True)
class PlatformStatus:
    """``notice`` is the message of the present incident or maintenance, "" when there is none."""

    stable: bool
    notice: str
    url: str


@dataclass(frozen=True)
class NotificationRule:
    """``project_id`` None is a rule for the whole workspace. Railway never returns the headers that it sends."""

    id: str
    project_id: str | None
    event_types: tuple[str, ...]
    urls: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class Usage:
    """``value`` in vCPU-minutes, GB-minutes, or GB for network traffic, as ``measurement`` says."""

    measurement: str
    value: float
    project_id: str | None
    service_id: str | None


USAGE_MEASUREMENTS = ("CPU_USAGE", "MEMORY_USAGE_GB", "NETWORK_TX_GB", "DISK_USAGE_GB", "BACKUP_USAGE_GB")
