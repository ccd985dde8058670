"""How much a request may bring and how long it may take: the server asks before it reads a body."""

from django.conf import settings

KILOBYTE = 1024
MOST_HEADER_BYTES = 16 * KILOBYTE
MOST_BODY_BYTES = 64 * KILOBYTE
# a page of rows that staff act upon
MOST_CONSOLE_BYTES = 256 * KILOBYTE
# mail providers report up to a thousand events at once
MOST_MAIL_EVENT_BYTES = 1024 * KILOBYTE
LARGEST = MOST_MAIL_EVENT_BYTES

# longer than a proxy or a page that looks again every few seconds leaves a connection idle: whoever closes first
# while the other one asks loses a request
IDLE_SECONDS = 75
# for a whole answer; a file of the console over a bad mobile network takes half of it
SEND_SECONDS = 120


def most_bytes(path: str) -> int:
    """The largest body that is read at this path; there is no path without a limit."""
    if path.startswith("/webhooks/mail/"):
        return MOST_MAIL_EVENT_BYTES
    if path.startswith(f"/{settings.ADMIN_PATH}"):
        return MOST_CONSOLE_BYTES
    return MOST_BODY_BYTES
