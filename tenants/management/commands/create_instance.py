"""manage.py create_instance: the whole creation in the foreground, with no broker and no worker."""

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from provisioning import driver
from provisioning.engine.recipes import RECIPES, step_label
from provisioning.errors import ProvisioningError, Temporary
from provisioning.gate import clients, retrying
from provisioning.models import Operation
from provisioning.railway.errors import Unreachable
from provisioning.reasons import reason
from provisioning.states import OperationState, StepState
from tenants import addresses
from tenants.errors import ClientNameTaken, DomainError
from tenants.lifecycle import InstanceState
from tenants.mails import outbox
from tenants.management.summary import duration, summary
from tenants.models import Instance, Mail, Partner
from tenants.services import instances, partners


class Command(BaseCommand):
    shown: dict[str, str]

    @property
    def help(self) -> str:  # type: ignore[override]  # in the language of the one who asks
        return _("Create an instance here and now, show each step, and end when the login is proven.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("client_name", help=_("technical name, for example acme-corp"))
        parser.add_argument("email", help=_("e-mail address of the administrator, which is also the login"))
        parser.add_argument("--company", default="", help=_("company name (default: the client name)"))
        parser.add_argument("--plan", default="", help=_("code of the plan (default: starter)"))
        parser.add_argument("--partner", default="", help=_("name of the partner (default: the house)"))
        parser.add_argument("--language", default="fr", help=_("fr or en"))
        parser.add_argument("--json", action="store_true", help=_("print one JSON object and nothing else"))
        parser.add_argument("--timeout", type=float, default=2700, help=_("seconds to wait at most (default: 2700)"))

    def handle(self, *args: Any, **options: Any) -> None:
        self.as_json = options["json"]
        try:
            self._check_railway()
            instance = self._open(options)
            operation = self._drive(instance, time.monotonic() + options["timeout"])
        except DomainError as error:
            raise CommandError(str(error), returncode=2) from error
        except ProvisioningError as error:
            raise CommandError(self._advice(error.code, error.message)) from error
        instance.refresh_from_db()
        self._finish(instance, operation)

    def _drive(self, instance: Instance, end: float) -> Operation:
        """Its last operation when that has ended or the time is over; where a warm unit failed, another way follows."""
        while True:
            latest = Operation.objects.filter(instance=instance).latest("pk")
            self.shown = {}
            left = max(end - time.monotonic(), 0.0)
            operation = driver.drive(latest.pk, timeout=left, tick=self._show)
            if operation.state == OperationState.ACTIVE or instance.active_operation() is None:
                return operation

    def _check_railway(self) -> None:
        """Before anything is written: is there a token, does it work, and does Railway answer?"""
        if not settings.RAILWAY_API_TOKEN:
            raise CommandError(
                _("RAILWAY_API_TOKEN is not set. Create a workspace token at railway.com/account/tokens and set it.")
            )
        try:
            retrying.ask(clients.railway().workspaces)
        except Temporary as error:
            # the catalogue's advice is for work that has begun, but for a Railway that cannot be reached at all
            why = self._advice(error.code, error.message) if isinstance(error, Unreachable) else error.message
            sentence = _(
                "Railway does not answer at the moment: %(why)s\nNothing was ordered or created: give the same command "
                "again in a few minutes (status.railway.com tells how Railway is)."
            )
            raise CommandError(sentence % {"why": why}) from error

    def _open(self, options: dict[str, Any]) -> Instance:
        partner = partners.find_partner(options["partner"]) if options["partner"] else partners.house()
        try:
            return instances.create_instance(
                partner=partner,
                client_name=options["client_name"],
                email=options["email"],
                company=options["company"],
                plan_code=options["plan"],
                language=options["language"],
            )
        except ClientNameTaken:
            return self._go_on(partner, options)

    def _go_on(self, partner: Partner, options: dict[str, Any]) -> Instance:
        """The same order again: go on with the one that failed or was interrupted instead of refusing its own name."""
        instance = (
            Instance.objects.live()
            .sold_by(partner)
            .filter(client_name=options["client_name"], admin_email=addresses.normal(options["email"]))
            .exclude(state__in=(InstanceState.READY, InstanceState.SUSPENDED, InstanceState.DECOMMISSIONING))
            .first()
        )
        if instance is None:
            raise ClientNameTaken
        if instance.state == InstanceState.FAILED:
            instances.retry(instance)
        self._say(_("This instance was begun before: going on from where it stopped."))
        return instance

    def _show(self, operation: Operation) -> None:
        rows = {row.code: row for row in operation.steps.all()}
        definitions = RECIPES[operation.kind].steps
        for number, definition in enumerate(definitions, 1):
            row = rows[definition.code]
            note = reason(row.reason).sentence if row.state == StepState.WAITING and row.reason else ""
            news = f"{row.state}:{note}"
            if row.state == StepState.PENDING or self.shown.get(row.code) == news:
                continue
            self.shown[row.code] = news
            head = f"[{number:>2}/{len(definitions)}] {definition.label}"
            if row.state == StepState.DONE and row.started_at and row.ended_at:
                took = duration((row.ended_at - row.started_at).total_seconds())
                self._say(_("%(step)s: done (%(took)s)") % {"step": head, "took": took})
            elif row.state == StepState.WAITING:
                self._say(f"{head}… {note}")

    def _finish(self, instance: Instance, operation: Operation) -> None:
        if operation.state == OperationState.SUCCEEDED:
            mail = self._send_welcome(instance)
            facts = summary(instance, mail)
            self.stdout.write(json.dumps(facts.as_json()) if self.as_json else facts.as_text())
            return
        if operation.state == OperationState.ACTIVE:
            sentence = _("Not ready yet: the work goes on when a worker runs. Reference: %(reference)s")
            raise CommandError(sentence % {"reference": operation.reference}, returncode=75)
        step = operation.steps.exclude(state=StepState.DONE).first()
        label = step_label(operation.kind, step.code) if step else ""
        lines = [
            _("The creation failed at: %(step)s") % {"step": label},
            self._advice(operation.reason, operation.message),
            _("To go on: manage.py operations retry %(reference)s") % {"reference": operation.reference},
        ]
        raise CommandError("\n".join(lines))

    def _send_welcome(self, instance: Instance) -> Mail | None:
        mail = Mail.objects.filter(instance=instance, kind=Mail.Kind.WELCOME).order_by("-pk").first()
        if mail is not None:
            outbox.deliver(mail.pk)
            mail.refresh_from_db()
        return mail

    def _advice(self, code: str, message: str) -> str:
        """What to do next, then the technical message: who sits at a terminal is staff."""
        return f"{reason(code).advice}\n{message} ({code})".strip()

    def _say(self, text: str) -> None:
        (self.stderr if self.as_json else self.stdout).write(text)
