"""Django's pages of debugging: always fit to be sent, and kept for errors, which a mistyped address is not."""

from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter
from django.views.defaults import page_not_found


class Reporter(ExceptionReporter):
    """A surrogate in a variable would make the page itself fail, and its failure the next page, until nobody waits."""

    def get_traceback_html(self) -> SafeString:
        return _sendable(super().get_traceback_html())

    def get_traceback_text(self) -> SafeString:
        return _sendable(super().get_traceback_text())


class NotFoundIsAPage:
    """With DEBUG on, an address that leads nowhere shows the page that visitors of the real site see."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if settings.DEBUG and response.status_code == 404 and request.resolver_match is None:
            return page_not_found(request, Http404())
        return response


def _sendable(text: str) -> SafeString:
    return SafeString(text.encode("utf-8", "backslashreplace").decode())
