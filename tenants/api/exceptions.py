"""The one place where what went wrong becomes an HTTP answer."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, OperationalError
from django.http import Http404, HttpRequest
from rest_framework import exceptions
from rest_framework.response import Response

from tenants.api.problems import CATALOGUE, CONTENT_TYPE, FieldError, Problem, problem_of_status
from tenants.errors import Conflict, DomainError, InvalidInput
from tenants.limits import counters, occasions
from tenants.limits.counters import Usage
from tenants.wording.limits import refusal

logger = logging.getLogger(__name__)

NAMES = {"client_name": "clientName", "email": "adminEmail", "company": "companyName"}
SIMPLE: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.ParseError, "malformed_json"),
    (RecursionError, "malformed_json"),
    (exceptions.NotAuthenticated, "key_required"),
    (exceptions.AuthenticationFailed, "invalid_key"),
    (exceptions.NotFound, "not_found"),
    (Http404, "not_found"),
    (PermissionDenied, "forbidden"),
    (exceptions.PermissionDenied, "forbidden"),
    (exceptions.UnsupportedMediaType, "unsupported_media_type"),
    (exceptions.MethodNotAllowed, "method_not_allowed"),
)


class ApiProblem(Exception):
    """Raised by a view to answer exactly this problem."""

    def __init__(self, code: str, *, detail: str = "", headers: dict[str, str] | None = None, **members: Any) -> None:
        super().__init__(code)
        self.problem = Problem(code, detail, headers=headers or {}, members=members)


def too_much(usage: Usage) -> ApiProblem:
    """What is answered to who has asked for too much."""
    return ApiProblem("rate_limited", detail=refusal(usage), headers=usage.headers)


def wrong(code: str, request: HttpRequest) -> ApiProblem:
    """What is answered to a wrong key or token, as long as there are not too many of them from one visitor."""
    usage = counters.take(occasions.guess(request))
    if usage.exceeded:
        return too_much(usage)
    headers = {"WWW-Authenticate": "Bearer"} if CATALOGUE[code].status == 401 else {}
    return ApiProblem(code, headers=headers)


def answer(exc: Exception, context: Mapping[str, Any]) -> Response:
    """Django REST framework's EXCEPTION_HANDLER: always an answer, so no error page ever leaves the API."""
    problem = problem_of(exc)
    request = context["request"]
    response = Response(
        problem.body(request_id=getattr(request._request, "request_id", "")),
        status=problem.status,
        headers=problem.headers,
        content_type=CONTENT_TYPE,
    )
    response.exception = True
    return response


def problem_of(exc: Exception) -> Problem:
    """Every exception has its problem; one that nobody foresaw is logged and says nothing of itself."""
    match exc:
        case ApiProblem():
            return exc.problem
        case DomainError():
            return _of_domain(exc)
        case exceptions.ValidationError():
            errors = tuple(_field_errors(exc.detail))
            return Problem("invalid", " ".join(dict.fromkeys(error.detail for error in errors)), errors)
        case OperationalError():
            logger.exception("The database does not answer")
            return Problem("unavailable", headers={"Retry-After": "5"})
    for kind, code in SIMPLE:
        if isinstance(exc, kind):
            headers = {"WWW-Authenticate": "Bearer"} if CATALOGUE[code].status == 401 else {}
            return Problem(code, headers=headers)
    return _unforeseen(exc)


def _unforeseen(exc: Exception) -> Problem:
    if isinstance(exc, exceptions.APIException) and exc.status_code < 500:
        return problem_of_status(exc.status_code)
    logger.exception("Unexpected error in the API%s", " (database)" if isinstance(exc, DatabaseError) else "")
    return Problem("unexpected")


def _of_domain(error: DomainError) -> Problem:
    known = error.code in CATALOGUE
    code = error.code if known else "conflict" if isinstance(error, Conflict) else "invalid"
    errors: tuple[FieldError, ...] = ()
    if error.field and isinstance(error, InvalidInput | Conflict):
        errors = (FieldError(f"/{NAMES.get(error.field, error.field)}", error.code, str(error)),)
    headers = {}
    if code == "request_in_progress":
        headers["Retry-After"] = "1"
    elif code in ("quota_reached", "no_room", "orders_stopped"):
        headers["Retry-After"] = "3600"
    return Problem(code, str(error), errors, headers)


def _field_errors(detail: Any, pointer: str = "") -> Iterator[FieldError]:
    """The leaves of a validation error, each with its JSON pointer."""
    if isinstance(detail, Mapping):
        for name, below in detail.items():
            yield from _field_errors(below, pointer if name == "non_field_errors" else f"{pointer}/{name}")
    elif isinstance(detail, list):
        for position, below in enumerate(detail):
            nested = isinstance(below, Mapping | list)
            yield from _field_errors(below, f"{pointer}/{position}" if nested else pointer)
    else:
        yield FieldError(pointer, getattr(detail, "code", "invalid"), str(detail))
