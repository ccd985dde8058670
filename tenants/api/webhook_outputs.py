"""What the API tells about webhooks."""

from typing import Any

from rest_framework import serializers

from tenants.api.outputs import ModeField, moment
from tenants.models import WebhookDelivery, WebhookEndpoint
from tenants.models.webhook import WebhookEvents


class EndpointOutput(serializers.Serializer[None]):
    id = serializers.CharField()
    mode = ModeField()
    url = serializers.URLField()
    description = serializers.CharField(allow_blank=True)
    events = serializers.ListField(child=serializers.ChoiceField(choices=WebhookEvents.choices))
    enabled = serializers.BooleanField()
    disabledReason = serializers.CharField(allow_null=True)
    failingSince = serializers.DateTimeField(allow_null=True)
    createdAt = serializers.DateTimeField()


class EndpointWithSecret(EndpointOutput):
    secret = serializers.CharField()


class EndpointList(serializers.Serializer[None]):
    data = EndpointOutput(many=True)  # type: ignore[assignment]


class SecretOutput(serializers.Serializer[None]):
    secret = serializers.CharField()


class TestOutput(serializers.Serializer[None]):
    eventId = serializers.CharField()


class QueuedOutput(serializers.Serializer[None]):
    queued = serializers.IntegerField()


class AttemptOutput(serializers.Serializer[None]):
    at = serializers.DateTimeField()
    status = serializers.IntegerField(allow_null=True)
    milliseconds = serializers.IntegerField()
    error = serializers.CharField(allow_blank=True)
    answer = serializers.CharField(allow_blank=True)


class DeliveryOutput(serializers.Serializer[None]):
    id = serializers.CharField()
    eventId = serializers.CharField()
    type = serializers.CharField()
    data = serializers.DictField()  # type: ignore[assignment]
    state = serializers.ChoiceField(choices=["queued", "delivered", "failed"])
    happenedAt = serializers.DateTimeField()
    nextAttemptAt = serializers.DateTimeField(allow_null=True)
    attempts = AttemptOutput(many=True)


class DeliveryPage(serializers.Serializer[None]):
    data = DeliveryOutput(many=True)  # type: ignore[assignment]
    nextCursor = serializers.CharField(allow_null=True)
    hasMore = serializers.BooleanField()


def endpoint_body(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {
        "id": endpoint.public_id,
        "mode": "test" if endpoint.partner.is_test else "live",
        "url": endpoint.url,
        "description": endpoint.description,
        "events": endpoint.events,
        "enabled": endpoint.state == WebhookEndpoint.State.ACTIVE,
        "disabledReason": endpoint.disabled_reason or None,
        "failingSince": moment(endpoint.failing_since),
        "createdAt": moment(endpoint.created_at),
    }


def delivery_body(delivery: WebhookDelivery) -> dict[str, Any]:
    queued = delivery.state == WebhookDelivery.State.QUEUED
    return {
        "id": delivery.public_id,
        "eventId": delivery.event.public_id,
        "type": delivery.event.type,
        "data": delivery.event.data,
        "state": delivery.state,
        "happenedAt": moment(delivery.event.created_at),
        "nextAttemptAt": moment(delivery.run_after) if queued else None,
        "attempts": [
            {
                "at": moment(attempt.at),
                "status": attempt.status,
                "milliseconds": attempt.milliseconds,
                "error": attempt.error,
                "answer": attempt.answer,
            }
            for attempt in delivery.attempts.all()
        ],
    }
