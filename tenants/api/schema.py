"""How the API describes itself: OpenAPI 3.1 by drf-spectacular, with every problem that may come."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from tenants.api.problems import CATALOGUE, CONTENT_TYPE

# drf-spectacular takes requirements here but says that it takes names
OPEN: Any = [{}]
OPEN_OR_KEY: Any = [{"bearer": []}, {"header": []}, {}]
PROBLEM = {"$ref": "#/components/schemas/Problem"}
ALWAYS = (400, 401, 403, 404, 405, 411, 413, 429, 500, 503)
WITH_QUERY = (*ALWAYS, 422)
WITH_EFFECT = (*ALWAYS, 409, 415, 422)

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="A value of your own, such as a UUID: the same key and body give the first answer again.",
)
STATUS_TOKEN = OpenApiParameter(
    "X-Status-Token", OpenApiTypes.STR, OpenApiParameter.HEADER, description="The statusToken that the order got."
)
TOKEN = OpenApiParameter("token", OpenApiTypes.STR, description="The same, for a link in an e-mail.")
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="The ETag that you have."
)


class BearerKey(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "tenants.api.authentication.KeyAuthentication"
    name = ["bearer", "header"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return [
            {"type": "http", "scheme": "bearer", "bearerFormat": "eaz_live_…"},
            {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        ]


def add_problems(result: dict[str, Any], **context: Any) -> dict[str, Any]:
    """A postprocessing hook of drf-spectacular."""
    result["components"].setdefault("schemas", {})["Problem"] = _problem_schema()
    result["components"]["responses"] = {
        str(status): {
            "description": ", ".join(code for code, entry in CATALOGUE.items() if entry.status == status),
            "content": {CONTENT_TYPE: {"schema": PROBLEM}},
        }
        for status in sorted({entry.status for entry in CATALOGUE.values()})
    }
    for item in result["paths"].values():
        for method, operation in item.items():
            read_only = method == "get"
            found = WITH_QUERY if read_only else WITH_EFFECT
            for status in found:
                operation["responses"].setdefault(str(status), {"$ref": f"#/components/responses/{status}"})
    return result


def _problem_schema() -> dict[str, Any]:
    text = {"type": "string"}
    error = {
        "type": "object",
        "required": ["pointer", "code", "detail"],
        "properties": {"pointer": text, "code": text, "detail": text},
    }
    return {
        "type": "object",
        "description": "What went wrong (RFC 9457). `error` repeats `detail`; `code` is stable.",
        "required": ["type", "title", "status", "detail", "error", "code", "requestId"],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": text,
            "status": {"type": "integer"},
            "detail": text,
            "error": text,
            "code": {"type": "string", "enum": sorted(CATALOGUE)},
            "requestId": text,
            "errors": {"type": "array", "items": error},
        },
    }
