"""How much may be asked: the policies, counted by django-ratelimit, shared by the pages and the API."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django_ratelimit.core import get_usage

from tenants.limits.visitors import visitor_address


@dataclass(frozen=True)
class Usage:
    """Where a caller stands: ``left`` of ``limit`` until ``reset_seconds`` from now."""

    policy: str
    limit: int
    window_seconds: int
    left: int
    reset_seconds: int
    exceeded: bool

    @property
    def headers(self) -> dict[str, str]:
        """RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers), Retry-After when exceeded."""
        found = {
            "RateLimit-Policy": f'"{self.policy}";q={self.limit};w={self.window_seconds}',
            "RateLimit": f'"{self.policy}";r={self.left};t={self.reset_seconds}',
        }
        return found | ({"Retry-After": str(self.reset_seconds)} if self.exceeded else {})


def count_signup(request: HttpRequest) -> Usage:
    """One more creation asked for by a visitor; the page and the API share the count."""
    return _count(request, "signup", visitor_address(request), settings.SIGNUP_RATE)


def count_visitor_request(request: HttpRequest) -> Usage:
    return _count(request, "visitor", visitor_address(request), settings.API_VISITOR_RATE)


def count_key_request(request: HttpRequest, key_id: int) -> Usage:
    return _count(request, "key", str(key_id), settings.API_KEY_RATE)


def _count(request: HttpRequest, policy: str, caller: str, rate: str) -> Usage:
    """``rate`` is written as django-ratelimit has it: 5/h, 600/m."""
    usage = get_usage(request, group=policy, key=lambda _group, _request: caller, rate=rate, increment=True)
    limit, count, left = int(usage["limit"]), int(usage["count"]), max(1, int(usage["time_left"]))
    window = {"s": 1, "m": 60, "h": 3600, "d": 86400}[rate[-1]]
    return Usage(policy, limit, window, max(0, limit - count), left, bool(usage["should_limit"]))
