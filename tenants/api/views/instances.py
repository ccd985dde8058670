"""The instances of the caller: order one, look at it, list them."""

from typing import Any, cast

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api import quick_status
from tenants.api.api_view import ApiView
from tenants.api.authority import Authority, authority_of, authority_over
from tenants.api.exceptions import ApiProblem
from tenants.api.inputs import EndQuery, ListQuery, OrderInput
from tenants.api.outputs import (
    AcceptedOutput,
    InstancePage,
    StatusOutput,
    accepted_body,
    instance_body,
    status_body,
    status_url,
    telling_operation,
)
from tenants.api.pages import page_of, page_response
from tenants.api.quick_status import VISITOR_MAY_WATCH
from tenants.api.schema import IDEMPOTENCY_KEY, IF_NONE_MATCH, OPEN_OR_KEY, STATUS_TOKEN, TOKEN
from tenants.audit import acting
from tenants.errors import UnknownPlan
from tenants.lifecycle import PUBLIC_STATUS
from tenants.limits import captcha, occasions
from tenants.limits.counters import Claim
from tenants.limits.visitors import visitor_address
from tenants.models import ApiKey, AuditEntry, Instance
from tenants.services import ending, instances, partners, standing
from tenants.services.idempotency import Answer
from tenants.wording.progress import progress_of


class InstancesView(ApiView):
    scopes = {"GET": (ApiKey.Scope.READ,)}

    @extend_schema(
        operation_id="list_instances", summary="List your instances", parameters=[ListQuery], responses=InstancePage
    )
    def get(self, request: Request) -> Response:
        values = self.query(ListQuery)
        rows = Instance.objects.sold_by(self.key().partner).select_related("tenant", "plan")
        if "status" in values:
            states = [state for state, word in PUBLIC_STATUS.items() if word == values["status"]]
            rows = rows.filter(state__in=states)
        if "clientName" in values:
            rows = rows.filter(client_name=values["clientName"])
        if "createdAfter" in values:
            rows = rows.filter(created_at__gte=values["createdAfter"])
        if "createdBefore" in values:
            rows = rows.filter(created_at__lt=values["createdBefore"])
        found, cursor = page_of(rows, values)
        return page_response(request._request, [instance_body(instance) for instance in found], cursor)

    @extend_schema(
        operation_id="create_instance",
        summary="Order an instance",
        description="With a secret key for your customer; with a publishable key, or none, as a visitor's signup.",
        request=OrderInput,
        parameters=[IDEMPOTENCY_KEY],
        responses={202: AcceptedOutput},
        auth=OPEN_OR_KEY,
    )
    def post(self, request: Request) -> HttpResponse:
        self._require_right()
        order = self.read(OrderInput)
        return self.once(lambda: self._create(order), claims=self._claims(order), admit=lambda: self._admit(order))

    def _require_right(self) -> None:
        key = self.caller()
        if key is None and not settings.PUBLIC_SIGNUP:
            raise ApiProblem("signup_closed")
        if key is not None and not {ApiKey.Scope.WRITE, ApiKey.Scope.SIGNUP} & set(key.scopes):
            raise ApiProblem("missing_scope")

    def _claims(self, order: dict[str, Any]) -> tuple[Claim, ...]:
        key = self.caller()
        if key is not None and key.partner.is_test:
            return occasions.test_order(key.partner_id)
        if key is not None and key.kind == ApiKey.Kind.SECRET:
            return occasions.partner_order(key.partner_id, order["adminEmail"])
        return occasions.signup(self.request._request, order["adminEmail"])

    def _admit(self, order: dict[str, Any]) -> None:
        """What the page asks of a visitor cannot be avoided by asking here, nor with a key copied from a page."""
        key = self.caller()
        if key is not None and key.kind == ApiKey.Kind.SECRET:
            return
        plan = instances.find_plan(order.get("plan", "") or instances.DEFAULT_PLAN)
        if not plan.is_public:
            raise UnknownPlan
        test = key is not None and key.partner.is_test
        if not test and (settings.CONFIRM_EMAIL or plan.confirm_email):
            raise ApiProblem("signup_page_required")
        answer = order.get("captcha", "")
        if settings.TURNSTILE_SECRET_KEY and not answer and key is None:
            raise ApiProblem("signup_page_required")
        # a proof is good once: it is not spent on a name that is taken
        instances.require_free(order["clientName"], key.partner if key else partners.house())
        if not test and not captcha.passed(answer, visitor_address(self.request._request)):
            raise ApiProblem("captcha", siteKey=settings.TURNSTILE_SITE_KEY)

    def _create(self, order: dict[str, Any]) -> Answer:
        key = self.caller()
        instance = instances.create_instance(
            partner=key.partner if key else partners.house(),
            client_name=order["clientName"],
            email=order["adminEmail"],
            company=order.get("companyName", ""),
            plan_code=order.get("plan", ""),
            language=order.get("language", "fr"),
            key=key,
        )
        body = accepted_body(instance, _("Your instance is being created. This takes a few minutes."))
        return Answer(202, body, {"Location": status_url(instance), **VISITOR_MAY_WATCH})


class InstanceView(ApiView):
    scopes = {"DELETE": (ApiKey.Scope.WRITE,)}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """What pollers ask is answered before the framework begins, where nothing is to be refused."""
        quick = quick_status.answer(request, kwargs["instance_id"]) if request.method == "GET" else None
        return quick or cast("HttpResponse", super().dispatch(request, *args, **kwargs))

    @extend_schema(
        operation_id="get_instance",
        summary="Where an instance stands",
        parameters=[STATUS_TOKEN, TOKEN, IF_NONE_MATCH],
        responses={200: StatusOutput, 304: None},
        auth=OPEN_OR_KEY,
    )
    def get(self, request: Request, instance_id: str) -> HttpResponse:
        now = standing.read(instance_id)
        if now is None:
            raise ApiProblem("not_found")
        authority = authority_over(now.instance, request._request, self.caller())
        return quick_status.told(request._request, now, authority)

    @extend_schema(
        operation_id="decommission_instance",
        summary="Decommission an instance",
        description="It is stopped now and deleted at `decommissionAfter`; until then `undo-decommission` keeps it.",
        parameters=[EndQuery],
        responses={202: StatusOutput},
    )
    def delete(self, request: Request, instance_id: str) -> Response:
        instance = self.own_instance(instance_id)
        immediately = self.query(EndQuery)["immediately"]
        if immediately and ApiKey.Scope.DELETE not in self.key().scopes:
            raise ApiProblem("missing_scope")
        with acting(self.actor()), transaction.atomic():
            ending.schedule_decommission(instance, grace_days=0 if immediately else None)
            if immediately:
                AuditEntry.write("partner:decommission", instance.pk, after={})
        answer = watched_answer(instance, self.key())
        return Response(answer.body, status=answer.status, headers=answer.headers)


def watched_answer(instance: Instance, key: ApiKey) -> Answer:
    """The answer to an order that takes time: where it stands, as far as this key may read, and where to look."""
    instance.refresh_from_db()
    headers = {"Location": status_url(instance), **VISITOR_MAY_WATCH}
    # what an Idempotency-Key keeps holds no password
    authority = min(authority_of(key, instance), Authority.PARTNER)
    operation = telling_operation(instance)
    progress = progress_of(operation, timezone.now()) if operation else None
    return Answer(202, status_body(instance, authority, operation, progress), headers)
