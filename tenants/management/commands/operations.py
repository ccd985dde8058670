"""manage.py operations: what the engine does, and the buttons to put it right."""

import getpass
import json
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from provisioning.engine.recipes import step_label
from provisioning.models import Operation
from provisioning.reasons import reason
from provisioning.states import OperationState
from tenants import names
from tenants.audit import acting
from tenants.errors import DomainError, WrongState
from tenants.models import AuditEntry
from tenants.services import instances, preconditions


class Command(BaseCommand):
    @property
    def help(self) -> str:  # type: ignore[override]  # in the language of the one who asks
        return _("List operations, show one with its steps, retry or cancel it.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        listing = verbs.add_parser("list", help=_("the operations, newest first"))
        listing.add_argument("--state", choices=OperationState.values, help=_("only those in this state"))
        listing.add_argument("--limit", type=int, default=50, help=_("how many at most (default: 50)"))
        for verb, text in (
            ("show", _("one operation with its steps")),
            ("retry", _("go on from the step that failed")),
            ("cancel", _("stop at the next step boundary")),
        ):
            verbs.add_parser(verb, help=text).add_argument("reference", help=_("for example OP-7K3M9QXZ"))
        for sub in verbs.choices.values():
            sub.add_argument("--json", action="store_true", help=_("print JSON and nothing else"))

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "list":
            rows = Operation.objects.select_related("instance")
            if options["state"]:
                rows = rows.filter(state=options["state"])
            self._list(rows[: options["limit"]], as_json=options["json"])
            return
        operation = self._find(options["reference"])
        if options["verb"] != "show":
            self._act(options["verb"], operation)
        operation.refresh_from_db()
        self._show(operation, as_json=options["json"])

    def _find(self, reference: str) -> Operation:
        wanted = reference.upper() if names.is_storable(reference) else ""
        operation = Operation.objects.select_related("instance").filter(reference=wanted).first()
        if operation is None:
            raise CommandError(_("There is no operation %(reference)s.") % {"reference": reference}, returncode=2)
        return operation

    def _act(self, verb: str, operation: Operation) -> None:
        """As in the console: by the services' checks, and audited."""
        try:
            with transaction.atomic(), acting(f"shell:{getpass.getuser()}"):
                ACTS[verb](operation)
                AuditEntry.write(f"staff:{verb}", operation.instance_id, after={"operation": operation.reference})
        except DomainError as error:
            raise CommandError(str(error)) from error

    def _list(self, operations: Iterable[Operation], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps([_facts(operation) for operation in operations]))
            return
        for operation in operations:
            why = f"  {reason(operation.reason).sentence}" if operation.reason else ""
            self.stdout.write(
                f"{operation.reference}  {localtime(operation.created_at):%Y-%m-%d %H:%M}  "
                f"{operation.get_kind_display()}  {operation.spec.get('client_name', '')}  "
                f"{operation.get_state_display()}{why}"
            )

    def _show(self, operation: Operation, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(_facts(operation) | {"steps": _steps(operation)}))
            return
        self._list([operation], as_json=False)
        if operation.reason:
            self.stdout.write(f"  {operation.message} ({operation.reason})")
            self.stdout.write(f"  {reason(operation.reason).advice}")
        for step in operation.steps.all():
            label = step_label(operation.kind, step.code)
            why = f"  {step.message} ({step.reason})" if step.reason else ""
            self.stdout.write(f"  {step.position + 1:>2}. {label}: {step.get_state_display()}{why}")


def _retry(operation: Operation) -> None:
    """Raises DomainError."""
    preconditions.require("retry", operation.instance)
    last = preconditions.retryable(operation.instance)
    if last is not None and last.pk != operation.pk:
        found = _("What can be retried on this instance is %(reference)s.") % {"reference": last.reference}
        raise WrongState(found)
    instances.retry(operation.instance)


def _cancel(operation: Operation) -> None:
    """Raises DomainError."""
    if operation.state != OperationState.ACTIVE:
        raise WrongState(_("This operation has ended already: nothing to cancel."))
    instances.cancel(operation.instance)


ACTS = {"retry": _retry, "cancel": _cancel}


def _facts(operation: Operation) -> dict[str, Any]:
    return {
        "reference": operation.reference,
        "kind": operation.kind,
        "instanceId": operation.spec.get("instance_id", ""),
        "state": operation.state,
        "reason": operation.reason,
        "message": operation.message,
        "createdAt": operation.created_at.isoformat(),
        "endedAt": operation.ended_at.isoformat() if operation.ended_at else None,
    }


def _steps(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"code": step.code, "state": step.state, "attempts": step.attempts, "reason": step.reason}
        for step in operation.steps.all()
    ]
