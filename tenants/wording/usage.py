"""What an agent reports, as the customer reads it."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils import formats
from django.utils.translation import gettext as _

from provisioning.agents.report import LEAST_FREE_PERCENT, free_percent, last_login
from tenants.wording import dates


def usage_of(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Pairs of a label and its value: only what was reported."""
    if "users" in report:
        yield _("Users"), formats.number_format(report["users"])
    if last := last_login(report):
        yield _("Last login"), dates.precisely(last)
    if "databaseBytes" in report:
        yield _("Size"), filesizeformat(report["databaseBytes"] + report.get("filestoreBytes", 0))
    free, total = report.get("freeBytes"), report.get("totalBytes")
    if free is not None and total:
        told = _("%(free)s of %(total)s") % {"free": filesizeformat(free), "total": filesizeformat(total)}
        scarce = (free_percent(report) or 0) < LEAST_FREE_PERCENT
        yield _("Free space"), _("%(space)s: nearly full, write to us") % {"space": told} if scarce else told
    if "odooVersion" in report:
        yield _("Version of Odoo"), report["odooVersion"]
