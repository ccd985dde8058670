"""Use cases of another plan: what is offered, an order for now or for the end of the period, and what comes of it.

The work is `provisioning.steps.changing_plan`. Price and plan become the instance's in the transaction that ends it.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from provisioning.models import Operation
from provisioning.states import OperationKind, OperationState
from provisioning.steps import changing_plan
from tenants.audit import acting, current_act
from tenants.errors import DomainError, PlanNotOffered, SamePlan, WrongState
from tenants.lifecycle import InstanceState
from tenants.mails import news
from tenants.models import AuditEntry, Instance, Plan, PlanChange
from tenants.models.webhook import WebhookEvents
from tenants.services import agreements, instances, legal, making, preconditions
from tenants.webhooks import deliveries

logger = logging.getLogger(__name__)
_S = PlanChange.State
BEAT = "plan change"


@dataclass(frozen=True)
class Offer:
    """What becomes of an instance with this plan: modules that come, modules of the present one that stay although they
    are no part of it, and whether Odoo is away for some minutes.
    """

    plan: Plan
    adds: tuple[str, ...]
    stays: tuple[str, ...]
    restarts: bool


def offers(instance: Instance) -> list[Offer]:
    """The plans on sale that it could go over to, in their order."""
    return [each for each in possible(instance) if each.plan.is_public]


def possible(instance: Instance) -> list[Offer]:
    """The same with those that are not shown to everybody."""
    others = Plan.objects.filter(takes_orders=True, lifetime_days=None).exclude(pk=instance.plan_id)
    return [offer(instance, plan) for plan in others.select_related("blueprint")]


def offer(instance: Instance, plan: Plan) -> Offer:
    present, wanted = making.made_as(instance), making.changed_to(plan, instance)
    adds = tuple(name for name in wanted.modules if name not in present.modules)
    limits = (present.odoo_limits, present.postgres_limits) != (wanted.odoo_limits, wanted.postgres_limits)
    return Offer(
        plan,
        adds,
        tuple(name for name in present.modules if name not in wanted.modules),
        bool(adds) or limits or present.source != wanted.source,
    )


def period_end(instance: Instance) -> datetime:
    """Of a trial its end; else the first moment of the next month, since prices are those of a month."""
    now = timezone.localtime()
    if instance.plan.is_demo and instance.expires_at and instance.expires_at > now:
        return instance.expires_at
    first = (now.replace(day=1) + timedelta(days=32)).replace(day=1)
    return first.replace(hour=0, minute=0, second=0, microsecond=0)


def can_wait(instance: Instance) -> bool:
    """Whether it lives until the end of its period: what is over, or ends before, changes now or not at all."""
    return instance.expires_at is None or period_end(instance) <= instance.expires_at


def shown_price(plan: Plan) -> str:
    """Its price of today, as a form gives back what it has shown."""
    return f"{plan.price_per_month} {plan.currency}"


def order(
    instance: Instance,
    plan_code: str,
    *,
    at_period_end: bool = False,
    email: str = "",
    network: str = "",
    terms_version: str | None = None,
    price: str | None = None,
) -> PlanChange:
    """Agree on another plan, at its price of today, now or from the end of the period on.

    ``email`` is who agrees, else the administrator, and ``price`` the `shown_price` that is agreed to. Raises
    UnknownPlan, PlanNotOffered, SamePlan, WrongState or OperationInProgress; then nothing is written.
    """
    plan = instances.find_plan(plan_code)
    with transaction.atomic():
        current = Instance.objects.locked().get(pk=instance.pk)
        preconditions.require("change_plan", current)
        _check(plan, current, price, at_period_end=at_period_end)
        change = PlanChange.objects.create(
            instance=current,
            former_plan=current.plan,
            former_price=current.price_per_month,
            plan=plan,
            price_per_month=plan.price_per_month,
            estimated_cost=0 if current.is_test else plan.estimated_cost,
            currency=plan.currency,
            tax=settings.PRICES_TAX,
            terms_version=legal.terms_version() if terms_version is None else terms_version,
            email=email or current.admin_email,
            network=network,
            actor=current_act().actor,
            due_at=period_end(current) if at_period_end else None,
        )
        AuditEntry.write("plan_change_asked", current.pk, before={"plan": current.plan.code}, after=_told(change))
        if change.due_at is None:
            _begin(change, current)
    return change


def undo(instance: Instance) -> None:
    """Take back what waits for its day. Raises WrongState."""
    with transaction.atomic():
        current = Instance.objects.locked().get(pk=instance.pk)
        preconditions.require("undo_plan_change", current)
        change = PlanChange.objects.get(instance=current, state=_S.SCHEDULED)
        _end(change, _S.UNDONE)
        AuditEntry.write("plan_change_undone", current.pk, before={"plan": change.plan.code}, after={})


def end_with(instance: Instance) -> None:
    """The instance is no more: nothing that was agreed for it comes true."""
    instance.plan_changes.unfinished().update(state=_S.UNDONE, ended_at=timezone.now())


def carry_out_due() -> int:
    """Begin those whose day has come; returns how many. What is busy waits for the next call."""
    return sum(_carry_out(change.pk) for change in list(PlanChange.objects.due()))


def complete(instance: Instance, operation: Operation) -> None:
    """Inside the transaction that ends the work: plan, price and agreement are the instance's from this moment."""
    change = _change_of(operation)
    before = {"plan": instance.plan.code, "price": f"{instance.price_per_month} {instance.currency}"}
    trial_end = instance.expires_at if change.former_plan.is_demo else None
    instance.plan, instance.currency = change.plan, change.currency
    instance.price_per_month, instance.estimated_cost = change.price_per_month, change.estimated_cost
    if trial_end:
        instance.expires_at = None
        AuditEntry.write(
            "change_expiry", instance.pk, before={"expires_at": trial_end.isoformat()}, after={"expires_at": None}
        )
    instance.save(update_fields=["plan", "currency", "price_per_month", "estimated_cost", "expires_at"])
    if instance.state == InstanceState.PROVISIONING:
        instance.transition_to(InstanceState.READY)
    after = {"plan": change.plan.code, "price": f"{change.price_per_month} {change.currency}"}
    AuditEntry.write("plan_changed", instance.pk, before=before, after=after)
    agreements.write(
        instance,
        change.email,
        terms_version=change.terms_version,
        network=change.network,
        agreed_at=change.asked_at,
    )
    _end(change, _S.DONE)
    _forget(operation)
    news.write_plan_changed(instance, change)
    deliveries.announce(instance, WebhookEvents.PLAN_CHANGED)


def keep_former(instance: Instance, operation: Operation) -> None:
    """Inside the transaction that ends the work without success: the former plan stays, and its instance is ready only
    if that is known. What has stopped between the two goes on by a retry.
    """
    change = _change_of(operation)
    between = changing_plan.is_between(operation)
    if between and instance.state != InstanceState.FAILED:
        instance.transition_to(InstanceState.FAILED)
    if not between:
        if instance.state != InstanceState.READY:
            instance.transition_to(InstanceState.READY)
        change.reason = operation.reason
        _end(change, _S.FAILED)
        _forget(operation)
        if operation.state == OperationState.FAILED:
            news.write_plan_kept(instance, change)
    deliveries.announce(instance, WebhookEvents.PLAN_CHANGE_FAILED)


def _check(plan: Plan, instance: Instance, price: str | None, *, at_period_end: bool) -> None:
    if plan.pk == instance.plan_id:
        raise SamePlan
    # a trial begins with an order, and is not gone back to
    if plan.is_demo or not plan.takes_orders:
        raise PlanNotOffered
    if price is not None and price != shown_price(plan):
        raise PlanNotOffered(_("The price of this plan has changed. Please look at it again."))
    if at_period_end and not can_wait(instance):
        raise WrongState(_("It ends before that day: order the plan for now."))


def _told(change: PlanChange) -> dict[str, str]:
    told = {"plan": change.plan.code, "price": shown_price(change.plan)}
    return told if change.due_at is None else told | {"due_at": change.due_at.isoformat()}


def _begin(change: PlanChange, instance: Instance) -> None:
    """In the caller's transaction. Raises OperationInProgress."""
    kept = instance.admin_password()
    change.operation = instances.start_work(
        instance,
        OperationKind.CHANGE_PLAN,
        spec=making.changed_to(change.plan, instance),
        facts={changing_plan.FORMER: making.made_as(instance).to_json()},
        sealed={"admin_password": kept} if kept else {},
    )
    change.state = _S.BEGUN
    change.save(update_fields=["operation", "state"])


def _carry_out(change_pk: int) -> bool:
    try:
        with transaction.atomic():
            known = PlanChange.objects.get(pk=change_pk)
            current = Instance.objects.locked().get(pk=known.instance_id)
            change = PlanChange.objects.due().filter(pk=change_pk).first()
            if change is None or current.active_operation() is not None:
                return False
            with acting(change.actor or BEAT):
                if current.state != InstanceState.READY or current.decommission_after is not None:
                    change.reason = changing_plan.PlanNotChanged.code
                    _end(change, _S.FAILED)
                    news.write_plan_kept(current, change)
                    return False
                _begin(change, current)
    except DomainError as error:
        logger.warning("A change of plan waits: %s", error.code)
        return False
    return True


def _change_of(operation: Operation) -> PlanChange:
    return PlanChange.objects.select_related("plan", "former_plan").get(operation=operation)


def _end(change: PlanChange, state: _S) -> None:
    change.state, change.ended_at = state, timezone.now()
    change.save(update_fields=["state", "reason", "ended_at"])


def _forget(operation: Operation) -> None:
    """The password was lent to prove that it still opens Odoo: who proved it first keeps it, as long as it may be."""
    operation.sealed = ""
    operation.save(update_fields=["sealed"])
