"""Use cases on webhook endpoints: who hears what, with which secret, and again if need be."""

import base64
import secrets
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from provisioning.hooks.address import checked
from provisioning.hooks.errors import AddressRefused
from provisioning.sealing import seal, unseal
from tenants import names
from tenants.errors import EndpointGone, InvalidWebhookUrl, TooManyEndpoints, UnknownWebhookEvent, WrongState
from tenants.models import Partner, WebhookDelivery, WebhookEndpoint, WebhookEvent
from tenants.models.webhook import TEST_EVENT, WebhookEvents
from tenants.webhooks import deliveries

MOST_ENDPOINTS = 10
MOST_REPLAYED = 1000
LONGEST_DESCRIPTION = 100


def create_endpoint(
    partner: Partner, *, url: str, events: list[str] | None = None, description: str = ""
) -> tuple[WebhookEndpoint, str]:
    """A new endpoint; the second value is its signing secret, shown this once. No ``events`` means all.

    Raises InvalidWebhookUrl, UnknownWebhookEvent, InvalidText (for the description) or TooManyEndpoints.
    """
    secret = new_secret()
    with transaction.atomic():
        Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)
        if has_all(partner):
            raise TooManyEndpoints
        endpoint = WebhookEndpoint.objects.create(
            partner=partner,
            url=check_url(url),
            events=_checked_events(events or []),
            description=names.line(description, longest=LONGEST_DESCRIPTION),
            sealed=seal({"current": secret}),
        )
    return endpoint, secret


def has_all(partner: Partner) -> bool:
    """Whether it has as many endpoints as a partner may."""
    return WebhookEndpoint.objects.filter(partner=partner).count() >= MOST_ENDPOINTS


def change_endpoint(
    endpoint: WebhookEndpoint,
    *,
    url: str | None = None,
    events: list[str] | None = None,
    description: str | None = None,
    enabled: bool | None = None,
) -> WebhookEndpoint:
    """Change what is given. Enabling forgets past failures.

    Raises InvalidWebhookUrl, UnknownWebhookEvent, InvalidText (for the description) or EndpointGone.
    """
    changes: dict[str, object] = {}
    if url is not None:
        changes["url"] = check_url(url)
    if events is not None:
        changes["events"] = _checked_events(events)
    if description is not None:
        changes["description"] = names.line(description, longest=LONGEST_DESCRIPTION)
    if enabled is True:
        changes |= {
            "state": WebhookEndpoint.State.ACTIVE,
            "disabled_reason": "",
            "failures": 0,
            "failing_since": None,
            "notice_due_at": None,
            "notice_tries": 0,
        }
    elif enabled is False:
        changes |= {"state": WebhookEndpoint.State.DISABLED, "disabled_reason": "asked"}
    with transaction.atomic():
        row = _locked(endpoint)
        for name, value in changes.items():
            setattr(row, name, value)
        row.save(update_fields=list(changes))
    return row


def _locked(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    """As it is now; it stays until the transaction ends. Raises EndpointGone."""
    found = WebhookEndpoint.objects.select_for_update(no_key=True).filter(pk=endpoint.pk).first()
    if found is None:
        raise EndpointGone
    return found


def delete_endpoint(endpoint: WebhookEndpoint) -> None:
    """Remove it with its deliveries. A delivery that is under way ends first, or finds nothing left to record."""
    with transaction.atomic():
        row = WebhookEndpoint.objects.select_for_update().filter(pk=endpoint.pk).first()
        if row is not None:
            row.delete()


def rotate_secret(endpoint: WebhookEndpoint) -> str:
    """A new signing secret, shown this once; for a day every message carries both signatures. Raises EndpointGone."""
    secret = new_secret()
    with transaction.atomic():
        row = _locked(endpoint)
        row.sealed = seal({"current": secret, "previous": unseal(row.sealed)["current"]})
        row.rotated_at = timezone.now()
        row.save(update_fields=["sealed", "rotated_at"])
    return secret


def send_test(endpoint: WebhookEndpoint) -> WebhookEvent:
    """Deliver a ``webhook.test`` event to this endpoint. Raises WrongState when it is disabled, or EndpointGone."""
    with transaction.atomic():
        row = _locked(endpoint)
        if row.state != WebhookEndpoint.State.ACTIVE:
            raise WrongState
        return deliveries.write(row.partner, TEST_EVENT, {"endpointId": row.public_id}, [row])


def replay(
    endpoint: WebhookEndpoint,
    *,
    event_id: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    only_failed: bool = False,
) -> int:
    """Put one event, or those of a time, on their way again under the same ids; returns how many, 1000 at most.

    Raises WrongState when the endpoint is disabled.
    """
    if endpoint.state != WebhookEndpoint.State.ACTIVE:
        raise WrongState
    found = WebhookDelivery.objects.filter(endpoint=endpoint).exclude(state=WebhookDelivery.State.QUEUED)
    if event_id:
        found = found.filter(event__public_id=event_id)
    if since is not None:
        found = found.filter(event__created_at__gte=since)
    if until is not None:
        found = found.filter(event__created_at__lt=until)
    if only_failed:
        found = found.filter(state=WebhookDelivery.State.FAILED)
    chosen = list(found.order_by("pk").values_list("pk", flat=True)[:MOST_REPLAYED])
    now = timezone.now()
    with transaction.atomic():
        WebhookDelivery.objects.filter(pk__in=chosen).update(
            state=WebhookDelivery.State.QUEUED, tries=0, run_after=now, rung_at=now, delivered_at=None
        )
        for delivery_id in chosen:
            deliveries.ring_later(delivery_id)
    return len(chosen)


def new_secret() -> str:
    """In the form of Standard Webhooks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def check_url(url: str) -> str:
    """The address when webhooks may go there. Raises InvalidWebhookUrl."""
    try:
        checked(url, allow_loopback=settings.WEBHOOK_ALLOW_LOOPBACK)
    except AddressRefused as error:
        raise InvalidWebhookUrl from error
    if len(url) > 500:
        raise InvalidWebhookUrl
    return url


def _checked_events(events: list[str]) -> list[str]:
    if not set(events) <= set(WebhookEvents.values):
        raise UnknownWebhookEvent
    return sorted(set(events))
