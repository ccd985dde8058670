"""What may be asked without an instance: the plans, who the caller is, which problems there are."""

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.api_view import ApiView
from tenants.api.outputs import CallerOutput, PlanList, caller_body, plan_body
from tenants.api.problems import CATALOGUE
from tenants.api.remedies import REMEDIES
from tenants.api.schema import OPEN
from tenants.models import ApiKey
from tenants.services import signup


class ProblemKind(serializers.Serializer[None]):
    code = serializers.CharField()
    status = serializers.IntegerField()
    title = serializers.CharField()
    detail = serializers.CharField(allow_blank=True)
    remedy = serializers.CharField()


class ProblemList(serializers.Serializer[None]):
    data = ProblemKind(many=True)  # type: ignore[assignment]


class PlansView(ApiView):
    @extend_schema(operation_id="list_plans", summary="The plans on offer", responses=PlanList, auth=OPEN)
    def get(self, request: Request) -> Response:
        return Response({"data": [plan_body(plan) for plan in signup.offered_plans()]})


class MeView(ApiView):
    scopes = {"GET": (ApiKey.Scope.READ,)}

    @extend_schema(operation_id="who_am_i", summary="Your key, your partner, your quota", responses=CallerOutput)
    def get(self, request: Request) -> Response:
        return Response(caller_body(self.key()))


class ProblemsView(ApiView):
    @extend_schema(
        operation_id="list_problems", summary="Every problem that may be answered", responses=ProblemList, auth=OPEN
    )
    def get(self, request: Request) -> HttpResponseBase:
        kinds = [
            {
                "code": code,
                "status": entry.status,
                "title": str(entry.title),
                "detail": str(entry.detail),
                "remedy": str(REMEDIES[code]),
            }
            for code, entry in CATALOGUE.items()
        ]
        answer: HttpResponseBase = Response({"data": kinds})
        # a problem's "type" is opened in a browser by whoever met it
        if "text/html" in request.headers.get("Accept", ""):
            answer = render(request._request, "api/problems.html", {"problems": kinds})
        patch_vary_headers(answer, ["Accept"])
        return answer
