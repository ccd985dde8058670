"""The documentation that a browser shows, from this server alone and without a line of inline script."""

from functools import lru_cache

from django.http import HttpResponse
from django.utils.translation import get_language
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from tenants.api.api_view import AlwaysJson


class SchemaView(SpectacularAPIView):
    """OpenAPI 3.1 as JSON, described once by each process: it takes longer than an order, and anybody may ask."""

    renderer_classes = [JSONRenderer]
    content_negotiation_class = AlwaysJson
    authentication_classes = ()
    permission_classes = ()

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: object, **kwargs: object) -> HttpResponse:
        headers = {"Cache-Control": "max-age=300"}
        return HttpResponse(described(get_language()), content_type="application/json", headers=headers)


@lru_cache
def described(language: str | None) -> bytes:
    """The schema in the language that is active, of which there are two."""
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    rendered: bytes = JSONRenderer().render(schema)
    return rendered


class DocsView(SpectacularSwaggerSplitView):
    content_negotiation_class = AlwaysJson
    authentication_classes = ()
    permission_classes = ()
    url_name = "api_schema"
    template_name = "api/docs.html"
