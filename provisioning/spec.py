"""The frozen inputs of an operation: what the customer ordered, as it was when the operation started."""

from dataclasses import asdict, dataclass, fields
from typing import Any

# the workspace of what partners only try out: a sandbox, see `gate.workspaces`
TEST = "test"


@dataclass(frozen=True)
class Source:
    """Where Odoo comes from: a GitHub repository and branch that Railway builds, or a prebuilt image."""

    image: str = ""
    repository: str = ""
    branch: str = ""
    addons_path: str = ""


@dataclass(frozen=True)
class Limits:
    """What one service may use at most: memory in gigabytes, processors in virtual CPUs."""

    memory_gb: float
    vcpus: float


@dataclass(frozen=True)
class InstanceSpec:
    """Everything a recipe needs to know about an instance; a step reads this, never the live rows."""

    instance_id: str
    client_name: str
    company: str
    email: str
    language: str
    country: str
    timezone: str
    database: str
    workspace: str
    source: Source
    modules: tuple[str, ...]
    odoo_limits: Limits
    postgres_limits: Limits
    # "" in what was frozen by a former release
    postgres_image: str = ""

    @property
    def project_name(self) -> str:
        return f"eazynova-{self.client_name}"

    @property
    def marker(self) -> str:
        """Put in the project's description: a project whose creation was never answered is found by it."""
        return f"eazynova-instance={self.instance_id}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"modules": list(self.modules)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "InstanceSpec":
        """Unknown members of an older release are left aside; a missing one raises TypeError."""
        known = {field.name for field in fields(cls)}
        plain = {name: value for name, value in values.items() if name in known}
        return cls(
            **plain
            | {
                "source": Source(**values["source"]),
                "odoo_limits": Limits(**values["odoo_limits"]),
                "postgres_limits": Limits(**values["postgres_limits"]),
                "modules": tuple(values["modules"]),
            }
        )
