"""The Railway workspaces that are configured: each with its token, its budget, its turns and its room."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from provisioning.errors import Permanent

DEFAULT = "default"


class UnknownWorkspace(Permanent):
    """The operation names a Railway workspace that the settings do not (or no longer) hold."""

    code = "unknown_workspace"


@dataclass(frozen=True)
class Workspace:
    """``identifier`` is Railway's id, ``capacity`` the most live projects (0: no limit of ours)."""

    name: str
    identifier: str
    token: str = field(repr=False)
    capacity: int = 0


def configured() -> dict[str, Workspace]:
    """All of them by name: the default first, then those that RAILWAY_WORKSPACES lists, in its order."""
    default = Workspace(
        DEFAULT, settings.RAILWAY_WORKSPACE_ID, settings.RAILWAY_API_TOKEN, settings.RAILWAY_WORKSPACE_CAPACITY
    )
    return {DEFAULT: default} | {name: _further(name, given) for name, given in settings.RAILWAY_WORKSPACES.items()}


def _further(name: str, given: dict[str, Any]) -> Workspace:
    return Workspace(name, given["identifier"], given["token"], given["capacity"])


def named(name: str) -> Workspace:
    """Raises UnknownWorkspace."""
    try:
        return configured()[name]
    except KeyError as error:
        raise UnknownWorkspace(f"No Railway workspace named {name} is configured.") from error
