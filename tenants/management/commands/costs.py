"""manage.py costs: what a month cost for whom, what is left of the prices, and whether Railway counts the same."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from provisioning.costs import checking, reading
from provisioning.errors import ProvisioningError
from provisioning.models import Bearer
from tenants.costs import lines, upkeep
from tenants.costs.bearers import bearings
from tenants.costs.report import Report, Sum, last_month, report
from tenants.templatetags.tenants_console import money


class Command(BaseCommand):
    @property
    def help(self) -> str:  # type: ignore[override]  # in the language of the one who asks
        return _("What a month cost by instance, plan and partner, by Railway's measurements, and what is left.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--month", type=_month, metavar="YYYY-MM", help=_("which (default: the last one read)"))
        parser.add_argument("--read", action="store_true", help=_("first ask Railway for the days not read yet"))
        parser.add_argument(
            "--since", type=date.fromisoformat, metavar="YYYY-MM-DD", help=_("with --read: every day since then, anew")
        )
        parser.add_argument("--check", action="store_true", help=_("first compare with the sum that Railway tells"))
        parser.add_argument("--json", action="store_true", help=_("print JSON and nothing else, with every instance"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            for name in upkeep.workspaces():
                if options["read"]:
                    _read(name, options["since"])
                if options["check"] and checking.check(name) is None:
                    self.stderr.write(_("%(name)s: the token may not read what Railway charges.") % {"name": name})
        except ProvisioningError as error:
            raise CommandError(f"{error.code}: {error.message}") from error
        month = options["month"] or last_month()
        if month is None:
            raise CommandError(_("Nothing was read yet: add --read."))
        told = report(month, most=None if options["json"] else 20)
        if options["json"]:
            self.stdout.write(json.dumps(told.as_json()))
        else:
            self._tell(told)

    def _tell(self, told: Report) -> None:
        state = _("closed") if told.closed else _("open")
        self.stdout.write(f"{told.month:%Y-%m} ({state}) {money(told.dollars, 'USD')}")
        words = dict(Bearer.choices)
        named = [replace(each, name=str(words.get(each.name, each.name))) for each in told.bearers]
        self._table(_("For whom"), named)
        self._table(_("By plan"), told.plans)
        self._table(_("By partner"), told.partners)
        self._table(_("Dearest instances"), told.dearest)
        self._table(_("Corrections of earlier months"), told.corrections)
        for check in told.checks:
            self.stdout.write(
                _("Railway’s sum of %(workspace)s since %(since)s: %(told)s; measured: %(measured)s (%(percent)s %%).")
                % {
                    "workspace": check.workspace,
                    "since": f"{check.since:%Y-%m-%d}",
                    "told": money(check.told, "USD") if check.told is not None else "-",
                    "measured": money(check.measured, "USD"),
                    "percent": "-" if check.percent is None else f"{check.percent:+.1f}",
                }
            )

    def _table(self, title: str, rows: Sequence[Sum]) -> None:
        if not rows:
            return
        head = (title, _("instances"), _("cost (USD)"), _("cost"), _("revenue"), _("margin"))
        cells = [head, *(_cells(each) for each in rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        self.stdout.write("")
        for first, *others in cells:
            numbers = (f"{each:>{width}}" for each, width in zip(others, widths[1:], strict=True))
            self.stdout.write("  ".join([f"  {first:<{widths[0]}}", *numbers]).rstrip())


def _read(workspace: str, since: date | None) -> None:
    if since is None:
        upkeep.catch_up(workspace)
        return
    day, months = since, set()
    while day < reading.today():
        reading.read_day(workspace, day, bearings)
        months.add(lines.month_of(day))
        day += reading.DAY
    for month in sorted(months):
        lines.rewrite(month)


def _cells(row: Sum) -> tuple[str, ...]:
    amounts = (row.cost, row.revenue, row.margin)
    told = ["-" if amount is None else money(amount, row.currency) for amount in amounts]
    return (row.name, str(row.instances), money(row.dollars, "USD"), *told)


def _month(text: str) -> date:
    return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007  a month has no zone
