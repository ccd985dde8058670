"""manage.py revoke_links: the status links of one instance open nothing from now on."""

import getpass
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _

from tenants.audit import acting
from tenants.errors import DomainError
from tenants.models import AuditEntry, Instance
from tenants.services import links


class Command(BaseCommand):
    @property
    def help(self) -> str:  # type: ignore[override]  # in the language of the one who asks
        return _("Revoke every status link and token of an instance; what is mailed later carries a new link.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("instance", help=_("client name or instance id"))
        parser.add_argument("--reason", default="", help=_("why, for the audit trail"))

    def handle(self, *args: Any, **options: Any) -> None:
        instance = _found(options["instance"])
        try:
            with transaction.atomic(), acting(f"shell:{getpass.getuser()}", options["reason"]):
                links.revoke(instance)
                AuditEntry.write("staff:revoke_links", instance.pk, after={})
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(_("The links of %(instance)s are revoked.") % {"instance": instance})


def _found(name: str) -> Instance:
    """By its id, else the living one of this client name. Raises CommandError."""
    instance = Instance.objects.filter(public_id=name).first()
    instance = instance or Instance.objects.real().live().filter(client_name=name).first()
    if instance is None:
        raise CommandError(_("There is no instance %(name)s.") % {"name": name}, returncode=2)
    return instance
