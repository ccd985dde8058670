"""manage.py api_keys: the keys there are, a successor for one, or the end of one."""

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from tenants import names
from tenants.errors import DomainError
from tenants.models import ApiKey
from tenants.services import keys


class Command(BaseCommand):
    @property
    def help(self) -> str:  # type: ignore[override]  # in the language of the one who asks
        return _("List API keys, rotate or revoke one.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help=_("all keys, without what is secret"))
        rotate = verbs.add_parser("rotate", help=_("print a successor; the old key works on for some days"))
        rotate.add_argument("--days", type=float, default=keys.OVERLAP.days, help=_("overlap in days"))
        revoke = verbs.add_parser("revoke", help=_("the key opens nothing from now on"))
        for verb in (rotate, revoke):
            verb.add_argument("identifier", help=_("the eight characters between the last two underscores"))

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "list":
            for each in ApiKey.objects.select_related("partner__test_of"):
                self.stdout.write(json.dumps(_facts(each), ensure_ascii=False))
            return
        wanted = options["identifier"] if names.is_storable(options["identifier"]) else ""
        key = ApiKey.objects.filter(public_id=wanted).select_related("partner").first()
        if key is None:
            raise CommandError(_("There is no such key."), returncode=2)
        if options["verb"] == "revoke":
            keys.revoke(key)
            self.stdout.write(_("Revoked: %(key)s") % {"key": key})
            return
        self._rotate(key, timedelta(days=options["days"]))

    def _rotate(self, key: ApiKey, overlap: timedelta) -> None:
        try:
            _successor, clear = keys.rotate(key, overlap=overlap)
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(_("Keep this key now, it is never shown again:"))
        self.stdout.write(clear)


def _facts(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.public_id,
        "partner": key.partner.account.name,
        "mode": "test" if key.partner.is_test else "live",
        "kind": key.kind,
        "name": key.name,
        "scopes": key.scopes,
        "live": key.is_live,
        "lastUsedAt": localtime(key.last_used_at).isoformat() if key.last_used_at else None,
        "expiresAt": localtime(key.expires_at).isoformat() if key.expires_at else None,
    }
