"""Attempts to sign in, limited before a password is looked at: by address, network, and account over all addresses.

A stranger shall not lock anybody out by guessing at an account: a browser in which somebody has opened it once carries
a signed cookie and is not held back by what others do; only axes' own count of wrong passwords holds for it.
"""

import hashlib

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from tenants.limits import counters, occasions
from tenants.limits.counters import Claim, Usage

COOKIE = "device" if settings.DEBUG else "__Host-device"
SALT = "tenants.sign_in.device"
KEPT_SECONDS = 90 * 86_400


def begin(request: HttpRequest, name: str) -> tuple[tuple[Claim, ...], Usage | None]:
    """Count one attempt on this account; the second value is None when the password may be looked at."""
    if _is_known(request, name):
        return (), None
    claims = occasions.sign_in(request, name)
    usage = counters.take(*claims)
    return claims, usage if usage.exceeded else None


def succeeded(claims: tuple[Claim, ...], name: str, response: HttpResponse) -> None:
    """It was the right password: the attempt is given back, and the browser is known from now on."""
    if claims:
        counters.give_back(*claims)
    response.set_cookie(
        COOKIE,
        signing.dumps(_digest(name), salt=SALT),
        max_age=KEPT_SECONDS,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def _is_known(request: HttpRequest, name: str) -> bool:
    try:
        kept = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=KEPT_SECONDS)
    except signing.BadSignature:
        return False
    return bool(kept == _digest(name))


def _digest(name: str) -> str:
    return hashlib.sha256(occasions.account(name).encode("utf-8", "replace")).hexdigest()[:32]
