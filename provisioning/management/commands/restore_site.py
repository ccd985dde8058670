"""manage.py restore_site: bring our own database back, as it was at a moment, into an empty one."""

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from provisioning.engine import after_restore
from provisioning.errors import ProvisioningError
from provisioning.reasons import reason
from provisioning.site_backup import restoring, shelf
from provisioning.site_backup.errors import DatabaseNotEmpty
from provisioning.site_backup.shelf import Manifest


def moment(text: str) -> datetime:
    """A name as ``--list`` shows it, or a date and time."""
    try:
        return shelf.moment_of(text) or _aware(parse_datetime(text))
    except ValueError as error:
        raise ArgumentTypeError(_("write a name as --list shows it, or a moment such as 2026-11-27T03:00.")) from error


def _aware(found: datetime | None) -> datetime:
    if found is None:
        raise ValueError
    return found if found.tzinfo else timezone.make_aware(found)


class Command(BaseCommand):
    @property
    def help(self) -> str:  # type: ignore[override]  # in the language of the one who asks
        return _("Bring our own database back from the backup storage into an empty one, with every process stopped.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--list", action="store_true", help=_("only tell which backups there are, newest first"))
        parser.add_argument("--at", type=moment, help=_("the newest that was begun then or before; else the newest"))
        parser.add_argument("--replace", action="store_true", help=_("set aside what is in the database now"))
        parser.add_argument("--yes", action="store_true", help=_("do not ask"))
        parser.add_argument("--json", action="store_true", help=_("with --list: print JSON and nothing else"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["list"]:
                self._list(as_json=options["json"])
                return
            manifest = self._chosen(options["at"])
            restoring.check(manifest, replace=options["replace"])
            self._ask(manifest, yes=options["yes"])
            aside = restoring.restore(manifest, replace=options["replace"])
        except DatabaseNotEmpty as error:
            raise CommandError(_not_empty()) from error
        except OperationalError as error:
            raise CommandError(
                _("The database that DATABASE_URL names cannot be reached: %s") % _line(error)
            ) from error
        except ProvisioningError as error:
            raise CommandError(f"{error.message}\n{reason(error.code).advice}".strip()) from error
        self.stdout.write(_("The database is as it was at %(moment)s.") % {"moment": _local(manifest)})
        if aside:
            self.stdout.write(
                _("What was in it before is kept as %(name)s; delete it when all is well.") % {"name": aside}
            )
        if not restoring.seals_open(manifest):
            self.stderr.write(_foreign_seals(manifest))
        self._go_on(manifest)

    def _list(self, *, as_json: bool) -> None:
        found = [shelf.read(name) for name in shelf.names()]
        if as_json:
            self.stdout.write(json.dumps([asdict(manifest) for manifest in found]))
            return
        for manifest in found:
            self.stdout.write(f"{manifest.name}  {manifest.engine}  {manifest.stored_size / 1e6:9.1f} MB")
        if not found:
            self.stdout.write(_("There is no backup of our own database in this storage."))

    def _chosen(self, at: datetime | None) -> Manifest:
        found = shelf.newest(at)
        if found is None:
            raise CommandError(_("There is no such backup; --list tells which there are."))
        return found

    def _ask(self, manifest: Manifest, *, yes: bool) -> None:
        if yes:
            return
        database = settings.DATABASES["default"]
        self.stdout.write(
            _(
                "The backup of %(moment)s is brought back into %(name)s at %(host)s. Web, workers and beat must be "
                "stopped."
            )
            % {"moment": _local(manifest), "name": database["NAME"], "host": database.get("HOST") or "localhost"}
        )
        if not sys.stdin.isatty():
            raise CommandError(_("Nobody is there to be asked: add --yes."))
        if input(_("Type “restore” to go on: ")).strip().lower() not in ("restore", "restaurer"):
            raise CommandError(_("Nothing was changed."))

    def _go_on(self, manifest: Manifest) -> None:
        """What `after_restore` does, where this release knows the tables; else what to do first."""
        schema = restoring.schema()
        if schema.ahead:
            raise CommandError(
                _(
                    "The backup was made by a newer release (%(names)s). Deploy that release, then run "
                    "`manage.py after_restore` before any worker."
                )
                % {"names": ", ".join(schema.ahead)}
            )
        if schema.behind:
            raise CommandError(
                _(
                    "The backup was made by an older release; it lacks %(names)s. Now run `manage.py migrate`, then "
                    "`manage.py after_restore`, before any worker."
                )
                % {"names": ", ".join(schema.behind)}
            )
        restoring.note(manifest)
        doubted = after_restore.doubt_creations()
        self.stdout.write(
            _("Creations that look at Railway before they ask for anything: %(count)d.") % {"count": len(doubted)}
        )
        self.stdout.write(_next_steps())


def _line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


def _local(manifest: Manifest) -> str:
    return f"{timezone.localtime(manifest.moment):%Y-%m-%d %H:%M:%S %Z}"


def _not_empty() -> str:
    return _(
        "The database is not empty, and nothing was changed. Create an empty one and let DATABASE_URL name it, or add "
        "--replace: what is there is then set aside."
    )


def _foreign_seals(manifest: Manifest) -> str:
    return _(
        "ENCRYPTION_KEYS is not the one of this backup (%(fingerprints)s): sealed secrets in it cannot be opened. Put "
        "the former keys back, comma separated, before anything else runs."
    ) % {"fingerprints": ", ".join(manifest.encryption_keys)}


def _next_steps() -> str:
    return _(
        "Next: start web, workers and beat; run `manage.py reconcile` to see what Railway has that this database does "
        "not know; run `manage.py backup_site`. Orders taken after the backup are not in it."
    )
