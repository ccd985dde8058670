"""The caller's webhook endpoints: who hears what, what was delivered, and once more."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.api_view import ApiView
from tenants.api.exceptions import ApiProblem
from tenants.api.inputs import DeliveryQuery, EndpointChange, EndpointInput, ReplayInput
from tenants.api.pages import page_of, page_response
from tenants.api.schema import IDEMPOTENCY_KEY
from tenants.api.webhook_outputs import (
    DeliveryPage,
    EndpointList,
    EndpointOutput,
    EndpointWithSecret,
    QueuedOutput,
    SecretOutput,
    TestOutput,
    delivery_body,
    endpoint_body,
)
from tenants.audit import acting
from tenants.limits import occasions
from tenants.models import ApiKey, AuditEntry, WebhookDelivery, WebhookEndpoint
from tenants.services import webhooks
from tenants.services.idempotency import Answer

# of an endpoint, in the audit trail
TOLD = ("url", "events", "description", "state")


class EndpointsBase(ApiView):
    scopes = {
        "GET": (ApiKey.Scope.READ,),
        "POST": (ApiKey.Scope.WRITE,),
        "PATCH": (ApiKey.Scope.WRITE,),
        "DELETE": (ApiKey.Scope.WRITE,),
    }
    # whoever says where news goes can read it there, and whoever knows the secret can sign other news
    directing = (ApiKey.Scope.WRITE, ApiKey.Scope.READ)

    def find(self, **kwargs: str) -> None:
        if "endpoint_id" in kwargs:
            self.endpoint(kwargs["endpoint_id"])

    def own_endpoints(self) -> QuerySet[WebhookEndpoint]:
        return WebhookEndpoint.objects.filter(partner=self.key().partner).select_related("partner")

    def endpoint(self, endpoint_id: str) -> WebhookEndpoint:
        found = self.own_endpoints().filter(public_id=endpoint_id).first()
        if found is None:
            raise ApiProblem("not_found")
        return found

    def note(self, what: str, endpoint: WebhookEndpoint, **values: dict[str, Any]) -> None:
        """Whoever holds a stolen key turns no news elsewhere unseen."""
        with acting(self.actor()):
            AuditEntry.write(f"webhookendpoint:{what}", None, subject=str(endpoint), **({"after": {}} | values))


class EndpointsView(EndpointsBase):
    scopes = EndpointsBase.scopes | {"POST": EndpointsBase.directing}

    @extend_schema(operation_id="list_webhook_endpoints", summary="Your webhook endpoints", responses=EndpointList)
    def get(self, request: Request) -> Response:
        return Response({"data": [endpoint_body(endpoint) for endpoint in self.own_endpoints()]})

    @extend_schema(
        operation_id="create_webhook_endpoint",
        summary="Add a webhook endpoint",
        description="The answer holds the signing secret, this once.",
        request=EndpointInput,
        parameters=[IDEMPOTENCY_KEY],
        responses={201: EndpointWithSecret},
    )
    def post(self, request: Request) -> HttpResponse:
        values = self.read(EndpointInput)
        return self.once(lambda: self._create(values))

    def _create(self, values: dict[str, Any]) -> Answer:
        with transaction.atomic():
            endpoint, secret = webhooks.create_endpoint(self.key().partner, **values)
            self.note("added", endpoint, after={name: getattr(endpoint, name) for name in TOLD})
        location = f"/api/webhook-endpoints/{endpoint.public_id}"
        return Answer(201, {**endpoint_body(endpoint), "secret": secret}, {"Location": location})


class EndpointView(EndpointsBase):
    scopes = EndpointsBase.scopes | {"PATCH": EndpointsBase.directing}

    @extend_schema(operation_id="get_webhook_endpoint", summary="A webhook endpoint", responses=EndpointOutput)
    def get(self, request: Request, endpoint_id: str) -> Response:
        return Response(endpoint_body(self.endpoint(endpoint_id)))

    @extend_schema(
        operation_id="change_webhook_endpoint",
        summary="Change, disable or enable a webhook endpoint",
        request=EndpointChange,
        responses=EndpointOutput,
    )
    def patch(self, request: Request, endpoint_id: str) -> Response:
        endpoint = self.endpoint(endpoint_id)
        changes = self.read(EndpointChange)
        with transaction.atomic():
            changed = webhooks.change_endpoint(endpoint, **changes)
            told = [name for name in TOLD if getattr(changed, name) != getattr(endpoint, name)]
            if told:
                before, after = ({name: getattr(each, name) for name in told} for each in (endpoint, changed))
                self.note("changed", changed, before=before, after=after)
        return Response(endpoint_body(changed))

    @extend_schema(operation_id="delete_webhook_endpoint", summary="Remove a webhook endpoint", responses={204: None})
    def delete(self, request: Request, endpoint_id: str) -> Response:
        endpoint = self.endpoint(endpoint_id)
        with transaction.atomic():
            self.note("removed", endpoint)
            webhooks.delete_endpoint(endpoint)
        return Response(status=204)


class RotateSecretView(EndpointsBase):
    scopes = EndpointsBase.scopes | {"POST": EndpointsBase.directing}

    @extend_schema(
        operation_id="rotate_webhook_secret",
        summary="A new signing secret",
        description="For a day every message carries the signatures of both.",
        request=None,
        parameters=[IDEMPOTENCY_KEY],
        responses={200: SecretOutput},
    )
    def post(self, request: Request, endpoint_id: str) -> HttpResponse:
        endpoint = self.endpoint(endpoint_id)
        return self.once(lambda: self._rotate(endpoint))

    def _rotate(self, endpoint: WebhookEndpoint) -> Answer:
        with transaction.atomic():
            secret = webhooks.rotate_secret(endpoint)
            self.note("secret_rotated", endpoint)
        return Answer(200, {"secret": secret}, {})


class SendTestView(EndpointsBase):
    @extend_schema(
        operation_id="send_webhook_test",
        summary="Send a test event",
        request=None,
        parameters=[IDEMPOTENCY_KEY],
        responses={202: TestOutput},
    )
    def post(self, request: Request, endpoint_id: str) -> HttpResponse:
        endpoint = self.endpoint(endpoint_id)
        return self.once(
            lambda: Answer(202, {"eventId": webhooks.send_test(endpoint).public_id}, {}),
            claims=[occasions.webhook_test(endpoint.partner_id)],
        )


class ReplayView(EndpointsBase):
    @extend_schema(
        operation_id="replay_webhooks",
        summary="Deliver one event or those of a time again",
        request=ReplayInput,
        parameters=[IDEMPOTENCY_KEY],
        responses={202: QueuedOutput},
    )
    def post(self, request: Request, endpoint_id: str) -> HttpResponse:
        endpoint = self.endpoint(endpoint_id)
        values = self.read(ReplayInput)
        claims = [occasions.webhook_replay(endpoint.partner_id)]
        return self.once(lambda: self._replay(endpoint, values), claims=claims)

    def _replay(self, endpoint: WebhookEndpoint, values: dict[str, Any]) -> Answer:
        queued = webhooks.replay(
            endpoint,
            event_id=values.get("eventId", ""),
            since=values.get("since"),
            until=values.get("until"),
            only_failed=values["onlyFailed"],
        )
        return Answer(202, {"queued": queued}, {})


class DeliveriesView(EndpointsBase):
    @extend_schema(
        operation_id="list_webhook_deliveries",
        summary="What was delivered, with every attempt",
        parameters=[DeliveryQuery],
        responses=DeliveryPage,
    )
    def get(self, request: Request, endpoint_id: str) -> Response:
        values = self.query(DeliveryQuery)
        rows = WebhookDelivery.objects.filter(endpoint=self.endpoint(endpoint_id))
        rows = rows.select_related("event__instance").prefetch_related("attempts")
        if "state" in values:
            rows = rows.filter(state=values["state"])
        found, cursor = page_of(rows, values)
        return page_response(request._request, [delivery_body(delivery) for delivery in found], cursor)
