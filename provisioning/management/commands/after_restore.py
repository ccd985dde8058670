"""manage.py after_restore: the first thing to run on a database that comes from a backup, before any worker."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from provisioning.engine import after_restore


class Command(BaseCommand):
    @property
    def help(self) -> str:  # type: ignore[override]  # in the language of the one who asks
        return _("After the database was restored from a backup, before any worker runs: let creations look first.")

    def handle(self, *args: Any, **options: Any) -> None:
        doubted = after_restore.doubt_creations()
        self.stdout.write(
            _("Creations that look at Railway before they ask for anything: %(count)d.") % {"count": len(doubted)}
        )
        for operation in doubted:
            self.stdout.write(f"{operation.reference}  {operation.spec.get('client_name', '')}")
