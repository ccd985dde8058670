"""What each problem is: a list, and a page for each, to which its ``type`` leads."""

import json
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import errors
from tenants.api.api_view import ApiView
from tenants.api.exceptions import ApiProblem, problem_of
from tenants.api.problems import CATALOGUE, Problem, address_of
from tenants.api.remedies import REMEDIES
from tenants.api.schema import OPEN

REQUEST_ID = "req_3f0c9a7b1d2e4f56"


class ProblemKind(serializers.Serializer[None]):
    type = serializers.URLField()
    code = serializers.CharField()
    status = serializers.IntegerField()
    title = serializers.CharField()
    detail = serializers.CharField()
    remedy = serializers.CharField()
    example = serializers.DictField()


class ProblemList(serializers.Serializer[None]):
    data = ProblemKind(many=True)  # type: ignore[assignment]


class ProblemsView(ApiView):
    @extend_schema(
        operation_id="list_problems", summary="Every problem that may be answered", responses=ProblemList, auth=OPEN
    )
    def get(self, request: Request) -> HttpResponseBase:
        kinds = [_told(code) for code in CATALOGUE]
        return _answer(request, {"data": kinds}, "api/problems.html", {"problems": kinds})


class ProblemView(ApiView):
    @extend_schema(
        operation_id="get_problem", summary="One problem: what it means, what to do", responses=ProblemKind, auth=OPEN
    )
    def get(self, request: Request, code: str) -> HttpResponseBase:
        if code not in CATALOGUE:
            raise ApiProblem("not_found")
        kind = _told(code)
        example = json.dumps(kind["example"], ensure_ascii=False, indent=2)
        more = {"problem": kind, "example": example, "list": reverse("api_problems")}
        return _answer(request, kind, "api/problem.html", more)


def _answer(request: Request, body: dict[str, Any], template: str, context: dict[str, Any]) -> HttpResponseBase:
    """JSON for programs; a page for whoever met the problem and opens its ``type`` in a browser."""
    answer: HttpResponseBase = Response(body)
    if _reads_pages(request._request):
        answer = render(request._request, template, context)
    patch_vary_headers(answer, ["Accept"])
    return answer


def _reads_pages(request: HttpRequest) -> bool:
    return "text/html" in request.headers.get("Accept", "")


def _told(code: str) -> dict[str, Any]:
    example = _met(code).body(request_id=REQUEST_ID)
    return {
        "type": address_of(code),
        "code": code,
        "status": CATALOGUE[code].status,
        "title": str(CATALOGUE[code].title),
        "detail": example["detail"],
        "remedy": str(REMEDIES[code]),
        "example": example,
    }


def _met(code: str) -> Problem:
    """As whoever meets it is answered, when nothing more exact is known."""
    refusal = _refusals().get(code)
    return problem_of(refusal()) if refusal and not CATALOGUE[code].detail else Problem(code)


def _refusals(kind: type[errors.DomainError] = errors.DomainError) -> dict[str, type[errors.DomainError]]:
    """What the use cases refuse, by its code."""
    below = [_refusals(child) for child in kind.__subclasses__()]
    return {kind.code: kind} | {code: each for found in below for code, each in found.items() if code != kind.code}
