"""What staff may do with instances: one table, read by the buttons, the confirmation pages and the tests."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.audit import acting
from tenants.errors import DomainError
from tenants.models import AuditEntry, Instance
from tenants.services import access, instances, lifecycle, possible, welcome

Given = dict[str, Any]
RETRY, OPERATE, DECOMMISSION = "retry_instance", "operate_instance", "decommission_instance"


@dataclass(frozen=True)
class StaffAction:
    """``name`` is one of the services' checks. ``asks`` names the form's fields beside the reason.

    ``destructive`` wants the client name (of many: their number) typed and a reason.
    """

    name: str
    label: str | Promise
    permission: str
    run: Callable[[Instance, Given], Any]
    asks: tuple[str, ...] = ()
    destructive: bool = False

    @property
    def for_many(self) -> bool:
        """Not what has another value for each."""
        return self.destructive or not self.asks

    def why_not(self, instance: Instance) -> DomainError | None:
        return possible.why_not(self.name, instance)


ACTIONS = {
    action.name: action
    for action in (
        StaffAction("retry", _("Retry"), RETRY, lambda one, given: instances.retry(one)),
        StaffAction("resend", _("Resend the welcome"), RETRY, lambda one, given: welcome.resend_welcome(one)),
        StaffAction("cancel", _("Cancel"), OPERATE, lambda one, given: instances.cancel(one)),
        StaffAction("suspend", _("Suspend"), OPERATE, lambda one, given: instances.suspend(one)),
        StaffAction("resume", _("Resume"), OPERATE, lambda one, given: instances.resume(one)),
        StaffAction("reset_password", _("New admin password"), OPERATE, lambda one, given: access.reset_password(one)),
        StaffAction(
            "change_email",
            _("Correct the e-mail address"),
            OPERATE,
            lambda one, given: access.change_email(one, given["email"]),
            asks=("email",),
        ),
        StaffAction(
            "change_expiry",
            _("Change the end"),
            OPERATE,
            lambda one, given: lifecycle.change_expiry(one, given["expires_at"]),
            asks=("expires_at",),
        ),
        StaffAction(
            "decommission",
            _("Decommission"),
            DECOMMISSION,
            lambda one, given: lifecycle.schedule_decommission(one, grace_days=given["grace_days"]),
            asks=("grace_days",),
            destructive=True,
        ),
        StaffAction(
            "undo_decommission",
            _("Undo the decommissioning"),
            DECOMMISSION,
            lambda one, given: lifecycle.undo_decommission(one),
        ),
    )
}


def carry_out(action: StaffAction, instance: Instance, *, actor: str, given: Given) -> None:
    """The service call and its audit entry, both or neither. Raises DomainError."""
    before = {"state": str(instance.state)}
    with transaction.atomic(), acting(actor, given.get("reason", "")):
        action.run(instance, given)
        after = {"state": str(Instance.objects.values_list("state", flat=True).get(pk=instance.pk))}
        asked = {name: _plain(given[name]) for name in action.asks}
        AuditEntry.write(f"staff:{action.name}", instance.pk, before=before, after=after | asked)


def create(order: Given, *, actor: str) -> Instance:
    """The same order as the API's, with its audit entry. Raises DomainError."""
    with transaction.atomic(), acting(actor, order["reason"]):
        instance = instances.create_instance(
            partner=order["partner"],
            client_name=order["client_name"],
            email=order["email"],
            company=order["company"],
            plan_code=order["plan"].code,
            language=order["language"],
        )
        AuditEntry.write("staff:create", instance.pk, after={"plan": order["plan"].code})
    return instance


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
