"""What the agent beside an instance's Odoo last reported, and the last good backup, in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils import formats, timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from provisioning.agents.report import LEAST_FREE_PERCENT, free_percent, last_login
from provisioning.backups import asking
from provisioning.models import Agent
from tenants.lifecycle import InstanceState
from tenants.models import Instance
from tenants.services import drills

# it reports every quarter of an hour
SILENT_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Told:
    """One thing that is known of it; ``bad`` where somebody should look."""

    name: str
    value: str
    bad: bool = False


def health_of(instance: Instance) -> list[Told]:
    agent = Agent.objects.filter(instance=instance).first()
    return [*_reported(instance, agent), _backup(instance), _proof(instance)]


def _proof(instance: Instance) -> Told:
    """When a backup of it was last brought back with a proven login."""
    proven = drills.last_proof(instance)
    if proven is None or proven.proven_at is None:
        return Told(_("restoration"), _("None proven yet."))
    words = {"moment": _moment(proven.proven_at), "backup": proven.public_id}
    return Told(_("restoration"), _("Last restoration proven on %(moment)s (%(backup)s)") % words)


def _reported(instance: Instance, agent: Agent | None) -> Iterator[Told]:
    name = _("agent")
    if agent is None:
        yield Told(name, _("None yet: it comes with the next deployment that we make."))
        return
    # what is suspended or not ready yet is silent by right
    should_speak = instance.state == InstanceState.READY
    if agent.reported_at is None:
        yield Told(name, _("It has not reported yet."), bad=should_speak and _is_long_ago(instance.ready_at))
        return
    silent = should_speak and _is_long_ago(agent.reported_at)
    told = _("silent, last report on %(moment)s") if silent else _("last report on %(moment)s")
    yield Told(name, told % {"moment": _moment(agent.reported_at)}, bad=silent)
    yield from _facts(agent.report)


def _facts(report: Mapping[str, Any]) -> Iterator[Told]:
    if "users" in report:
        yield Told(_("users"), formats.number_format(report["users"]))
        last = _last_login(report)
        if last:
            yield Told(_("last login"), last)
    if "databaseBytes" in report:
        yield Told(_("database"), filesizeformat(report["databaseBytes"]))
    if "filestoreBytes" in report:
        yield Told(_("files"), filesizeformat(report["filestoreBytes"]))
    free, total = report.get("freeBytes"), report.get("totalBytes")
    if free is not None and total:
        told = _("%(free)s of %(total)s") % {"free": filesizeformat(free), "total": filesizeformat(total)}
        scarce = (free_percent(report) or 0) < LEAST_FREE_PERCENT
        yield Told(_("free space"), _("%(space)s: nearly full") % {"space": told} if scarce else told, bad=scarce)
    if "odooVersion" in report:
        yield Told(_("Odoo version"), report["odooVersion"])


def _last_login(report: Mapping[str, Any]) -> str:
    """Empty for what is no moment."""
    if "lastLogin" not in report:
        return _("never")
    moment = last_login(report)
    return _moment(moment) if moment else ""


def _backup(instance: Instance) -> Told:
    backup = asking.newest_good(instance.pk)
    if backup is None:
        return Told(_("last good backup"), _("None yet."))
    words = {
        "reference": backup.public_id,
        "size": filesizeformat(backup.size or 0),
        "moment": _moment(backup.taken_at or backup.created_at),
    }
    return Told(_("last good backup"), _("%(reference)s, %(size)s, on %(moment)s") % words)


def _is_long_ago(moment: datetime | None) -> bool:
    return moment is not None and moment < timezone.now() - SILENT_AFTER


def _moment(moment: datetime) -> str:
    return formats.date_format(localtime(moment), "DATETIME_FORMAT")
