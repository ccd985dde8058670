from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tenants.services import lifecycle


class Command(BaseCommand):
    help = "Suspends instances that have expired and decommissions those whose grace period is over."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only say what would be done.")

    def handle(self, *args: Any, **options: Any) -> None:
        for act, instance in lifecycle.expire(dry_run=options["dry_run"]):
            self.stdout.write(f"{act} {instance.public_id}")
