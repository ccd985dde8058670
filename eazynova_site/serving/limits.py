"""How much a request may bring and how long it may take: the server asks before it reads a body."""

import base64
import binascii
import hmac

from django.conf import settings

KILOBYTE = 1024
MOST_HEADER_BYTES = 16 * KILOBYTE
MOST_BODY_BYTES = 64 * KILOBYTE
# a page of rows that staff act upon
MOST_CONSOLE_BYTES = 256 * KILOBYTE
# mail providers report up to a thousand events at once
MOST_MAIL_EVENT_BYTES = 1024 * KILOBYTE
# an agent names each part of a backup, in some fifty bytes: 160 GB of them
MOST_AGENT_BYTES = 512 * KILOBYTE
# of all bodies together that one process waits for
MOST_WAITING_BYTES = 64 * KILOBYTE * KILOBYTE
LARGEST = MOST_MAIL_EVENT_BYTES

# longer than a proxy or a page that looks again every few seconds leaves a connection idle: whoever closes first
# while the other one asks loses a request
IDLE_SECONDS = 75
# for a whole answer; a file of the console over a bad mobile network takes half of it
SEND_SECONDS = 120


def most_bytes(path: str, authorization: str = "") -> int:
    """The largest body that is read at this path; there is no path without a limit."""
    if path.startswith("/webhooks/mail/") and _is_mail_provider(authorization):
        return MOST_MAIL_EVENT_BYTES
    if path == "/agent/" and authorization.startswith("Bearer "):
        return MOST_AGENT_BYTES
    if path.startswith(f"/{settings.ADMIN_PATH}"):
        return MOST_CONSOLE_BYTES
    return MOST_BODY_BYTES


def _is_mail_provider(authorization: str) -> bool:
    """Whether the header holds the name and password that the provider was given."""
    secret = str(settings.ANYMAIL.get("WEBHOOK_SECRET", "")).encode()
    scheme, _, given = authorization.partition(" ")
    try:
        told = base64.b64decode(given)
    except (binascii.Error, ValueError):
        return False
    return bool(secret) and scheme.lower() == "basic" and hmac.compare_digest(told, secret)
