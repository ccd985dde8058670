"""Another plan for an instance, from a terminal: says what it changes and costs, then orders it."""

import getpass
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from provisioning import driver
from provisioning.reasons import reason
from provisioning.states import OperationState
from tenants.audit import acting
from tenants.errors import DomainError
from tenants.models import Instance, PlanChange
from tenants.payments.providers import provider
from tenants.services import instances, plan_changes
from tenants.wording import plans

# seconds; the work goes on elsewhere when it takes longer
LONGEST = 3 * 3600.0


class Command(BaseCommand):
    @property
    def help(self) -> str:  # type: ignore[override]  # in the language of the one who asks
        return _("Change the plan of an instance: says what that changes and costs, then orders it.")

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client_name")
        parser.add_argument("plan", help=_("its code"))
        parser.add_argument("--reason", default="", help=_("why, for the audit trail"))
        parser.add_argument("--at-period-end", action="store_true", help=_("at the end of the trial, or of the month"))
        parser.add_argument("--dry-run", action="store_true", help=_("only say what it would change and cost"))
        parser.add_argument("--wait", action="store_true", help=_("do the work here, until it has ended"))
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        instance = Instance.objects.real().live().filter(client_name=options["client_name"]).first()
        if instance is None:
            raise CommandError(_("There is no living instance of this client name."))
        try:
            plan = instances.find_plan(options["plan"])
            if not options["json"]:
                self._say(instance, plan_changes.offer(instance, plan))
            if options["dry_run"]:
                return
            with acting(f"shell:{getpass.getuser()}", options["reason"]):
                change = plan_changes.order(instance, plan.code, at_period_end=options["at_period_end"])
        except DomainError as error:
            raise CommandError(str(error)) from error
        if options["wait"] and change.operation is not None:
            driver.drive(change.operation.pk, timeout=LONGEST, tick=lambda operation: None)
        change.refresh_from_db()
        self._tell(change, as_json=options["json"])

    def _say(self, instance: Instance, offer: plan_changes.Offer) -> None:
        told = plans.changes(instance.plan, offer.plan, offer.adds, offer.stays, restarts=offer.restarts)
        invoiced = provider().checkout(instance, offer.plan).words
        for line in filter(None, (f"{offer.plan.name}: {plans.price_of(offer.plan)}", *told, invoiced)):
            self.stdout.write(line)

    def _tell(self, change: PlanChange, *, as_json: bool) -> None:
        """Exit status 0 unless it has ended without success."""
        operation = change.operation
        if as_json:
            told = {
                "plan": change.plan.code,
                "status": change.state,
                "takesEffectAt": change.due_at.isoformat() if change.due_at else None,
                "operation": operation.reference if operation else None,
            }
            self.stdout.write(json.dumps(told))
        else:
            reference = operation.reference if operation else ""
            self.stdout.write(f"{reference} {change.get_state_display()}".strip())
        if operation is not None and operation.state in (OperationState.FAILED, OperationState.CANCELLED):
            raise CommandError(str(reason(operation.reason).sentence))
