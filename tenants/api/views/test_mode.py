"""What only test keys may ask for."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.api_view import ApiView
from tenants.api.exceptions import ApiProblem
from tenants.audit import acting
from tenants.models import ApiKey
from tenants.services import test_mode


class RemovedOutput(serializers.Serializer[None]):
    """How many instances are being deleted."""

    deleting = serializers.IntegerField()


class TestDataView(ApiView):
    scopes = {"DELETE": (ApiKey.Scope.WRITE,)}

    @extend_schema(
        operation_id="delete_test_data",
        summary="Delete all your test instances now",
        description="For a test key; for a live key there is nothing at this address.",
        responses={202: RemovedOutput},
    )
    def delete(self, request: Request) -> Response:
        partner = self.key().partner
        if not partner.is_test:
            raise ApiProblem("not_found")
        with acting(self.actor()):
            removed = test_mode.remove_all(partner)
        return Response({"deleting": removed}, status=202)
