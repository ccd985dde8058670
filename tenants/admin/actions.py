"""What staff may do with instances: one table, read by the buttons, the confirmation pages and the tests."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from provisioning.models import Restore
from tenants.audit import acting
from tenants.errors import DomainError
from tenants.models import AuditEntry, Instance
from tenants.services import access, backups, ending, instances, links, plan_changes, preconditions, restores, welcome

Given = dict[str, Any]
PERIOD_END = "period_end"
RETRY, OPERATE, DECOMMISSION = "retry_instance", "operate_instance", "decommission_instance"


@dataclass(frozen=True)
class StaffAction:
    """``name`` is one of the services' checks. ``effect`` says what will happen. ``asks`` names the form's fields
    beside the reason.

    ``hurts`` wants a reason: it takes something from the customer. ``destructive`` wants the client name (of many:
    their number) typed as well; ``deletes`` says that everything there is goes for ever.
    """

    name: str
    label: str | Promise
    effect: str | Promise
    permission: str
    run: Callable[[Instance, Given], Any]
    asks: tuple[str, ...] = ()
    hurts: bool = False
    destructive: bool = False
    deletes: bool = False
    one_by_one: bool = False

    @property
    def wants_reason(self) -> bool:
        return self.hurts or self.destructive

    @property
    def for_many(self) -> bool:
        """Not what has another value for each, nor what is to be thought about for each."""
        return not self.one_by_one and (self.destructive or not self.asks)

    def why_not(self, instance: Instance) -> DomainError | None:
        return preconditions.why_not(self.name, instance)


def _into_new(instance: Instance, given: Given) -> Instance:
    backup, mode = restores.find(instance, given["backup"]), Restore.Mode(given["mode"])
    return restores.into_new(backup, mode, client_name=given["new_name"], email=given["new_email"])


ACTIONS = {
    action.name: action
    for action in (
        StaffAction(
            "retry",
            _("Retry"),
            _("The work goes on from the step that failed; what was done before stays."),
            RETRY,
            lambda one, given: instances.retry(one),
        ),
        StaffAction(
            "resend",
            _("Resend the welcome"),
            _("The customer gets the welcome e-mail once more, at the present address, with the kept password."),
            RETRY,
            lambda one, given: welcome.resend_welcome(one),
        ),
        StaffAction(
            "cancel",
            _("Cancel the work"),
            _("The work stops before its next step. What exists at Railway stays, and what had begun can be retried."),
            OPERATE,
            lambda one, given: instances.cancel(one),
            hurts=True,
        ),
        StaffAction(
            "suspend",
            _("Suspend"),
            _("After a backup, Odoo and its database are stopped at Railway: nobody can log in. All data is kept."),
            OPERATE,
            lambda one, given: instances.suspend(one),
            hurts=True,
        ),
        StaffAction(
            "resume",
            _("Resume"),
            _("The database and Odoo are started again, and the customer’s login is proven."),
            OPERATE,
            lambda one, given: instances.resume(one),
        ),
        StaffAction(
            "reset_password",
            _("New admin password"),
            _(
                "Odoo gets a new password for the customer’s account; it is proven, then mailed to the customer. The "
                "old one stops working. When it is no longer kept, or two-factor authentication is in its way, Odoo is "
                "restarted for this and the second factor is switched off."
            ),
            OPERATE,
            lambda one, given: access.reset_password(one),
            hurts=True,
        ),
        StaffAction(
            "change_email",
            _("Correct the e-mail address"),
            _(
                "The address is also the login in Odoo: it is changed there and proven, then both addresses are told. "
                "A creation that failed uses it when it is retried."
            ),
            OPERATE,
            lambda one, given: access.change_email(one, given["email"]),
            asks=("email",),
            hurts=True,
        ),
        StaffAction(
            "back_up",
            _("Back up now"),
            _("A backup is made while Odoo goes on, kept at the storage company, and checked."),
            OPERATE,
            lambda one, given: backups.back_up(one),
        ),
        StaffAction(
            "believe_backup",
            _("Back up, however small"),
            _(
                "A backup is made and believed although it is less than half of the last good one, which is kept as "
                "long as its plan says. Look into Odoo first: has the customer deleted so much, or is something lost?"
            ),
            DECOMMISSION,
            lambda one, given: backups.back_up(one, any_size=True),
            destructive=True,
            one_by_one=True,
        ),
        StaffAction(
            "restore",
            _("Restore a backup"),
            _(
                "What the backup holds replaces everything in Odoo. Before that the present state is backed up; it "
                "comes back if the restored one does not open. Odoo is away meanwhile, and the customer gets a new "
                "password."
            ),
            DECOMMISSION,
            lambda one, given: restores.restore(one, given["backup"], confirmation=given["client_name"]),
            asks=("backup",),
            destructive=True,
            one_by_one=True,
        ),
        StaffAction(
            "into_new",
            _("New instance from a backup"),
            _(
                "A new instance begins with what the backup holds; this one stays as it is. A copy is another database "
                "to Odoo and writes to nobody, a move goes on as the same one. Everything in it is open to the address "
                "that you give, which gets a welcome e-mail."
            ),
            DECOMMISSION,
            _into_new,
            asks=("backup", "mode", "new_name", "new_email"),
            destructive=True,
            one_by_one=True,
        ),
        StaffAction(
            "revoke_links",
            _("Revoke links"),
            _(
                "Every status link and status token given so far opens nothing any more, in mails too. What is mailed "
                "from now on carries a new link: resend the welcome, or give a new password."
            ),
            OPERATE,
            lambda one, given: links.revoke(one),
            hurts=True,
        ),
        StaffAction(
            "change_plan",
            _("Change the plan"),
            _(
                "After a backup its limits are set and Odoo is restarted, which installs the modules that are missing; "
                "none is taken away. When the login is proven, the plan and its price of today are the instance's, a "
                "trial has no end any more, and the customer is told. When anything fails the former plan stays."
            ),
            OPERATE,
            lambda one, given: plan_changes.order(one, given["plan"], at_period_end=given["when"] == PERIOD_END),
            asks=("plan", "when"),
            one_by_one=True,
        ),
        StaffAction(
            "undo_plan_change",
            _("Take back the change of plan"),
            _("What waits for the end of the period does not come; the plan stays."),
            OPERATE,
            lambda one, given: plan_changes.undo(one),
        ),
        StaffAction(
            "change_expiry",
            _("Change the end, extend a trial"),
            _("When the end has come, the instance is suspended, and decommissioned after a grace period."),
            OPERATE,
            lambda one, given: ending.change_expiry(one, given["expires_at"]),
            asks=("expires_at",),
            hurts=True,
        ),
        StaffAction(
            "decommission",
            _("Decommission"),
            _("After a backup all is stopped. It can be undone for some days; then everything is deleted for ever."),
            DECOMMISSION,
            lambda one, given: ending.schedule_decommission(one, grace_days=given["grace_days"]),
            asks=("grace_days",),
            destructive=True,
            deletes=True,
        ),
        StaffAction(
            "without_backup",
            _("Go on without a backup"),
            _(
                "The work that waits for a backup goes on without one. Of an instance that is being decommissioned "
                "everything is then deleted for ever, although there is no copy of its last state."
            ),
            DECOMMISSION,
            lambda one, given: ending.go_on_without_backup(one),
            destructive=True,
            deletes=True,
            one_by_one=True,
        ),
        StaffAction(
            "undo_decommission",
            _("Undo the decommissioning"),
            _("Nothing is deleted. The instance stays as it is until it is resumed or retried."),
            DECOMMISSION,
            lambda one, given: ending.undo_decommission(one),
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
