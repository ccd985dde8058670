"""manage.py expire_instances: what the periodic job does with instances whose time is over."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from tenants.services import ending


class Command(BaseCommand):
    @property
    def help(self) -> str:  # type: ignore[override]  # in the language of the one who asks
        return _("Suspend instances that have expired and decommission those whose grace period is over.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help=_("only say what would be done"))

    def handle(self, *args: Any, **options: Any) -> None:
        for act, instance in ending.expire(dry_run=options["dry_run"]):
            self.stdout.write(f"{act} {instance.public_id}")
