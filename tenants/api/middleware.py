"""Around everything under /api/: a request id, and problem+json for whatever fails below."""

import json
import logging
import re
import secrets
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from provisioning import logcontext
from tenants.api.problems import CONTENT_TYPE, Problem, problem_of_status

PREFIX = "/api/"
SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
logger = logging.getLogger(__name__)


class ApiMiddleware:
    """Touches nothing outside the API but the request id, which every request has."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        sent = request.headers.get("X-Request-Id", "")
        request.request_id = sent if SANE_ID.fullmatch(sent) else f"req_{secrets.token_hex(8)}"  # type: ignore[attr-defined]
        with logcontext.bound(request=request.request_id):  # type: ignore[attr-defined]
            response = self._answer(request)
        response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        response = self.get_response(request)
        if response.status_code >= 400 and response.get("Content-Type", "") != CONTENT_TYPE:
            return _problem(request, problem_of_status(response.status_code))
        return response


def _problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    with translation.override(translation.get_language_from_request(request)):
        body = json.dumps(problem.body(request_id=request.request_id), ensure_ascii=False)  # type: ignore[attr-defined]
    return HttpResponse(body, status=problem.status, content_type=CONTENT_TYPE, headers=problem.headers)
