"""manage.py restore_drill: try out whether backups can be brought back."""

import getpass
import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from django.utils.translation import gettext as _

from provisioning.engine import running
from provisioning.watching import watcher
from tenants.audit import acting
from tenants.errors import DomainError
from tenants.models import Instance, RestoreDrill
from tenants.services import drills

PAUSE_SECONDS = 1.0
LATER = 75


class Command(BaseCommand):
    @property
    def help(self) -> str:  # type: ignore[override]  # in the language of the one who asks
        return _("Bring backups back into units of the house, prove the login, and remove the units.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--instance", help=_("technical name or identifier of one instance"))
        which.add_argument("--sample", type=int, help=_("how many instances (default: those that are due this month)"))
        which.add_argument("--certificate", metavar="RD-…", help=_("print what a drill has proven"))
        parser.add_argument("--wait", action="store_true", help=_("do the work here, until all units are removed"))
        parser.add_argument("--timeout", type=float, default=7200, help=_("seconds to wait at most (default: 7200)"))

    def handle(self, *args: Any, **options: Any) -> None:
        if options["certificate"]:
            drill = RestoreDrill.objects.filter(public_id=options["certificate"]).first()
            if drill is None:
                raise CommandError(_("There is no such drill."), returncode=2)
            self.stdout.write(json.dumps(drills.certificate(drill), indent=2, ensure_ascii=False))
            return
        try:
            with acting(f"shell:{getpass.getuser()}"):
                begun = self._begin(options)
        except DomainError as error:
            raise CommandError(str(error), returncode=2) from error
        if options["wait"]:
            self._wait(begun, time.monotonic() + options["timeout"])
        for drill in begun:
            self.stdout.write(json.dumps(drills.certificate(drill), ensure_ascii=False))
        if not begun:
            self.stdout.write(_("No drill is due."))
        if any(drill.state == RestoreDrill.State.FAILED for drill in begun):
            raise CommandError(_("A backup could not be brought back."))

    def _begin(self, options: dict[str, Any]) -> list[RestoreDrill]:
        name = options["instance"]
        if not name:
            return drills.begin_due(options["sample"])
        rows = Instance.objects.real().filter(Q(public_id=name) | Q(client_name=name))
        instance = rows.order_by("-pk").first()
        if instance is None:
            raise CommandError(_("There is no instance %(name)s.") % {"name": name}, returncode=2)
        return [drills.begin(instance)]

    def _wait(self, begun: list[RestoreDrill], end: float) -> None:
        """Do what a worker does, until the units are gone or on the way to it at Railway."""
        while any(drill.state == RestoreDrill.State.RUNNING or _is_there(drill) for drill in begun):
            if time.monotonic() > end:
                raise CommandError(_("It is not done yet: workers and beat go on with it."), returncode=LATER)
            running.run_due()
            watcher.watch()
            drills.tend()
            time.sleep(PAUSE_SECONDS)
            for drill in begun:
                drill.refresh_from_db()


def _is_there(drill: RestoreDrill) -> bool:
    """Railway deletes two days after it was asked: waiting for that is the workers' work."""
    asked = drill.unit.operations.filter(kind="decommission", steps__code="delete_project", steps__state="done")
    return not asked.exists()
