"""What an agent may report: numbers and names of Odoo's own, never what a customer wrote.

The bootstrap's `snapshot.py` makes it; `tenants/admin/instance_health.py` shows it, `steps/safeguard.py` asks how old
it is.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from provisioning.models import Agent

NUMBERS = frozenset({"databaseBytes", "filestoreBytes", "freeBytes", "totalBytes", "users", "modulesToInstall"})
TEXTS = frozenset({"odooVersion", "agentVersion", "lastLogin"})
FLAGS = frozenset({"schedulerAlive"})
LONGEST_TEXT = 60
MOST = 2**53
# who reports more often is heard, and not written down each time
INTERVAL = timedelta(minutes=5)


def take(agent: Agent, given: Any) -> None:
    """Keep the known members that have the right type; the rest is left aside."""
    now = timezone.now()
    if not isinstance(given, Mapping) or (agent.reported_at and now - agent.reported_at < INTERVAL):
        return
    Agent.objects.filter(pk=agent.pk).update(report=_known(given), reported_at=now)


def _known(given: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name in NUMBERS and type(value) is int and 0 <= value < MOST:
            found[name] = value
        elif name in TEXTS and isinstance(value, str) and value.isprintable():
            found[name] = value[:LONGEST_TEXT]
        elif name in FLAGS and isinstance(value, bool):
            found[name] = value
    return found
