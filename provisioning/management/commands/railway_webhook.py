"""manage.py railway_webhook: let Railway tell us of news, instead of only asking."""

import json
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils.translation import gettext as _

from provisioning.errors import ProvisioningError
from provisioning.gate import clients, retrying
from provisioning.railway.client import RailwayClient
from provisioning.railway.notification import EVENTS
from provisioning.railway.results import NotificationRule

HIDDEN = "…"


class Command(BaseCommand):
    @property
    def help(self) -> str:  # type: ignore[override]  # in the language of the one who asks
        return _("Register, list or remove the webhook by which Railway tells of deployments.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        for verb, text in (
            ("register", _("one rule for the whole workspace; harmless when it is there already")),
            ("list", _("the rules of the workspace")),
            ("remove", _("remove our rules, those with an older secret too, and no other")),
        ):
            sub = verbs.add_parser(verb, help=text)
            sub.add_argument("--workspace", default="default", help=_("name of a configured workspace"))
            sub.add_argument("--json", action="store_true", help=_("print JSON and nothing else"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            railway = clients.railway(options["workspace"])
            workspace_id = clients.workspace_id(options["workspace"])
            rules = retrying.ask(lambda: _rules_after(options["verb"], railway, workspace_id))
        except ProvisioningError as error:
            raise CommandError(_("Railway refused: %(why)s") % {"why": error.message}) from error
        self._tell(rules, as_json=options["json"])

    def _tell(self, rules: tuple[NotificationRule, ...], *, as_json: bool) -> None:
        told = [
            {"id": rule.id, "url": _shown(rule), "events": rule.event_types, "ours": _is_ours(rule)} for rule in rules
        ]
        if as_json:
            self.stdout.write(json.dumps(told))
            return
        if not told:
            self.stdout.write(_("No webhook is registered."))
        for rule in told:
            whose = _("ours") if rule["ours"] else _("not ours")
            self.stdout.write(f"{rule['id']}  {rule['url']}  {whose}")


def _rules_after(verb: str, railway: RailwayClient, workspace_id: str) -> tuple[NotificationRule, ...]:
    """Each verb looks before it acts, so that it may be repeated."""
    if verb == "register":
        _register(railway, workspace_id)
    elif verb == "remove":
        _remove(railway, workspace_id)
    return railway.notification_rules(workspace_id)


def _register(railway: RailwayClient, workspace_id: str) -> None:
    if not settings.RAILWAY_WEBHOOK_SECRET:
        raise CommandError(_("Set RAILWAY_WEBHOOK_SECRET first: 32 random characters or more."))
    url = _address(settings.RAILWAY_WEBHOOK_SECRET)
    same = [rule for rule in railway.notification_rules(workspace_id) if rule.project_id is None and url in rule.urls]
    if not same:
        railway.create_notification_rule(workspace_id=workspace_id, url=url, event_types=EVENTS)
    elif set(same[0].event_types) != set(EVENTS):
        railway.update_notification_rule(same[0].id, url=url, event_types=EVENTS)


def _remove(railway: RailwayClient, workspace_id: str) -> None:
    for rule in railway.notification_rules(workspace_id):
        if _is_ours(rule):
            railway.delete_notification_rule(rule.id)


def _address(secret: str) -> str:
    return settings.PUBLIC_BASE_URL + reverse("railway_webhook", args=[secret])


def _is_ours(rule: NotificationRule) -> bool:
    stem = _address("-").removesuffix("-")
    return any(url.startswith(stem) for url in rule.urls)


def _shown(rule: NotificationRule) -> str:
    """Where it calls, without the last part of the path, which is what nobody else may know."""
    found = []
    for url in rule.urls:
        parts = urlsplit(url)
        found.append(parts._replace(path=parts.path.rpartition("/")[0] + f"/{HIDDEN}", query="").geturl())
    return " ".join(found)
