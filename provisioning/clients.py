"""The clients of this process, made from the settings when first needed and kept for their connections."""

import os
from functools import lru_cache

from django.conf import settings

from provisioning.errors import Permanent
from provisioning.railway.client import RailwayClient


class UnknownWorkspace(Permanent):
    """The operation names a Railway workspace that the settings do not (or no longer) hold."""

    code = "unknown_workspace"


def railway(workspace: str = "default") -> RailwayClient:
    """The client for a configured workspace. Raises UnknownWorkspace."""
    if workspace != "default":
        raise UnknownWorkspace(f"No Railway workspace named {workspace} is configured.")
    return _client(os.getpid(), settings.RAILWAY_API_URL, settings.RAILWAY_API_TOKEN)


def workspace_id(workspace: str = "default") -> str:
    """Railway's id of a configured workspace. Raises UnknownWorkspace."""
    if workspace != "default":
        raise UnknownWorkspace(f"No Railway workspace named {workspace} is configured.")
    identifier: str = settings.RAILWAY_WORKSPACE_ID
    return identifier


@lru_cache(maxsize=16)
def _client(process: int, url: str, token: str) -> RailwayClient:
    """One a process: connections must not cross a fork."""
    return RailwayClient(url=url, token=token)
