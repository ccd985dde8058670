"""The part of the settings that says how the API answers, describes itself and is called from other sites."""

REST_FRAMEWORK: dict[str, object] = {
    "EXCEPTION_HANDLER": "tenants.api.exceptions.answer",
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "EAZYNOVA API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "POSTPROCESSING_HOOKS": ["tenants.api.schema.add_problems"],
}
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_METHODS = ["GET", "POST"]
CORS_ALLOW_HEADERS = ["authorization", "content-type", "idempotency-key", "x-api-key", "x-status-token"]
CORS_EXPOSE_HEADERS = ["etag", "idempotent-replayed", "location", "ratelimit", "retry-after", "x-request-id"]
