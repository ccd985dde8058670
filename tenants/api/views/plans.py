"""The plan of an instance: what there is, what the others change and cost, the order of another one."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from provisioning.reasons import reason
from tenants.api.api_view import ApiView
from tenants.api.inputs import PlanChangeInput
from tenants.api.outputs import moment, status_url
from tenants.api.schema import IDEMPOTENCY_KEY
from tenants.limits import occasions
from tenants.models import ApiKey, Instance, PlanChange
from tenants.payments.providers import provider
from tenants.services import instances, plan_changes, preconditions
from tenants.services.idempotency import Answer

_S = PlanChange.State


class PlanOffer(serializers.Serializer[None]):
    """``keptModules`` are no part of it and stay all the same; ``restarts``: Odoo is away for some minutes."""

    plan = serializers.CharField()
    name = serializers.CharField()
    pricePerMonth = serializers.DecimalField(max_digits=10, decimal_places=2)
    currency = serializers.CharField()
    addedModules = serializers.ListField(child=serializers.CharField())
    keptModules = serializers.ListField(child=serializers.CharField())
    restarts = serializers.BooleanField()
    invoicing = serializers.CharField(allow_blank=True)


class PlanChangeOutput(serializers.Serializer[None]):
    """``takesEffectAt`` is null for one that began at once; ``error`` says why one has failed."""

    plan = serializers.CharField()
    pricePerMonth = serializers.DecimalField(max_digits=10, decimal_places=2)
    currency = serializers.CharField()
    status = serializers.ChoiceField(choices=_S.values)
    orderedAt = serializers.DateTimeField()
    takesEffectAt = serializers.DateTimeField(allow_null=True)
    endedAt = serializers.DateTimeField(allow_null=True)
    error = serializers.CharField(allow_null=True)


class InstancePlanOutput(serializers.Serializer[None]):
    """``change`` is the last one that was ordered; ``periodEnd`` when one for the end of the period would come."""

    plan = serializers.CharField()
    pricePerMonth = serializers.DecimalField(max_digits=10, decimal_places=2)
    currency = serializers.CharField()
    expiresAt = serializers.DateTimeField(allow_null=True)
    periodEnd = serializers.DateTimeField()
    change = PlanChangeOutput(allow_null=True)
    whyNot = serializers.CharField(allow_null=True, help_text="Why no other plan can be ordered now.")
    offers = PlanOffer(many=True)


class InstancePlanView(ApiView):
    scopes = {"GET": (ApiKey.Scope.READ,), "POST": (ApiKey.Scope.READ, ApiKey.Scope.WRITE),
              "DELETE": (ApiKey.Scope.READ, ApiKey.Scope.WRITE)}  # fmt: skip

    @extend_schema(
        operation_id="read_plan_of_instance",
        summary="Its plan, and what the others change and cost",
        responses=InstancePlanOutput,
    )
    def get(self, request: Request, instance_id: str) -> Response:
        return Response(_body(self.own_instance(instance_id)))

    @extend_schema(
        operation_id="change_plan_of_instance",
        summary="Order another plan, now or at the end of the period",
        description=(
            "At the price of this moment. A backup is made, limits are set, and Odoo's next start installs the modules "
            "that are missing; none is taken away. When the login is proven the plan and its price are the instance's; "
            "when anything fails the former plan stays. Follow `change.status`, or wait for "
            "`instance.plan_changed` or `instance.plan_change_failed`."
        ),
        request=PlanChangeInput,
        parameters=[IDEMPOTENCY_KEY],
        responses={202: InstancePlanOutput},
    )
    def post(self, request: Request, instance_id: str) -> HttpResponse:
        instance = self.own_instance(instance_id)
        wanted = self.read(PlanChangeInput)

        def order() -> Answer:
            later = wanted["when"] == "period_end"
            plan_changes.order(instance, wanted["plan"], at_period_end=later, price=_agreed_price(wanted))
            return _answer(instance)

        return self.once(
            order,
            claims=occasions.partner_mail(instance.tenant.partner_id, instance.admin_email),
            admit=lambda: preconditions.require("change_plan", instance),
        )

    @extend_schema(
        operation_id="undo_plan_change_of_instance",
        summary="Take back a change that waits for the end of the period",
        parameters=[IDEMPOTENCY_KEY],
        responses={202: InstancePlanOutput},
    )
    def delete(self, request: Request, instance_id: str) -> HttpResponse:
        instance = self.own_instance(instance_id)

        def undo() -> Answer:
            plan_changes.undo(instance)
            return _answer(instance)

        return self.once(undo)


def _agreed_price(wanted: dict[str, Any]) -> str | None:
    """In the currency of the plan. Raises UnknownPlan."""
    if "pricePerMonth" not in wanted:
        return None
    return f"{wanted['pricePerMonth']:.2f} {instances.find_plan(wanted['plan']).currency}"


def _answer(instance: Instance) -> Answer:
    instance.refresh_from_db()
    return Answer(202, _body(instance), {"Location": f"{status_url(instance)}/plan"})


def _body(instance: Instance) -> dict[str, Any]:
    last = PlanChange.objects.filter(instance=instance).select_related("plan").first()
    why_not = preconditions.why_not("change_plan", instance)
    return {
        "plan": instance.plan.code,
        "pricePerMonth": f"{instance.price_per_month:.2f}",
        "currency": instance.currency,
        "expiresAt": moment(instance.expires_at),
        "periodEnd": moment(plan_changes.period_end(instance)),
        "change": _change(last) if last else None,
        "whyNot": str(why_not) if why_not else None,
        "offers": [_offer(instance, each) for each in plan_changes.offers(instance)],
    }


def _change(change: PlanChange) -> dict[str, Any]:
    return {
        "plan": change.plan.code,
        "pricePerMonth": f"{change.price_per_month:.2f}",
        "currency": change.currency,
        "status": str(change.state),
        "orderedAt": moment(change.asked_at),
        "takesEffectAt": moment(change.due_at),
        "endedAt": moment(change.ended_at),
        "error": str(reason(change.reason).sentence) if change.state == _S.FAILED else None,
    }


def _offer(instance: Instance, offer: plan_changes.Offer) -> dict[str, Any]:
    return {
        "plan": offer.plan.code,
        "name": offer.plan.name,
        "pricePerMonth": f"{offer.plan.price_per_month:.2f}",
        "currency": offer.plan.currency,
        "addedModules": list(offer.adds),
        "keptModules": list(offer.stays),
        "restarts": offer.restarts,
        "invoicing": provider().checkout(instance, offer.plan).words,
    }
