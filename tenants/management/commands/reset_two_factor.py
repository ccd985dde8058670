"""manage.py reset_two_factor: for a member of staff who has lost phone and recovery codes."""

import getpass
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from tenants import names
from tenants.errors import DomainError
from tenants.services import second_factor

LONGEST_REASON = 500


class Command(BaseCommand):
    @property
    def help(self) -> str:  # type: ignore[override]  # in the language of the one who asks
        return _("Remove someone's two-factor sign-in; the audit trail keeps it.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help=_("the name with which the person signs in"))
        parser.add_argument("--reason", default="", help=_("why, for the audit trail"))

    def handle(self, *args: Any, username: str, reason: str, **options: Any) -> None:
        user = User.objects.filter(username=username).first() if names.is_storable(username) else None
        if user is None:
            raise CommandError(_("There is no such account."), returncode=2)
        try:
            reason = names.line(reason, longest=LONGEST_REASON)
        except DomainError as error:
            raise CommandError(str(error), returncode=2) from error
        if second_factor.reset(user, actor=f"shell:{getpass.getuser()}", reason=reason):
            self.stdout.write(
                _("Removed. At the next sign-in, two-factor sign-in is set up anew where it is required.")
            )
        else:
            self.stdout.write(_("This account has no two-factor sign-in."))
