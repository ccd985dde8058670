"""manage.py reconcile: what differs between the ledger and Railway, and on demand what puts it right."""

import json
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from tenants.models import Reconciliation
from tenants.services import reconciliation
from tenants.services.reconciliation import Rules
from tenants.wording.differences import row_of


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
        rows = [row_of(each) for each in differences]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
            self.stdout.write("  " + "  ".join(cells).rstrip())


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
