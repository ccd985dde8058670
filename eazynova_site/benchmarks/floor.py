"""The addresses of the site and, beside them, two views that do as little as can be: one INSERT, one SELECT."""

from django.db import connection
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from eazynova_site.urls import urlpatterns as site


class OneRow(APIView):
    authentication_classes = ()
    permission_classes = ()

    def post(self, request: Request) -> Response:
        key = dict(request.data)["key"]
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO provisioning_slot (key, free_at) VALUES (%s, 0)", [key])
        return Response({"key": key}, status=202)

    def get(self, request: Request) -> Response:
        with connection.cursor() as cursor:
            cursor.execute("SELECT key FROM provisioning_slot WHERE key = %s", ["floor"])
            key = cursor.fetchone()[0]
        return Response({"key": key})


urlpatterns = [path("floor", OneRow.as_view()), *site]
