"""manage.py backup_site: back up our own database now, encrypted, and read it back."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from provisioning.errors import ProvisioningError
from provisioning.reasons import reason
from provisioning.site_backup import making


class Command(BaseCommand):
    @property
    def help(self) -> str:  # type: ignore[override]  # in the language of the one who asks
        return _("Back up our own database, encrypted, to the backup storage; good only when it was read back.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help=_("print JSON and nothing else"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            manifest = making.make()
        except ProvisioningError as error:
            raise CommandError(f"{error.message}\n{reason(error.code).advice}".strip()) from error
        if options["json"]:
            self.stdout.write(json.dumps(asdict(manifest)))
            return
        self.stdout.write(
            _("The database is backed up and was read back: %(name)s, %(size).1f MB, %(seconds)s s.")
            % {"name": manifest.name, "size": manifest.stored_size / 1e6, "seconds": manifest.seconds}
        )
        self.stdout.write(
            _(
                "To open it again you need SITE_BACKUP_KEYS, and for the sealed columns in it ENCRYPTION_KEYS: keep "
                "both where neither this site nor the storage is."
            )
        )
