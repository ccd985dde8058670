"""The addresses of the site and, beside them, two views that do as little as one can: one INSERT, one SELECT."""

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from eazynova_site.urls import urlpatterns as site
from provisioning.models import Slot


class OneRow(APIView):
    authentication_classes = ()
    permission_classes = ()

    def post(self, request: Request) -> Response:
        row = Slot.objects.create(key=dict(request.data)["key"])
        return Response({"key": row.key}, status=202)

    def get(self, request: Request) -> Response:
        return Response({"key": Slot.objects.get(key="floor").key})


urlpatterns = [path("floor", OneRow.as_view()), *site]
