"""News to partners: written as rows with the change they tell about, delivered by retried tasks over days."""

import json
import logging
import random
import time
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import F
from django.db.transaction import atomic, on_commit
from django.utils import timezone

from provisioning.errors import ProvisioningError
from provisioning.hooks.client import HookAnswer, post, signed_headers
from provisioning.sealing import SealBroken
from tenants.models import Instance, Partner, WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent
from tenants.signals import webhook_due
from tenants.webhooks import claims

logger = logging.getLogger(__name__)

# Standard Webhooks' schedule: ten attempts in about three days
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400))
LONGEST_PAUSE = timedelta(days=1)
DEAD_AFTER = timedelta(days=5)
DEAD_FAILURES = 20
GONE = 410
LOG_KEPT = timedelta(days=30)


def announce(instance: Instance, event_type: str) -> WebhookEvent | None:
    """Write the news for the partner's endpoints, inside the transaction of the change; None when nobody listens."""
    partner = instance.tenant.partner
    with atomic():
        # an endpoint that is deleted at this moment must not undo the change that is told about
        rows = WebhookEndpoint.objects.filter(partner=partner).select_for_update(no_key=True).order_by("pk")
        endpoints = [endpoint for endpoint in rows if endpoint.wants(event_type)]
        if not endpoints:
            return None
        data: dict[str, object] = {
            "instanceId": instance.public_id,
            "clientName": instance.client_name,
            "status": instance.status,
            "instanceUrl": instance.address or None,
        }
        return write(partner, event_type, data, endpoints, instance=instance)


def write(
    partner: Partner,
    event_type: str,
    data: dict[str, object],
    endpoints: list[WebhookEndpoint],
    *,
    instance: Instance | None = None,
) -> WebhookEvent:
    """One event and its way to each of ``endpoints``; ``data`` must hold no secret."""
    with atomic():
        event = WebhookEvent.objects.create(partner=partner, instance=instance, type=event_type, data=data)
        for endpoint in endpoints:
            ring_later(WebhookDelivery.objects.create(event=event, endpoint=endpoint).pk)
    return event


def deliver(delivery_id: int) -> bool:
    """Try once, if it is due and its turn; True when the endpoint took it.

    Whatever goes wrong is an attempt, recorded and counted. An endpoint that is deleted meanwhile takes all with it.
    """
    delivery = claims.take(delivery_id)
    if delivery is None:
        return False
    attempt, answer = _try(delivery)
    with atomic():
        if not _kept(delivery):
            return False
        attempt.save()
        taken = _record(delivery, answer)
    ring_next(delivery.endpoint.partner_id)
    return taken


def deliver_due(limit: int = 1) -> int:
    """Deliver what is due here and now: for those who have no broker.

    One at a time, because a partner who does not answer holds this process for fifteen seconds.
    """
    return sum(deliver(pk) for pk in list(claims.due_in_turn().values_list("pk", flat=True)[:limit]))


def sweep(limit: int = 500) -> int:
    """Ring for what is due and nobody has been told of, as far as it may be under way at once."""
    return _ring(list(claims.unheard_in_turn().values_list("pk", flat=True)[:limit]))


def ring_next(partner_id: int) -> int:
    """One has ended: ring for the partner's next, which may have found all its places taken."""
    waiting = claims.due_in_turn().filter(endpoint__partner=partner_id)
    return _ring(list(waiting.values_list("pk", flat=True)[:1]))


def purge() -> int:
    """Forget events that are older than the log is kept."""
    count, _each = WebhookEvent.objects.filter(created_at__lt=timezone.now() - LOG_KEPT).delete()
    return count


def _ring(due: list[int]) -> int:
    WebhookDelivery.objects.filter(pk__in=due).update(rung_at=timezone.now())
    for delivery_id in due:
        webhook_due.send(WebhookDelivery, delivery_id=delivery_id)
    return len(due)


def ring_later(delivery_id: int) -> None:
    on_commit(lambda: webhook_due.send_robust(WebhookDelivery, delivery_id=delivery_id))


def body_of(event: WebhookEvent) -> str:
    """What is signed and sent: the same bytes in every attempt."""
    happened = event.created_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    mode = "test" if event.partner.is_test else "live"
    told = {"type": event.type, "timestamp": happened, "mode": mode, "data": event.data}
    return json.dumps(told, separators=(",", ":"))


def _kept(delivery: WebhookDelivery) -> bool:
    """Held until the attempt is recorded: whoever deletes the endpoint waits, or has deleted the delivery too."""
    WebhookEndpoint.objects.select_for_update(no_key=True).filter(pk=delivery.endpoint_id).first()
    return WebhookDelivery.objects.select_for_update(no_key=True).filter(pk=delivery.pk).first() is not None


def _try(delivery: WebhookDelivery) -> tuple[WebhookAttempt, HookAnswer | None]:
    started = time.monotonic()
    attempt = WebhookAttempt(delivery=delivery)
    answer: HookAnswer | None = None
    try:
        answer = _post(delivery)
        attempt.status, attempt.answer = answer.status, answer.beginning
    except ProvisioningError as error:
        attempt.error = error.message[:200]
    except SealBroken:
        attempt.error = "The secret of this endpoint cannot be opened: no key of ENCRYPTION_KEYS fits."
    except Exception as error:
        logger.exception("Webhook delivery %s could not be sent", delivery.public_id)
        attempt.error = f"It could not be sent ({type(error).__name__}). Our team has been told."
    attempt.milliseconds = round(1000 * (time.monotonic() - started))
    return attempt, answer


def _post(delivery: WebhookDelivery) -> HookAnswer:
    endpoint = delivery.endpoint
    body = body_of(delivery.event)
    headers = signed_headers(endpoint.signing_secrets(), delivery.event.public_id, datetime.now(UTC), body)
    return post(endpoint.url, body=body, headers=headers, allow_loopback=settings.WEBHOOK_ALLOW_LOOPBACK)


def _record(delivery: WebhookDelivery, answer: HookAnswer | None) -> bool:
    now = timezone.now()
    row = WebhookDelivery.objects.filter(pk=delivery.pk)
    endpoint = WebhookEndpoint.objects.filter(pk=delivery.endpoint_id)
    if answer is not None and answer.taken:
        row.update(state=WebhookDelivery.State.DELIVERED, delivered_at=now, claimed_until=None)
        endpoint.update(failures=0, failing_since=None)
        return True
    if delivery.tries > len(PAUSES):
        row.update(state=WebhookDelivery.State.FAILED, claimed_until=None)
    else:
        row.update(run_after=now + _pause(delivery.tries, answer), claimed_until=None)
    endpoint.filter(failing_since=None).update(failing_since=now)
    endpoint.update(failures=F("failures") + 1)
    if answer is not None and answer.status == GONE:
        _disable(delivery.endpoint, "gone")
    elif endpoint.filter(failures__gte=DEAD_FAILURES, failing_since__lte=now - DEAD_AFTER).exists():
        _disable(delivery.endpoint, "failing")
    return False


def _pause(tries: int, answer: HookAnswer | None) -> timedelta:
    usual = PAUSES[tries - 1] * random.uniform(0.9, 1.1)  # noqa: S311  jitter is no secret
    named = timedelta(seconds=answer.retry_after) if answer and answer.retry_after else timedelta(0)
    return max(usual, min(named, LONGEST_PAUSE))


def _disable(endpoint: WebhookEndpoint, reason: str) -> None:
    logger.warning("Webhook endpoint %s is disabled: %s", endpoint.public_id, reason)
    now = timezone.now()
    WebhookEndpoint.objects.filter(pk=endpoint.pk, state=WebhookEndpoint.State.ACTIVE).update(
        state=WebhookEndpoint.State.DISABLED, disabled_reason=reason, notice_due_at=now
    )
