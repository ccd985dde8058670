"""What may be asked without an instance: the plans, who the caller is."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.api_view import ApiView
from tenants.api.outputs import CallerOutput, PlanList, caller_body, plan_body
from tenants.api.schema import OPEN
from tenants.models import ApiKey
from tenants.services import signup


class PlansView(ApiView):
    @extend_schema(operation_id="list_plans", summary="The plans on offer", responses=PlanList, auth=OPEN)
    def get(self, request: Request) -> Response:
        return Response({"data": [plan_body(plan) for plan in signup.offered_plans()]})


class MeView(ApiView):
    scopes = {"GET": (ApiKey.Scope.READ,)}

    @extend_schema(operation_id="who_am_i", summary="Your key, your partner, your quota", responses=CallerOutput)
    def get(self, request: Request) -> Response:
        return Response(caller_body(self.key()))
