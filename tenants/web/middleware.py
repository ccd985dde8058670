"""Security headers on every page; the API's own middleware stands inside."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

TURNSTILE = "https://challenges.cloudflare.com"

STRICT = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
# the staff console's theme evaluates expressions in its own markup; the API's documentation styles its elements
CONSOLE = STRICT | {"script-src": "'self' 'unsafe-inline' 'unsafe-eval'", "style-src": "'self' 'unsafe-inline'"}
DOCUMENTATION = STRICT | {"style-src": "'self' 'unsafe-inline'"}


class PageHeaders:
    """Content-Security-Policy and Permissions-Policy; a view that sets one itself keeps it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", _written(_policy(request.path_info)))
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        return response


def _policy(path: str) -> dict[str, str]:
    if path.startswith(f"/{settings.ADMIN_PATH}"):
        return CONSOLE
    if path == "/api/docs":
        return DOCUMENTATION
    if settings.TURNSTILE_SITE_KEY:
        return STRICT | {"script-src": f"'self' {TURNSTILE}", "frame-src": TURNSTILE}
    return STRICT


def _written(policy: dict[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in policy.items())
