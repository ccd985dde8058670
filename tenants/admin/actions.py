"""What staff may do with instances: one table, read by the buttons, the confirmation page and the tests."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.audit import acting
from tenants.lifecycle import InstanceState
from tenants.models import AuditEntry, Instance
from tenants.services import access, instances, lifecycle, possible, welcome

_S = InstanceState


@dataclass(frozen=True)
class StaffAction:
    """``offered`` says whether it can work now; ``destructive`` wants the client name typed and a reason."""

    name: str
    label: str | Promise
    permission: str
    run: Callable[[Instance, int], Any]
    offered: Callable[[Instance], bool]
    destructive: bool = False


def _idle(*states: InstanceState) -> Callable[[Instance], bool]:
    return lambda instance: instance.state in states and instance.active_operation() is None


def _retryable(instance: Instance) -> bool:
    return possible.why_not("retry", instance) is None


def _resumable(instance: Instance) -> bool:
    return instance.decommission_after is None and _idle(_S.SUSPENDED)(instance)


def _mailable(instance: Instance) -> bool:
    return instance.state == _S.READY and instance.admin_password() is not None


ACTIONS = {
    action.name: action
    for action in (
        StaffAction("retry", _("Retry"), "retry_instance", lambda one, days: instances.retry(one), _retryable),
        StaffAction(
            "resend",
            _("Resend the welcome"),
            "retry_instance",
            lambda one, days: welcome.resend_welcome(one),
            _mailable,
        ),
        StaffAction(
            "cancel",
            _("Cancel"),
            "operate_instance",
            lambda one, days: instances.cancel(one),
            lambda one: one.active_operation() is not None,
        ),
        StaffAction(
            "suspend", _("Suspend"), "operate_instance", lambda one, days: instances.suspend(one), _idle(_S.READY)
        ),
        StaffAction("resume", _("Resume"), "operate_instance", lambda one, days: instances.resume(one), _resumable),
        StaffAction(
            "reset_password",
            _("New admin password"),
            "operate_instance",
            lambda one, days: access.reset_password(one),
            lambda one: _mailable(one) and one.active_operation() is None,
        ),
        StaffAction(
            "decommission",
            _("Decommission"),
            "decommission_instance",
            lambda one, days: lifecycle.schedule_decommission(one, grace_days=days),
            lambda one: one.decommission_after is None and _idle(_S.READY, _S.SUSPENDED, _S.FAILED)(one),
            destructive=True,
        ),
        StaffAction(
            "undo_decommission",
            _("Undo the decommissioning"),
            "decommission_instance",
            lambda one, days: lifecycle.undo_decommission(one),
            lambda one: one.decommission_after is not None and one.state in possible.ENDABLE,
        ),
    )
}


def carry_out(action: StaffAction, instance: Instance, *, actor: str, reason: str, grace_days: int) -> None:
    """The service call and its audit entry, both or neither. Raises DomainError."""
    with transaction.atomic(), acting(actor, reason):
        AuditEntry.write(
            f"staff:{action.name}", instance.pk, after={"grace_days": grace_days} if action.destructive else {}
        )
        action.run(instance, grace_days)
