"""What the sandbox remembers about the stand-in Railway workspace: plain rows, kept by `store.Store`."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Project:
    """A project with its one environment."""

    id: str
    name: str
    description: str
    environment_id: str
    environment_name: str
    created_at: float
    visible_at: float
    deletion_at: float | None = None
    deleted_at: float | None = None
    shared: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Service:
    """A service and its instance in the environment."""

    id: str
    instance_id: str
    project_id: str
    name: str
    created_at: float
    visible_at: float
    variables: dict[str, str] = field(default_factory=dict)
    image: str | None = None
    repo: str | None = None
    branch: str | None = None
    auto_deploy: bool = False
    settings: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, float] = field(default_factory=dict)
    deleted_at: float | None = None


@dataclass(slots=True)
class Volume:
    """A volume and its instance. ``content`` is what the service that mounts it wrote there."""

    id: str
    instance_id: str
    project_id: str
    service_id: str | None
    name: str
    mount_path: str
    created_at: float
    visible_at: float
    schedules: list[dict[str, Any]] = field(default_factory=list)
    backups: list[dict[str, Any]] = field(default_factory=list)
    content: dict[str, Any] = field(default_factory=dict)
    deleted_at: float | None = None
    # the one that it was made for, which is charged for it even when that is gone
    first_service_id: str | None = None


@dataclass(slots=True)
class Domain:
    """A service domain: ``label`` is reserved under up.railway.app, ``address`` is where it really answers, at a
    ``port`` of its own unless that is 0.
    """

    id: str
    project_id: str
    service_id: str
    label: str
    address: str
    target_port: int | None
    created_at: float
    deleted_at: float | None = None
    port: int = 0


@dataclass(slots=True)
class CustomDomain:
    """A customer's own name at a service: wants to lead to ``label`` under up.railway.app, with ``token`` as proof.

    ``issuing_since`` is when both were first seen. ``certificate`` and ``error``, when given, are told instead of what
    would be true.
    """

    id: str
    project_id: str
    service_id: str
    domain: str
    label: str
    token: str
    target_port: int | None
    created_at: float
    issuing_since: float | None = None
    certificate: str = ""
    error: str = ""
    retries: int = 0
    deleted_at: float | None = None


@dataclass(slots=True)
class Deployment:
    """One run of a service, with everything it was deployed with."""

    id: str
    project_id: str
    service_id: str
    created_at: float
    status: str
    status_at: float
    image: str | None
    repo: str | None
    branch: str | None
    variables: dict[str, str]
    start_command: str
    healthcheck_path: str
    plan: list[tuple[float, str]] = field(default_factory=list)
    history: list[tuple[float, str]] = field(default_factory=list)
    destiny: str | None = None
    crash_after: float | None = None
    problem: str = ""
    stopped: bool = False


@dataclass(slots=True)
class Rule:
    """A notification rule with its webhook channels."""

    id: str
    workspace_id: str
    project_id: str | None
    event_types: list[str]
    severities: list[str]
    ephemeral: bool
    channels: list[dict[str, Any]]
    created_at: float
    updated_at: float


Record = Project | Service | Volume | Domain | CustomDomain | Deployment | Rule
KINDS: tuple[type[Record], ...] = (Project, Service, Volume, Domain, CustomDomain, Deployment, Rule)
