"""The optional challenge on the signup form: Cloudflare Turnstile, when its two keys are configured."""

import logging

import httpx
from django.conf import settings

VERIFY_URL = "https://challenges.cloudflare.com/turnstile/v0/siteverify"
FIELD = "cf-turnstile-response"
# Turnstile's own tokens have at most so many characters
LONGEST_ANSWER = 2048
logger = logging.getLogger(__name__)


def passed(answer: str, address: str) -> bool:
    """Whether a person solved it.

    True as well while Turnstile is away, that is out of reach or failing (5xx): the limits still hold. Every other
    answer that does not say so is a refusal, or a visitor could choose what Turnstile cannot read.
    """
    if not settings.TURNSTILE_SECRET_KEY:
        return True
    if not answer or len(answer) > LONGEST_ANSWER:
        return False
    form = {"secret": settings.TURNSTILE_SECRET_KEY, "response": answer, "remoteip": address}
    try:
        reply = httpx.post(VERIFY_URL, data=form, timeout=4)
    except httpx.HTTPError as error:
        logger.warning("Turnstile cannot be asked: %s", type(error).__name__)
        return True
    if reply.is_server_error:
        logger.warning("Turnstile fails: HTTP %d", reply.status_code)
        return True
    return _says_solved(reply)


def _says_solved(reply: httpx.Response) -> bool:
    try:
        told = reply.json()
    except ValueError:
        told = None
    if not reply.is_success or not isinstance(told, dict):
        logger.error("Turnstile answers nothing usable (HTTP %d): check TURNSTILE_SECRET_KEY", reply.status_code)
        return False
    return told.get("success") is True
