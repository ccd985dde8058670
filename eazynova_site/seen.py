"""How a request arrives here through the proxies in front, told to whoever this site itself has sent."""

from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest

SALT = "eazynova_site.seen"
SECONDS = 60


def ticket() -> str:
    """Good for a minute."""
    return signing.TimestampSigner(salt=SALT).sign("seen")


def told(request: HttpRequest) -> dict[str, Any]:
    """Nothing for who brings no ticket of ours: it is nobody's business how many proxies there are."""
    try:
        signing.TimestampSigner(salt=SALT).unsign(request.GET.get("seen", ""), max_age=SECONDS)
    except signing.BadSignature:
        return {}
    chain = [each for each in request.headers.get("X-Forwarded-For", "").split(",") if each.strip()]
    return {"forwarded": len(chain), "hops": settings.TRUSTED_PROXY_HOPS, "scheme": request.scheme}
