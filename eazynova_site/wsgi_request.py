"""The request that Django makes of what a web server hands on, where its own would fail before any middleware."""

from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http.request import HttpRequest
from django.utils.http import parse_header_parameters


class Request(WSGIRequest):
    """Text is UTF-8 whatever its Content-Type says: Django would read address and form by any codec that is named.

    What was named stands in ``content_params``, for `tenants.web.readable` to refuse.
    """

    def _set_content_type_params(self: HttpRequest, meta: Any) -> None:
        try:
            self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except ValueError:
            self.content_type, self.content_params = "", {"charset": "unknown"}


class Application(WSGIHandler):
    request_class = Request
