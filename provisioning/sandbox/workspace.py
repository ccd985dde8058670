"""The stand-in Railway workspace: its rows, its time, its faults and how it is set."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from provisioning.sandbox import outcomes
from provisioning.sandbox.clock import Clock, Timeline
from provisioning.sandbox.faults import Faults
from provisioning.sandbox.records import Project
from provisioning.sandbox.references import References
from provisioning.sandbox.store import Store
from provisioning.sandbox.zones import Zones


@dataclass(frozen=True)
class Options:
    """How the sandbox behaves; ``host`` is where its own doors listen. With ``odoo_host`` every Odoo answers under that
    name, at a port of ``odoo_ports`` of its own, instead of at a loopback address of its own.

    Times in seconds, 0 switches a throttle or a limit off.

    ``deploy_seconds`` is how long a deployment takes, ``answer_seconds`` how long Railway's API does to answer,
    ``lag_seconds`` how long a new service or volume instance stays invisible, ``deletion_grace_seconds`` how long a
    project scheduled for deletion lives on (48 hours at Railway).
    ``edge_limit`` is Cloudflare's: requests a second without a query string. With ``railway_names`` domains are shown
    as at Railway, under names where nothing answers here. ``agent_pace`` is how long the agents beside the Odoos pause,
    as a share of what the real ones do; 0: no agents. ``metered_days``: usage is told as if everything had run for so
    many days before it was made.
    ``life_seconds`` is how long a project lives at most, ``memory_seconds`` how long after its deletion anything is
    known of it; 0: for ever. With ``named_outcomes`` a client name may say what becomes of it, see `outcomes`.
    The ``s3_`` options are those of the one bucket beside it: its keys, whether it locks objects, its quota (0: none).
    """

    host: str = "127.0.0.1"
    odoo_host: str = ""
    odoo_ports: range = range(0)
    token: str = "sandbox-token"
    workspace_id: str = "5a4db0c0-0000-4000-8000-000000000001"
    workspace_name: str = "Sandbox"
    deploy_seconds: float = 0.0
    project_interval: float = 0.0
    volume_interval: float = 0.0
    lag_seconds: float = 0.0
    answer_seconds: float = 0.0
    hourly_limit: int = 0
    second_limit: int = 0
    edge_limit: int = 0
    deletion_grace_seconds: float = 172_800.0
    railway_names: bool = False
    agent_pace: float = 0.0
    metered_days: float = 0.0
    life_seconds: float = 0.0
    memory_seconds: float = 0.0
    named_outcomes: bool = False
    s3_bucket: str = "eazynova-backups"
    s3_region: str = "eu-sandbox-1"
    s3_access_key_id: str = "sandbox-key"
    s3_secret_access_key: str = "sandbox-secret"
    s3_locking: bool = False
    s3_most_bytes: int = 0


class Workspace:
    """What every part of the sandbox works on. Used from one thread only, the server's."""

    def __init__(self, options: Options, folder: Path | None) -> None:
        self.options = options
        self.store = Store(folder)
        self.clock = Clock(self.store.meta.get("clock_offset", 0.0))
        self.timeline = Timeline(self.clock)
        self.faults = Faults()
        self.references = References(self.store, 0)
        self.zones = Zones(self.store)
        self.requests: Counter[str] = Counter()
        self.stand_ready()

    def stand_ready(self) -> None:
        """With the faults that are always there."""
        for fault in outcomes.faults() if self.options.named_outcomes else ():
            self.faults.add(fault)

    def advance(self, seconds: float) -> None:
        """Move the clock and do what then is due."""
        self.clock.offset += seconds
        self.store.remember(clock_offset=self.clock.offset)
        self.timeline.run_due()
        self.faults.changed()
        self.store.flush()

    def subject(self, project: Project) -> str:
        """What a fault's ``match`` is looked for in."""
        return f"{project.name} {project.description}"
