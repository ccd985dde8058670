"""The periodic job: what was not read yet is read, the month's lines follow, and what is due is compared and closed."""

import logging
from datetime import date, timedelta

from django.utils import timezone

from provisioning.costs import checking, reading
from provisioning.errors import ProvisioningError
from provisioning.gate.workspaces import configured
from provisioning.models import DailyUsage, Resource, UsageCheck
from tenants.costs import closing, lines
from tenants.costs.bearers import bearings

logger = logging.getLogger(__name__)
# further back is not asked by itself
LONGEST = timedelta(days=62)
# the lines of a month stay; of its days so many are kept
KEPT = timedelta(days=400)
CHECKED_EVERY = timedelta(hours=23)


def tend() -> int:
    """Do all that is due and say how many days were read; what Railway refuses now waits for the next call."""
    names, read = workspaces(), 0
    for name in names:
        try:
            read += len(catch_up(name))
            _check(name)
        except ProvisioningError as error:
            logger.warning("The usage of %s could not be read: %s", name, error.message)
    try:
        closing.close_due(names)
        closing.reread_due(names)
    except ProvisioningError as error:
        logger.warning("No month could be closed: %s", error.message)
    DailyUsage.objects.filter(day__lt=reading.today() - KEPT).delete()
    return read


def workspaces() -> list[str]:
    """Those in which anything of ours is or was, and that are configured."""
    used = set(Resource.objects.order_by().values_list("workspace", flat=True).distinct())
    return [name for name in configured() if name in used]


def catch_up(workspace: str) -> list[date]:
    """Read the days that are missing or have settled since, and say which. Raises ProvisioningError between two."""
    read: list[date] = []
    try:
        for day in reading.unread(workspace, _first_day(workspace)):
            reading.read_day(workspace, day, bearings)
            read.append(day)
    finally:
        for month in sorted({lines.month_of(day) for day in read}):
            lines.rewrite(month)
    return read


def _first_day(workspace: str) -> date:
    """The first day of the month in which the first thing of ours was made, or as far back as we look."""
    first = Resource.objects.filter(workspace=workspace).order_by("created_at").values_list("created_at", flat=True)
    made = lines.month_of(min(first[0].date(), reading.today()))
    return max(made, reading.today() - LONGEST)


def _check(workspace: str) -> None:
    recent = UsageCheck.objects.filter(workspace=workspace, made_at__gt=timezone.now() - CHECKED_EVERY)
    if not recent.exists():
        checking.check(workspace)
