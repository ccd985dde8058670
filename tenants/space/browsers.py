"""What a customer's browser keeps: the key of its session, what it has asked for, and whom it has proven before.

Three cookies of our own, which scripts cannot read; staff's session is another one and opens nothing here.
"""

import hashlib

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from tenants.limits.occasions import mailbox
from tenants.services.address_proof import LIFETIME as ASKED_FOR
from tenants.services.customer_sessions import LIFETIME

_PREFIX = "" if settings.DEBUG else "__Host-"
SESSION, ASKED, KNOWN = f"{_PREFIX}space", f"{_PREFIX}space-asked", f"{_PREFIX}space-known"
KNOWN_SECONDS = 180 * 86_400
MOST_KNOWN = 8
SALT = "tenants.space.known"
# the order matters: Edge and Opera also say that they are Chrome, Chrome that it is Safari
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def words_for(request: HttpRequest) -> str:
    """``Firefox, Windows``: enough to know one's own again. Nothing of what the browser says is kept as it is."""
    agent = request.headers.get("User-Agent", "")
    found = (next((word for mark, word in marks if mark in agent), "") for marks in (BROWSERS, SYSTEMS))
    return ", ".join(word for word in found if word)


def keep(response: HttpResponse, name: str, value: str, seconds: float) -> None:
    response.set_cookie(
        name,
        value,
        max_age=int(seconds),
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def keep_asked(response: HttpResponse, handle: str) -> None:
    keep(response, ASKED, handle, ASKED_FOR.total_seconds())


def keep_session(request: HttpRequest, response: HttpResponse, key: str, email: str) -> None:
    """Signed in, and known from now on."""
    keep(response, SESSION, key, LIFETIME.total_seconds())
    response.delete_cookie(ASKED)
    known = [_digest(email), *(each for each in _known(request) if each != _digest(email))][:MOST_KNOWN]
    keep(response, KNOWN, signing.dumps(known, salt=SALT), KNOWN_SECONDS)


def is_known(request: HttpRequest, email: str) -> bool:
    """Whether somebody has proven this address here before."""
    return _digest(email) in _known(request)


def known_as(request: HttpRequest, email: str) -> str:
    """What tells such a browser from others in a limit; empty for a new one."""
    return hashlib.sha256(request.COOKIES.get(KNOWN, "").encode()).hexdigest() if is_known(request, email) else ""


def _known(request: HttpRequest) -> list[str]:
    try:
        kept = signing.loads(request.COOKIES.get(KNOWN, ""), salt=SALT, max_age=KNOWN_SECONDS)
    except signing.BadSignature:
        return []
    return [str(each) for each in kept] if isinstance(kept, list) else []


def _digest(email: str) -> str:
    return hashlib.sha256(f"{SALT}{settings.SECRET_KEY}{mailbox(email)}".encode()).hexdigest()[:32]
