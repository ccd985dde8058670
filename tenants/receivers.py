"""Hears the engine's news, inside its transaction: the instance's state and its mails can never disagree with it."""

import logging
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.dispatch import receiver
from django.utils import timezone

from provisioning.agents import addressing
from provisioning.backups import bucket
from provisioning.models import Domain, Operation, Step
from provisioning.signals import domain_changed, operation_changed, step_changed
from provisioning.states import OperationKind, OperationState, StepState
from provisioning.steps import hand_over, safeguard
from provisioning.steps.credentials import REPLACING
from tenants.audit import acting_unless_known
from tenants.lifecycle import InstanceState
from tenants.mails import news as letters
from tenants.mails import outbox
from tenants.mails.told import BY, BY_SELLER
from tenants.models import AuditEntry, Instance, RestoreDrill, Unit
from tenants.models.webhook import WebhookEvents
from tenants.services import customer_sessions, domains, links, making, outcomes, plan_changes, restores
from tenants.signals import pool_due
from tenants.webhooks import deliveries

logger = logging.getLogger(__name__)

# a hand-over that fails for these would fail with every other unit, and a creation as well
OURS = frozenset({"railway_token_refused", "railway_account_blocked", "railway_value_refused", "unknown_workspace"})


@receiver(operation_changed, dispatch_uid="follow_operation")
def follow(operation: Operation, **news: Any) -> None:
    if not Operation.instance.is_cached(operation):
        operation.instance = Instance.objects.select_related("plan", "tenant__partner").get(pk=operation.instance_id)
    with acting_unless_known(operation.reference):
        FOLLOWERS[OperationKind(operation.kind)](operation.instance, operation)
        if operation.state == OperationState.SUCCEEDED:
            _keep_version(operation.instance, operation.facts.get("odoo_version", ""))


def _keep_version(instance: Instance, found: str) -> None:
    """What the proof found running; a version that a later start has brought stands in the audit trail."""
    former = instance.odoo_version
    if found in ("", former):
        return
    instance.odoo_version = found[:60]
    instance.save(update_fields=["odoo_version"])
    if former:
        AuditEntry.write("odoo_version", instance.pk, before={"odoo_version": former}, after={"odoo_version": found})


@receiver(step_changed, dispatch_uid="hear_of_a_dead_password")
def hear(step: Step, **news: Any) -> None:
    """The kept password opens nothing any more, whatever becomes of this work: nobody is told it as the present one."""
    operation = step.operation
    if step.state == StepState.DONE and step.code in REPLACING:
        with acting_unless_known(operation.reference):
            Instance.objects.get(pk=operation.instance_id).forget_password(proven_by=operation.pk)


@receiver(step_changed, dispatch_uid="begin_the_end")
def begin_the_end(step: Step, **news: Any) -> None:
    """Until it is certain that a copy is left, the instance is what it was, and can be kept."""
    if step.state != StepState.DONE or step.code != "last_backup":
        return
    instance = Instance.objects.get(pk=step.operation.instance_id)
    if instance.state != InstanceState.DECOMMISSIONING:
        with acting_unless_known(step.operation.reference):
            instance.transition_to(InstanceState.DECOMMISSIONING)


@receiver(domain_changed, dispatch_uid="follow_domain")
def follow_domain(domain: Domain, news: str, **more: Any) -> None:
    with acting_unless_known(domain.public_id):
        domains.follow(domain, news)


def _follow_creation(instance: Instance, operation: Operation) -> None:
    match operation.state:
        case OperationState.ACTIVE:
            # of a hand-over that went wrong the customer sees nothing but another way
            if instance.state != InstanceState.PROVISIONING:
                instance.transition_to(InstanceState.PROVISIONING)
        case OperationState.SUCCEEDED:
            instance.transition_to(InstanceState.READY, **_project(operation), **_ready_changes(instance, operation))
            if not RestoreDrill.objects.filter(unit=instance).exists():
                outbox.write_welcome(instance, operation)
                deliveries.announce(instance, WebhookEvents.READY)
                if instance.is_test and outcomes.mail_bounces(instance.client_name):
                    deliveries.announce(instance, WebhookEvents.BOUNCED)
        case _:
            instance.transition_to(InstanceState.FAILED, **_project(operation))
            deliveries.announce(instance, WebhookEvents.FAILED)
            if operation.state == OperationState.FAILED:
                outbox.write_failure(instance, operation)


def _follow_hand_over(instance: Instance, operation: Operation) -> None:
    if operation.state == OperationState.FAILED and operation.reason not in OURS:
        try:
            with transaction.atomic():
                making.go_on_without(instance, operation, broken_by=operation.reason)
        except Exception:
            logger.exception("The order of %s cannot go on by itself", instance.client_name)
            instance.refresh_from_db()
        else:
            return
    elif operation.state == OperationState.SUCCEEDED:
        # what opened the unit opens nothing any more
        operation.seal({hand_over.PASSWORD: operation.secrets()[hand_over.PASSWORD]})
        operation.save(update_fields=["sealed"])
    _follow_creation(instance, operation)


def _follow_preparation(instance: Instance, operation: Operation) -> None:
    unit = instance.unit
    match operation.state:
        case OperationState.ACTIVE:
            instance.transition_to(InstanceState.PROVISIONING)
            return
        case OperationState.SUCCEEDED:
            instance.transition_to(InstanceState.WARM, **_project(operation), url=operation.facts["url"])
            unit.warm_at, unit.broken_by, unit.broken_at = timezone.now(), "", None
        case _:
            instance.transition_to(InstanceState.FAILED, **_project(operation))
            unit.broken_by = operation.reason
            if operation.state == OperationState.FAILED:
                unit.broken_at = timezone.now()
    unit.save(update_fields=["warm_at", "broken_by", "broken_at"])
    transaction.on_commit(lambda: pool_due.send_robust(Operation, pool_id=unit.pool_id))


def _follow_suspension(instance: Instance, operation: Operation) -> None:
    # what has failed was only stopped, because it will be deleted
    if operation.state == OperationState.SUCCEEDED and instance.state == InstanceState.READY:
        instance.transition_to(InstanceState.SUSPENDED)
        # whose deletion is scheduled has been told so, with its day
        if instance.decommission_after is None:
            letters.write_suspended(instance, operation.reference, by=operation.facts.get(BY, BY_SELLER))
        deliveries.announce(instance, WebhookEvents.SUSPENDED)


def _follow_resumption(instance: Instance, operation: Operation) -> None:
    if operation.state == OperationState.SUCCEEDED:
        instance.transition_to(InstanceState.READY)
        letters.write_resumed(instance, operation)
        deliveries.announce(instance, WebhookEvents.RESUMED)


def _follow_decommissioning(instance: Instance, operation: Operation) -> None:
    if operation.state == OperationState.SUCCEEDED:
        restores.end_with(instance)
        domains.end_with(instance)
        plan_changes.end_with(instance)
    if Unit.objects.filter(pk=instance.pk).exists():
        _follow_retirement(instance, operation)
    elif operation.state == OperationState.SUCCEEDED:
        instance.transition_to(InstanceState.DECOMMISSIONED, ended_at=timezone.now())
        letters.write_deleted(instance, operation, operation.facts.get(safeguard.MADE, ""))
        deliveries.announce(instance, WebhookEvents.DECOMMISSIONED)
    elif instance.state != InstanceState.DECOMMISSIONING and not bucket.configured():
        instance.transition_to(InstanceState.DECOMMISSIONING)


def _follow_retirement(instance: Instance, operation: Operation) -> None:
    """Of a warm unit: from the first moment no order can take it, and nobody is told."""
    if operation.state == OperationState.SUCCEEDED:
        instance.transition_to(InstanceState.DECOMMISSIONED, ended_at=timezone.now())
    elif instance.state != InstanceState.DECOMMISSIONING:
        instance.transition_to(InstanceState.DECOMMISSIONING)


def _follow_new_password(instance: Instance, operation: Operation) -> None:
    if operation.state == OperationState.SUCCEEDED:
        links.renew(instance)
        outbox.write_welcome(instance, operation, occasion=OperationKind.RESET_PASSWORD)


def _follow_new_email(instance: Instance, operation: Operation) -> None:
    if operation.state == OperationState.SUCCEEDED:
        former, new = instance.admin_email, operation.instance_spec.email
        Instance.objects.filter(pk=instance.pk).update(admin_email=new)
        instance.refresh_from_db()
        links.renew(instance)
        occasion = OperationKind.RESET_PASSWORD if former == new else OperationKind.CHANGE_EMAIL
        outbox.write_welcome(instance, operation, occasion=occasion)
        if former != new:
            outbox.supersede(instance, former)
            customer_sessions.end_of_address(former, instance)
            letters.write_email_changed(instance, operation, former)
            AuditEntry.write("email_changed", instance.pk, before={"email": former}, after={"email": new})


def _ready_changes(instance: Instance, operation: Operation) -> dict[str, object]:
    """The columns that change with the state when a creation has been proven."""
    now = timezone.now()
    days = instance.plan.lifetime_days
    return {
        "url": operation.facts["url"],
        "ready_at": now,
        "expires_at": now + timedelta(days=days) if days else None,
    }


def _follow_restoration(instance: Instance, operation: Operation) -> None:
    if operation.state != OperationState.ACTIVE:
        # whichever state is served now, it may name itself as it did when it was backed up
        addressing.want_again(instance.pk)
    if operation.state == OperationState.SUCCEEDED:
        links.renew(instance)
        outbox.write_welcome(instance, operation, occasion=OperationKind.RESET_PASSWORD)
        outbox.write_restored(instance, operation)
        deliveries.announce(instance, WebhookEvents.RESTORED)
    elif operation.state != OperationState.ACTIVE:
        restores.close(instance, operation)


def _follow_change_of_plan(instance: Instance, operation: Operation) -> None:
    match operation.state:
        case OperationState.ACTIVE:
            # a retry of what had stopped between two plans
            if instance.state == InstanceState.FAILED:
                instance.transition_to(InstanceState.PROVISIONING)
        case OperationState.SUCCEEDED:
            plan_changes.complete(instance, operation)
        case _:
            plan_changes.keep_former(instance, operation)


def _project(operation: Operation) -> dict[str, str]:
    # a unit that was handed over brought its project along
    known = operation.kind != OperationKind.HAND_OVER
    return {"project_id": operation.facts.get("project_id", "")} if known else {}


FOLLOWERS = {
    OperationKind.CREATE: _follow_creation,
    OperationKind.SUSPEND: _follow_suspension,
    OperationKind.RESUME: _follow_resumption,
    OperationKind.DECOMMISSION: _follow_decommissioning,
    OperationKind.RESET_PASSWORD: _follow_new_password,
    OperationKind.CHANGE_EMAIL: _follow_new_email,
    OperationKind.RENEW_ACCESS: _follow_new_email,
    OperationKind.PREPARE: _follow_preparation,
    OperationKind.HAND_OVER: _follow_hand_over,
    OperationKind.RESTORE: _follow_restoration,
    OperationKind.CHANGE_PLAN: _follow_change_of_plan,
}
