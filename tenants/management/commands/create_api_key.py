"""manage.py create_api_key: prints a new key, once."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from tenants.errors import DomainError
from tenants.models import ApiKey
from tenants.services import keys, partners


class Command(BaseCommand):
    @property
    def help(self) -> str:  # type: ignore[override]  # in the language of the one who asks
        return _("Create an API key for a partner and print it: it is never shown again.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("partner", help=_("name of the partner"))
        parser.add_argument("--name", default="", help=_("what the key is for"))
        parser.add_argument(
            "--publishable", action="store_true", help=_("a key for web pages, which may only sign up customers")
        )
        parser.add_argument(
            "--scope",
            action="append",
            choices=[scope for scope in ApiKey.Scope.values if scope != ApiKey.Scope.SIGNUP],
            help=_("what the key may do, repeatable (default: everything but delete without grace)"),
        )
        parser.add_argument(
            "--test",
            action="store_true",
            help=_("a key of test mode: its instances live in the sandbox and cost nothing"),
        )
        parser.add_argument("--json", action="store_true", help=_("print one JSON object and nothing else"))

    def handle(self, *args: Any, **options: Any) -> None:
        kind = ApiKey.Kind.PUBLISHABLE if options["publishable"] else ApiKey.Kind.SECRET
        try:
            partner = partners.find_partner(options["partner"])
            seller = partners.in_test_mode(partner) if options["test"] else partner
            key, clear = keys.issue(seller, kind=kind, name=options["name"], scopes=options["scope"])
        except DomainError as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps({"partner": partner.name, "id": key.public_id, "key": clear}))
        else:
            self.stdout.write(_("Keep this key now, it is never shown again:"))
            self.stdout.write(clear)
