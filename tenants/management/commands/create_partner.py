"""manage.py create_partner: a reseller who will get API keys."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from tenants.errors import DomainError
from tenants.services import partners


class Command(BaseCommand):
    @property
    def help(self) -> str:  # type: ignore[override]  # in the language of the one who asks
        return _("Create a partner.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help=_("name of the partner, as customers know it"))
        parser.add_argument("--json", action="store_true", help=_("print one JSON object and nothing else"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            partner = partners.create_partner(options["name"])
        except DomainError as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps({"partner": partner.name, "id": partner.pk}))
        else:
            self.stdout.write(_("Partner %(name)s created.") % {"name": partner.name})
