"""Pages of a list: the cursor is the id of the last one seen, so it tells nothing that the caller did not know."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response


def page_of(rows: QuerySet[Any], values: dict[str, Any]) -> tuple[list[Any], str | None]:
    """The newest ``limit`` rows below the cursor, and the next cursor. Raises ValidationError for a foreign one."""
    rows = rows.order_by("-pk")
    if cursor := values.get("cursor"):
        seen = rows.filter(public_id=cursor).values_list("pk", flat=True).first()
        if seen is None:
            raise ValidationError({"cursor": _("This cursor is not one of yours.")})
        rows = rows.filter(pk__lt=seen)
    found: list[Model] = list(rows[: values["limit"] + 1])
    more = len(found) > values["limit"]
    found = found[: values["limit"]]
    return found, getattr(found[-1], "public_id", None) if more else None


def page_response(request: HttpRequest, data: list[dict[str, Any]], cursor: str | None) -> Response:
    """The page with its ``Link`` to the next one."""
    headers = {}
    if cursor is not None:
        query = urlencode({**request.GET.dict(), "cursor": cursor})
        headers["Link"] = f'<{settings.PUBLIC_BASE_URL}{request.path}?{query}>; rel="next"'
    return Response({"data": data, "nextCursor": cursor, "hasMore": cursor is not None}, headers=headers)
