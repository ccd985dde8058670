"""Sentry, when SENTRY_DSN names one: errors only, and nothing in them that a log line may not hold."""

from typing import Any

from django.conf import settings

from eazynova_site.logging import Redacted


def start() -> None:
    """Nothing is imported, and nothing leaves, without SENTRY_DSN."""
    if not settings.SENTRY_DSN:
        return
    import sentry_sdk  # noqa: PLC0415

    clean = Redacted(settings.LOGGED_SECRETS).clean
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        send_default_pii=False,
        # values of variables, bodies and headers may be passwords, tokens and addresses of customers
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        before_send=lambda event, hint: _without(event, clean),
    )


def _without(event: Any, clean: Any) -> Any:
    """The event with every text in it cleaned, its headers and cookies left out, and our ids as tags."""
    request = event.get("request") or {}
    for name in ("headers", "cookies", "env", "query_string"):
        request.pop(name, None)
    return _cleaned(event, clean)


def _cleaned(value: Any, clean: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {name: _cleaned(each, clean) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(each, clean) for each in value]
    return value
