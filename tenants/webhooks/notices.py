"""The e-mail that tells a partner that one of its webhook endpoints was disabled."""

import logging
from datetime import timedelta
from email.utils import make_msgid

from django.conf import settings
from django.db.models import F
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.translation import gettext as _

from provisioning.errors import Permanent, ProvisioningError
from provisioning.mail.letter import Letter, send
from tenants.models import WebhookEndpoint

logger = logging.getLogger(__name__)

PAUSE = timedelta(minutes=10)
MAX_TRIES = 30


def send_due() -> int:
    """Send the notices that are due and say how many went out; what fails is tried again, at most thirty times."""
    # nobody is mailed because of what is tried out
    due = WebhookEndpoint.objects.filter(notice_due_at__lte=timezone.now(), partner__test_of=None)
    due = due.select_related("partner")
    return sum(_send(endpoint) for endpoint in list(due[:50]))


def _send(endpoint: WebhookEndpoint) -> bool:
    row = WebhookEndpoint.objects.filter(pk=endpoint.pk, notice_due_at=endpoint.notice_due_at)
    if not row.update(notice_due_at=timezone.now() + PAUSE, notice_tries=F("notice_tries") + 1):
        return False
    contact = endpoint.partner.account.contact_email
    recipients = [contact] if contact else settings.STAFF_ALERT_EMAILS
    results = [_told(endpoint, recipient) for recipient in recipients]
    if results == [False] and contact:
        # an address that takes no mail keeps the news from nobody
        results = [_told(endpoint, recipient) for recipient in settings.STAFF_ALERT_EMAILS]
    # nobody who has it gets it again because another one could not be reached
    if True in results or None not in results or endpoint.notice_tries + 1 >= MAX_TRIES:
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(notice_due_at=None)
    return True in results


def _told(endpoint: WebhookEndpoint, recipient: str) -> bool | None:
    """Whether it was taken; None when it is worth another try."""
    try:
        send(_letter(endpoint, recipient))
    except Permanent as error:
        logger.error("The notice about webhook endpoint %s is refused: %s", endpoint.public_id, error.message)  # noqa: TRY400
        return False
    except ProvisioningError as error:
        logger.warning("The notice about webhook endpoint %s waits: %s", endpoint.public_id, error.message)
        return None
    except Exception:
        logger.exception("The notice about webhook endpoint %s cannot be sent", endpoint.public_id)
        return False
    return True


def _letter(endpoint: WebhookEndpoint, recipient: str) -> Letter:
    with translation.override(endpoint.partner.account.language):
        if endpoint.disabled_reason == "gone":
            why = _("It answered 410 Gone.")
        else:
            why = _("It has not taken any message for five days.")
        text = _(
            "Your webhook endpoint %(url)s has been disabled. %(why)s\n\n"
            "Nothing is lost: mend the endpoint, enable it again through the API "
            "(PATCH /api/webhook-endpoints/%(id)s with “enabled”: true), then replay what it has missed."
        ) % {"url": endpoint.url, "why": why, "id": endpoint.public_id}
        return Letter(
            to=recipient,
            subject=_("EAZYNOVA: your webhook endpoint is disabled"),
            text=text,
            html=format_html("<p>{}</p>", text),
            message_id=make_msgid("webhook", domain="eazynova.invalid"),
        )
