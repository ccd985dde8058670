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
# unfold’s Alpine.js evaluates expressions of the markup, but no script stands in it; both write styles into elements
CONSOLE = STRICT | {"script-src": "'self' 'unsafe-eval'", "style-src": "'self' 'unsafe-inline'"}
DOCUMENTATION = STRICT | {"style-src": "'self' 'unsafe-inline'"}


class PageHeaders:
    """Content-Security-Policy, Permissions-Policy and the console's Cache-Control; a view that sets one keeps it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", _written(_policy(request.path_info)))
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        if _at_console(request.path_info) and response.headers.get("Content-Type", "").startswith("text/html"):
            # Django lets browsers keep the page on which a password is changed
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def _at_console(path: str) -> bool:
    return path.startswith(f"/{settings.ADMIN_PATH}")


def _policy(path: str) -> dict[str, str]:
    if _at_console(path):
        return CONSOLE
    if path == "/api/docs":
        return DOCUMENTATION
    if settings.TURNSTILE_SITE_KEY:
        return STRICT | {"script-src": f"'self' {TURNSTILE}", "frame-src": TURNSTILE}
    return STRICT


def _written(policy: dict[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in policy.items())
