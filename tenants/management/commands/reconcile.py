"""manage.py reconcile: what differs between the ledger and Railway, and on demand what puts it right."""

import json
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from provisioning.reconciliation.differences import Act, Hold, Kind
from tenants.models import Reconciliation
from tenants.services import reconciliation
from tenants.services.reconciliation import Rules

OUTCOMES = {
    "done": gettext_lazy("done"),
    "changed meanwhile": gettext_lazy("not done, it has changed meanwhile"),
    "not ours": gettext_lazy("not done, the ledger says otherwise"),
}


class Command(BaseCommand):
    @property
    def help(self) -> str:  # type: ignore[override]  # in the language of the one who asks
        return _(
            "Compare the ledger with Railway; nothing is changed without --apply, and what is not proven ours never is."
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--apply", action="store_true", help=_("adopt, close, stop and delete what may be"))
        parser.add_argument("--yes", action="store_true", help=_("do not ask for confirmation"))
        parser.add_argument(
            "--older-than",
            type=float,
            metavar="HOURS",
            default=settings.RECONCILE_OLDER_THAN_HOURS,
            help=_("touch only projects that are older (default: %(default)s hours)"),
        )
        parser.add_argument(
            "--max",
            type=int,
            default=settings.RECONCILE_MAX,
            help=_("refuse more changes at once (default: %(default)s)"),
        )
        parser.add_argument(
            "--share",
            type=float,
            metavar="PERCENT",
            default=settings.RECONCILE_MAX_PERCENT,
            help=_("refuse changes to more than this share of our projects (default: %(default)s percent)"),
        )
        parser.add_argument("--workspace", action="append", default=[], help=_("only this workspace (repeatable)"))
        parser.add_argument("--json", action="store_true", help=_("print JSON and nothing else"))

    def handle(self, *args: Any, **options: Any) -> None:
        self._options = options
        if options["apply"] and not options["yes"] and not sys.stdin.isatty():
            raise CommandError(_("Nobody is there to confirm: add --yes to --apply."))
        run = reconciliation.reconcile(
            actor="manage.py reconcile",
            rules=Rules(timedelta(hours=options["older_than"]), options["max"], options["share"]),
            names=options["workspace"],
            apply=options["apply"],
            confirm=self._confirm,
        )
        self._tell(run)
        if run.refusal:
            raise CommandError(run.refusal, returncode=3)
        if run.errors:
            raise CommandError("\n".join(f"{name}: {error}" for name, error in run.errors.items()))
        if any(act["outcome"] != "done" for act in run.acts):
            raise CommandError(_("Not everything could be done: see the outcomes above, then run it again."))

    def _confirm(self, run: Reconciliation) -> bool:
        if self._options["yes"]:
            return True
        planned = [each for each in run.differences if each["act"] and not each["hold"]]
        self._table(planned)
        question = _("Type the number of changes (%(count)d) to make them: ") % {"count": len(planned)}
        return input(question).strip() == str(len(planned))

    def _tell(self, run: Reconciliation) -> None:
        if self._options["json"]:
            self.stdout.write(json.dumps(_as_json(run)))
            return
        self.stdout.write(
            _("Projects at Railway: %(listed)d, ours: %(ours)d, differences: %(differences)d.")
            % {"listed": run.listed, "ours": run.ours, "differences": len(run.differences)}
        )
        self._table(run.acts if run.acts else run.differences)

    def _table(self, differences: Sequence[dict[str, Any]]) -> None:
        rows = [_row(each) for each in differences]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
            self.stdout.write("  " + "  ".join(cells).rstrip())


def _row(difference: dict[str, Any]) -> tuple[str, ...]:
    detail = f" ({difference['detail']})" if difference["detail"] else ""
    return (
        difference["clientName"] or "-",
        difference["thing"],
        f"{Kind(difference['kind']).label}{detail}",
        _cost(difference),
        _remedy(difference),
    )


def _cost(difference: dict[str, Any]) -> str:
    if difference["monthlyCost"] is None:
        return ""
    amount = number_format(difference["monthlyCost"], decimal_pos=2)
    return _("%(amount)s %(currency)s a month") % {"amount": amount, "currency": difference["currency"]}


def _remedy(difference: dict[str, Any]) -> str:
    if "outcome" in difference:
        outcome = OUTCOMES.get(difference["outcome"], difference["outcome"])
        return _("%(act)s: %(outcome)s") % {"act": Act(difference["act"]).label, "outcome": outcome}
    if difference["hold"]:
        return f"- {Hold(difference['hold']).label}"
    return str(Act(difference["act"]).label) if difference["act"] else "-"


def _as_json(run: Reconciliation) -> dict[str, Any]:
    return {
        "listed": run.listed,
        "ours": run.ours,
        "applied": run.applied,
        "differences": run.differences,
        "acts": run.acts,
        "refusal": run.refusal,
        "errors": run.errors,
    }
