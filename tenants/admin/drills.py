from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from tenants.admin.console import ReadOnlyAdmin
from tenants.models import RestoreDrill
from tenants.services import drills


@admin.register(RestoreDrill)
class RestoreDrillAdmin(ReadOnlyAdmin):
    """Which backups were really brought back, and what was found in them."""

    list_display = (
        *("public_id", "instance", "backup", "state", "created_at", "seconds", "reason", "removed_at", "certificate"),
    )
    list_filter = ("state", "created_at")
    search_fields = ("public_id__iexact", "instance__client_name", "instance__public_id__iexact")
    fields = readonly_fields = (
        *("public_id", "instance", "backup", "unit", "state", "created_at", "ended_at", "seconds", "facts"),
        *("reason", "message", "removed_at", "certificate"),
    )

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<path:pk>/certificate/", wrap(self.show_certificate), name="tenants_restoredrill_certificate"),
            *super().get_urls(),
        ]

    @admin.display(description=_("certificate"))
    def certificate(self, drill: RestoreDrill) -> str:
        address = reverse("admin:tenants_restoredrill_certificate", args=[drill.pk])
        return format_html('<a href="{}">{}</a>', address, _("Show and print"))

    def show_certificate(self, request: HttpRequest, pk: str) -> HttpResponse:
        """A page to print; with ``?format=json`` the same as `manage.py restore_drill --certificate` tells it."""
        drill: RestoreDrill | None = self.get_object(request, unquote(pk))
        if drill is None:
            raise Http404
        if not self.has_view_permission(request, drill):
            raise PermissionDenied
        if request.GET.get("format") == "json":
            return JsonResponse(drills.certificate(drill))
        counted = [{"name": name, **each} for name, each in drills.certificate(drill)["counted"].items()]
        return self.page(
            *(request, "admin/tenants/restoredrill/certificate.html"),
            title=_("Certificate of a restoration"),
            object=drill,
            counted=counted,
        )
