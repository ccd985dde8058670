"""manage.py backups: the backups of an instance, one more on demand, and one brought back."""

import getpass
import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from provisioning import driver
from provisioning.backups import checking
from provisioning.engine import running
from provisioning.models import Backup, Operation, Restore
from provisioning.reasons import REASONS, reason
from provisioning.states import OperationState
from tenants import names
from tenants.audit import acting
from tenants.errors import DomainError
from tenants.models import Instance
from tenants.services import backups, restores

PAUSE_SECONDS = 0.2
# as for a creation that must go on elsewhere: not failed, and not done
LATER = 75


class Command(BaseCommand):
    @property
    def help(self) -> str:  # type: ignore[override]  # in the language of the one who asks
        return _("List the backups of an instance, make one now, or bring one back.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        listing = verbs.add_parser("list", help=_("the backups of an instance, newest first"))
        listing.add_argument("--limit", type=int, default=50, help=_("how many at most (default: 50)"))
        making = verbs.add_parser("make", help=_("a backup now; one that is under way already is taken for it"))
        making.add_argument("--wait", action="store_true", help=_("end when it was read back and checked"))
        making.add_argument("--timeout", type=float, default=3600, help=_("seconds to wait at most (default: 3600)"))
        bringing = verbs.add_parser("restore", help=_("replace what Odoo has by what a backup holds"))
        bringing.add_argument("--confirm", required=True, help=_("the technical name once more"))
        bringing.add_argument("--reason", required=True, help=_("why, for the audit trail"))
        bringing.add_argument(
            "--wait", action="store_true", help=_("do the work here, and end when the login is proven")
        )
        bringing.add_argument("--timeout", type=float, default=3600, help=_("seconds to wait at most (default: 3600)"))
        copying = verbs.add_parser("copy", help=_("a new instance from a backup: it writes to nobody unless --move"))
        copying.add_argument("--as", dest="new_name", required=True, help=_("technical name of the new instance"))
        copying.add_argument("--email", default="", help=_("its owner (default: the former's)"))
        copying.add_argument("--move", action="store_true", help=_("it takes the former's place as it was"))
        copying.add_argument("--reason", required=True, help=_("why, for the audit trail"))
        for sub in verbs.choices.values():
            sub.add_argument("client_name", help=_("technical name, for example acme-corp"))
            sub.add_argument("--json", action="store_true", help=_("print JSON and nothing else"))
        for sub in (bringing, copying):
            sub.add_argument("backup", help=_("reference of the backup, for example BK-8K2MNP4QRS, or: latest"))

    def handle(self, *args: Any, **options: Any) -> None:
        self.as_json = options["json"]
        instance = _find(options["client_name"])
        if options["verb"] == "list":
            self._list(list(Backup.objects.filter(instance=instance)[: options["limit"]]))
            return
        if options["verb"] == "restore":
            self._restore(instance, options)
            return
        if options["verb"] == "copy":
            self._copy(instance, options)
            return
        try:
            with transaction.atomic(), acting(f"shell:{getpass.getuser()}"):
                backup = backups.back_up(instance)
        except DomainError as error:
            raise CommandError(str(error), returncode=2) from error
        if options["wait"]:
            self._wait(backup, time.monotonic() + options["timeout"])
        self.stdout.write(json.dumps(_facts(backup)) if self.as_json else _told(backup))

    def _list(self, rows: list[Backup]) -> None:
        if self.as_json:
            self.stdout.write(json.dumps([_facts(row) for row in rows]))
            return
        for row in rows:
            self.stdout.write(
                f"{localtime(row.created_at):%Y-%m-%d %H:%M}  {row.get_occasion_display():18}  {_told(row)}"
            )
        if not rows:
            self.stdout.write(_("No backup was made yet."))

    def _restore(self, instance: Instance, options: dict[str, Any]) -> None:
        actor = f"shell:{getpass.getuser()}"
        try:
            with transaction.atomic(), acting(actor, options["reason"]):
                backup = _named(instance, options["backup"])
                operation = restores.restore(instance, backup.public_id, confirmation=options["confirm"])
        except DomainError as error:
            raise CommandError(str(error), returncode=2) from error
        found = {"operation": operation.reference, "restoreId": operation.facts["restore"]}
        if options["wait"]:
            self._see_through(operation, options["timeout"])
            self._restored(instance, backup, found)
            return
        told = _("Restoration %(restore)s has begun (%(operation)s); progress: %(command)s")
        words = {
            "restore": found["restoreId"],
            "operation": found["operation"],
            "command": f"manage.py operations show {operation.reference}",
        }
        self.stdout.write(json.dumps(found) if self.as_json else told % words)

    def _copy(self, instance: Instance, options: dict[str, Any]) -> None:
        mode = Restore.Mode.MOVE if options["move"] else Restore.Mode.COPY
        actor = f"shell:{getpass.getuser()}"
        try:
            with transaction.atomic(), acting(actor, options["reason"]):
                backup = _named(instance, options["backup"])
                email = options["email"] or instance.admin_email
                made = restores.into_new(backup, mode, client_name=options["new_name"], email=email)
        except DomainError as error:
            raise CommandError(str(error), returncode=2) from error
        found = {"instanceId": made.public_id, "clientName": made.client_name}
        told = _("Instance %(instance)s (%(name)s) is being made from it") % {
            "instance": made.public_id,
            "name": made.client_name,
        }
        self.stdout.write(json.dumps(found) if self.as_json else told)

    def _restored(self, instance: Instance, backup: Backup, found: dict[str, str]) -> None:
        """The password of before opens nothing any more, so the new one is told, as after a creation."""
        instance.refresh_from_db()
        password = instance.admin_password() or ""
        if self.as_json:
            self.stdout.write(json.dumps(found | {"backupId": backup.public_id, "adminPassword": password}))
            return
        words = {"reference": backup.public_id, "moment": f"{localtime(backup.taken_at):%Y-%m-%d %H:%M:%S}"}
        self.stdout.write(_("Restored from %(reference)s, the state of %(moment)s: the login is proven") % words)
        self.stdout.write(_("New password: %(password)s") % {"password": password})

    def _see_through(self, operation: Operation, timeout: float) -> None:
        """Do its work here, with the backup before it. Raises CommandError unless it succeeds."""
        done = driver.drive(operation.pk, timeout=timeout, tick=_check_backups)
        if done.state == OperationState.ACTIVE:
            sentence = _("Not restored yet: the work goes on when a worker runs. Reference: %(reference)s")
            raise CommandError(sentence % {"reference": done.reference}, returncode=LATER)
        if done.state != OperationState.SUCCEEDED:
            raise CommandError(f"{reason(done.reason).advice}\n{done.message} ({done.reason})".strip())

    def _wait(self, backup: Backup, end: float) -> None:
        """Until it is good. Raises CommandError when this try has failed, or when the time is over."""
        while backup.state != Backup.State.GOOD:
            if backup.state == Backup.State.FAILED or backup.run_after > timezone.now():
                raise CommandError(_told(backup))
            if time.monotonic() > end:
                raise CommandError(_told(backup), returncode=LATER)
            if backup.state == Backup.State.CHECKING:
                # where no worker runs nobody else would
                checking.check(backup.pk)
            time.sleep(PAUSE_SECONDS)
            backup.refresh_from_db()


def _find(client_name: str) -> Instance:
    """The newest of this name. Raises CommandError."""
    wanted = client_name if names.is_storable(client_name) else ""
    found = Instance.objects.real().filter(client_name=wanted).order_by("-pk").first()
    if found is None:
        raise CommandError(_("There is no instance %(name)s.") % {"name": client_name}, returncode=2)
    return found


def _named(instance: Instance, reference: str) -> Backup:
    """Raises UnknownBackup."""
    newest = next(iter(restores.restorable(instance)), None) if reference == "latest" else None
    return newest or restores.find(instance, reference)


def _check_backups(operation: Operation) -> None:
    """Where no worker runs nobody else would."""
    waiting = Backup.objects.filter(instance=operation.instance_id, state=Backup.State.CHECKING)
    for number in list(waiting.values_list("pk", flat=True)):
        checking.check(number)
        running.wake(operation.pk)


def _told(backup: Backup) -> str:
    if backup.state == Backup.State.GOOD:
        words = {"reference": backup.public_id, "size": filesizeformat(backup.size or 0)}
        return _("Backup %(reference)s, %(size)s, read back and checked") % words
    words = {"reference": backup.public_id, "state": backup.get_state_display()}
    told = _("Backup %(reference)s: %(state)s") % words
    why = str(reason(backup.reason).advice) if backup.reason in REASONS else backup.reason.replace("_", " ")
    return "\n".join(each for each in (told, why, backup.message) if each)


def _facts(backup: Backup) -> dict[str, Any]:
    return {
        "backupId": backup.public_id,
        "instanceId": backup.instance.public_id,
        "state": backup.state,
        "occasion": backup.occasion,
        "reason": backup.reason,
        "bytes": backup.size,
        "sha256": backup.sha256,
        "createdAt": backup.created_at.isoformat(),
        "takenAt": backup.taken_at.isoformat() if backup.taken_at else None,
        "endedAt": backup.ended_at.isoformat() if backup.ended_at else None,
    }
