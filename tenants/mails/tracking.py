"""Hears what the mail provider reports about an e-mail (Anymail's tracking webhooks)."""

import json
from typing import Any

from anymail.signals import tracking
from django.db import OperationalError, transaction
from django.dispatch import receiver

from provisioning import strict_json
from provisioning.mail.errors import MailRefused
from provisioning.mail.recipient import on_the_wire
from provisioning.models import UnreadableEvent
from tenants.models import Mail
from tenants.models.webhook import WebhookEvents
from tenants.webhooks import deliveries

_S = Mail.State

# what each report makes of a mail, and from which states: reports come late, twice and in any order
OUTCOMES: dict[str, tuple[str, frozenset[str]]] = {
    "delivered": (_S.DELIVERED, frozenset({_S.SENT, _S.QUEUED})),
    "bounced": (_S.BOUNCED, frozenset({_S.SENT, _S.QUEUED, _S.DELIVERED})),
    "rejected": (_S.BOUNCED, frozenset({_S.SENT, _S.QUEUED})),
    "failed": (_S.BOUNCED, frozenset({_S.SENT, _S.QUEUED})),
    "complained": (_S.COMPLAINED, frozenset({_S.SENT, _S.QUEUED, _S.DELIVERED})),
}


@receiver(tracking, dispatch_uid="follow_mail")
def follow(event: Any, esp_name: str = "", **news: Any) -> None:
    """One event at a time: one that cannot be understood is kept for staff and does not hold up its neighbours."""
    try:
        with transaction.atomic():
            _heed(event)
    except OperationalError:
        raise
    except Exception as error:
        content = json.dumps(event.esp_event, default=str)
        UnreadableEvent.keep(f"mail: {esp_name}", f"{type(error).__name__}: {error}", content)


def _heed(event: Any) -> None:
    if event.event_type not in OUTCOMES:
        return
    for text in (event.message_id, event.recipient, event.description, event.mta_response, event.reject_reason):
        strict_json.check_text(str(text))
    state, before = OUTCOMES[event.event_type]
    mail = _mail_of(event)
    if mail is None:
        return
    words = str(event.description or event.mta_response or event.reject_reason or "")[:500]
    moved = Mail.objects.filter(pk=mail.pk, state__in=before).update(
        state=state, error="" if state == _S.DELIVERED else words
    )
    mail.state = state
    news_for_partner = news_of(mail)
    if moved and mail.instance is not None and news_for_partner is not None:
        deliveries.announce(mail.instance, news_for_partner)


def news_of(mail: Mail) -> WebhookEvents | None:
    """What the partner is told about a mail in its state; None when there is nothing to tell."""
    if mail.state == _S.COMPLAINED:
        return WebhookEvents.MAIL_COMPLAINED
    if mail.state == _S.BOUNCED:
        return WebhookEvents.BOUNCED if mail.kind == Mail.Kind.WELCOME else WebhookEvents.MAIL_BOUNCED
    return None


def _mail_of(event: Any) -> Mail | None:
    """By the provider's own id, or by our reference when the recipient is ours too: others may use the same account."""
    rows = Mail.objects.select_related("instance__tenant__partner")
    mail = rows.filter(provider_id=event.message_id).first() if event.message_id else None
    if mail is not None:
        return mail
    metadata = event.metadata if isinstance(event.metadata, dict) else {}
    mail = rows.referred_to(str(metadata.get("mail", ""))).first()
    return mail if mail is not None and _goes_to(str(event.recipient or ""), mail) else None


def _goes_to(recipient: str, mail: Mail) -> bool:
    try:
        return on_the_wire(recipient).lower() == on_the_wire(mail.recipient).lower()
    except MailRefused:
        return False
