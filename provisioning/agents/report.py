"""What an agent may report: numbers and names of Odoo's own, never what a customer wrote.

The bootstrap's `snapshot.py` makes it; `tenants/admin/instance_health.py` shows it, `steps/safeguard.py` asks how old
it is.
"""

from collections.abc import Mapping
from datetime import MAXYEAR, MINYEAR, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from provisioning.models import Agent

NUMBERS = frozenset({"databaseBytes", "filestoreBytes", "freeBytes", "totalBytes", "users", "modulesToInstall"})
TEXTS = frozenset({"odooVersion", "agentVersion", "lastLogin"})
FLAGS = frozenset({"schedulerAlive"})
LONGEST_TEXT = 60
MOST = 2**53
LEAST_FREE_PERCENT = 10
# who reports more often is heard, and not written down each time
INTERVAL = timedelta(minutes=5)


def take(agent: Agent, given: Any) -> None:
    """Keep the known members that have the right type; the rest is left aside."""
    now = timezone.now()
    if not isinstance(given, Mapping) or (agent.reported_at and now - agent.reported_at < INTERVAL):
        return
    report = _known(given)
    Agent.objects.filter(pk=agent.pk).update(
        report=report, reported_at=now, last_login_at=last_login(report), free_percent=free_percent(report)
    )


def last_login(report: Mapping[str, Any]) -> datetime | None:
    """When somebody last worked in it with a browser; None also for what is no moment."""
    told = report.get("lastLogin")
    try:
        moment = parse_datetime(told) if isinstance(told, str) else None
    except ValueError:
        return None
    # a year that no other time zone can tell is none
    return moment if moment and timezone.is_aware(moment) and MINYEAR < moment.year < MAXYEAR else None


def free_percent(report: Mapping[str, Any]) -> int | None:
    """Of its disk, rounded down; below LEAST_FREE_PERCENT somebody should look. None when it was not told."""
    free, total = report.get("freeBytes"), report.get("totalBytes")
    return min(100 * free // total, 100) if free is not None and total else None


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
