"""Errors for programs, in the API's form (RFC 9457)."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.http import JsonResponse

JSON_NAMES = {"client_name": "clientName"}


def problem(
    status: int,
    code: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    *,
    errors: Mapping[str, Sequence[Any]] | None = None,
) -> JsonResponse:
    """``errors`` maps the name of a field to what is wrong with it."""
    body: dict[str, Any] = {
        "type": f"{settings.PUBLIC_BASE_URL}/api/problems#{code}",
        "title": detail,
        "status": status,
        "detail": detail,
        "error": detail,
        "code": code,
    }
    if errors:
        body["errors"] = [
            {"pointer": f"/{JSON_NAMES.get(name, name)}", "code": "invalid", "detail": str(found[0])}
            for name, found in errors.items()
        ]
    return JsonResponse(body, status=status, headers=dict(headers or {}), content_type="application/problem+json")
