"""Who calls: an API key in ``Authorization: Bearer`` or ``X-API-Key``, or a visitor without one."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from tenants.api.exceptions import ApiProblem, wrong
from tenants.models import ApiKey
from tenants.services import keys


class KeyAuthentication(BaseAuthentication):
    """``request.auth`` is the ApiKey, or None for a visitor; a key that does not fit is an error, never a visitor."""

    def authenticate(self, request: Request) -> tuple[Any, ApiKey] | None:
        sent = key_sent(request._request)
        if not sent:
            return None
        key = keys.recognise(sent)
        if key is None:
            raise wrong("invalid_key", request._request)
        if key.kind == ApiKey.Kind.PUBLISHABLE and not origin_allowed(request._request, key):
            raise ApiProblem("origin_not_allowed")
        return AnonymousUser(), key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def key_sent(request: HttpRequest) -> str:
    """The key as it was sent, unchecked; "" when there is none."""
    scheme, _space, value = request.headers.get("Authorization", "").partition(" ")
    if scheme:
        return value.strip() if scheme.lower() == "bearer" and value.strip() else "not a bearer key"
    return request.headers.get("X-Api-Key", "").strip()


def origin_allowed(request: HttpRequest, key: ApiKey) -> bool:
    """Browsers write the Origin themselves: a page elsewhere cannot borrow the key."""
    return request.headers.get("Origin", "") in key.partner.account.allowed_origins
