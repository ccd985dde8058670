"""The clients of this process, made from the settings when first needed and kept for their connections."""

import os
from collections.abc import Callable
from functools import lru_cache

import httpx

from provisioning.gate import budget, circuit, turns, workspaces
from provisioning.railway.client import RailwayClient
from provisioning.railway.errors import ProjectThrottled, VolumeThrottled
from provisioning.railway.exchange import Exchange
from provisioning.spec import TEST
from provisioning.vitals import tally

THROTTLED = {ProjectThrottled.code: "project_create", VolumeThrottled.code: "volume_create"}


def _mind_throttles(workspace: str, done: Exchange) -> None:
    """Somebody else in the workspace was faster: nobody of ours needs to try before the interval has passed."""
    if request := THROTTLED.get(done.outcome):
        queue = turns.queue_name(request, workspace)
        turns.put_off(queue, done.retry_after or turns.interval(queue))


def _count(workspace: str, done: Exchange) -> None:
    if workspace != TEST:
        tally.count("railway_requests", done.document, done.outcome)


# what stands around every request to Railway; a hook of BEFORE may raise to prevent it
BEFORE: tuple[Callable[[str, str], None], ...] = (circuit.gate, budget.before)
AFTER: tuple[Callable[[str, Exchange], None], ...] = (circuit.hear, budget.after, _mind_throttles, _count)
PROBE_TIMEOUT = httpx.Timeout(10)


def railway(workspace: str = "default") -> RailwayClient:
    """The client for a configured workspace. Raises UnknownWorkspace."""
    found = workspaces.named(workspace)
    return _client(os.getpid(), found.url, found.token, workspace)


def probing(workspace: str) -> RailwayClient:
    """A client of its own, to be closed, that asks although the circuit is open, and does not wait long."""
    found = workspaces.named(workspace)
    return RailwayClient(
        url=found.url,
        token=found.token,
        timeout=PROBE_TIMEOUT,
        after=lambda done: budget.after(workspace, done),
    )


def workspace_id(workspace: str = "default") -> str:
    """Railway's id of a configured workspace. Raises UnknownWorkspace."""
    return workspaces.named(workspace).identifier


@lru_cache(maxsize=16)
def _client(process: int, url: str, token: str, workspace: str) -> RailwayClient:
    """One a process: connections must not cross a fork."""

    def before(document: str) -> None:
        for hook in BEFORE:
            hook(workspace, document)

    def after(done: Exchange) -> None:
        for hook in AFTER:
            hook(workspace, done)

    return RailwayClient(url=url, token=token, before=before, after=after)
