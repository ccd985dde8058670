"""Around every request: a line in the log, and a refusal of bodies that nobody will read."""

import logging
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _

from eazynova_site.serving import limits
from tenants.web.problems import problem

logger = logging.getLogger("eazynova_site.access")
View = Callable[[HttpRequest], HttpResponse]
# its own middleware makes problems of the statuses
API = "/api/"
# asked every few seconds by machines, and worth a line only to who looks for that
PROBES = ("healthz", "readyz", "metrics")


class AccessLines:
    """Method, route, status and time. The route, not the path or the query: those hold tokens."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = self.get_response(request)
        route = request.resolver_match.route if request.resolver_match else "-"
        milliseconds = 1000 * (time.perf_counter() - started)
        level = logging.DEBUG if route in PROBES else logging.INFO
        logger.log(level, "%s %s %d %.0f ms", request.method, route, response.status_code, milliseconds)
        return response


class BodyLimits:
    """413 and 411 before anything reads the body."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # our server has joined the chunks and taken this header away; another one would read an empty body
        chunked = bool(request.headers.get("Transfer-Encoding"))
        too_large = _length(request) > _most(request)
        if not (chunked or too_large):
            return self.get_response(request)
        with translation.override(translation.get_language_from_request(request)):
            return _without_length(request) if chunked else _too_large(request)


def _without_length(request: HttpRequest) -> HttpResponse:
    if request.path_info.startswith(API):
        return HttpResponse(status=411)
    return problem(411, "length_required", _("Send the body with its length in the Content-Length header."))


def _too_large(request: HttpRequest) -> HttpResponse:
    if request.path_info.startswith(API):
        return HttpResponse(status=413)
    most = _most(request) // limits.KILOBYTE
    if request.content_type == "application/json":
        return problem(413, "body_too_large", _("The body may have %(most)d kB at most.") % {"most": most})
    return render(request, "web/too_large.html", {"most": most}, status=413)


def _most(request: HttpRequest) -> int:
    return limits.most_bytes(request.path_info, request.headers.get("Authorization", ""))


def _length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
