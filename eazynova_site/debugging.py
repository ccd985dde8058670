"""Django's page of debugging, made so that it can always be sent."""

from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter


class Reporter(ExceptionReporter):
    """A surrogate in a variable would make the page itself fail, and its failure the next page, until nobody waits."""

    def get_traceback_html(self) -> SafeString:
        return _sendable(super().get_traceback_html())

    def get_traceback_text(self) -> SafeString:
        return _sendable(super().get_traceback_text())


def _sendable(text: str) -> SafeString:
    return SafeString(text.encode("utf-8", "backslashreplace").decode())
