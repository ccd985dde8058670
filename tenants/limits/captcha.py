"""The optional challenge on the signup form: Cloudflare Turnstile, when its two keys are configured."""

import logging

import httpx
from django.conf import settings

VERIFY_URL = "https://challenges.cloudflare.com/turnstile/v0/siteverify"
FIELD = "cf-turnstile-response"
logger = logging.getLogger(__name__)


def passed(answer: str, address: str) -> bool:
    """Whether a person solved it. True as well while Turnstile cannot be asked: the limits still hold."""
    if not settings.TURNSTILE_SECRET_KEY:
        return True
    if not answer:
        return False
    form = {"secret": settings.TURNSTILE_SECRET_KEY, "response": answer, "remoteip": address}
    try:
        reply = httpx.post(VERIFY_URL, data=form, timeout=4)
        return bool(reply.raise_for_status().json().get("success"))
    except (httpx.HTTPError, ValueError) as error:
        logger.warning("Turnstile cannot be asked: %s", type(error).__name__)
        return True
