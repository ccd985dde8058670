"""The export of an instance in the console: who takes a customer's data away says why, and is written down."""

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from provisioning.exit_kit import files
from tenants.admin.action_pages import ActingAdmin
from tenants.audit import acting
from tenants.errors import DomainError
from tenants.form_fields import LineField
from tenants.models import Instance
from tenants.services import exports, preconditions

PERMISSION = "tenants.export_instance"


class ExportForm(forms.Form):
    reason = LineField(label=_("Reason"), max_length=500)


class ExportingAdmin(ActingAdmin):
    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<path:pk>/export/", wrap(self.show_export), name="tenants_instance_export"),
            path("<path:pk>/export/kit/", wrap(self.give_kit), name="tenants_instance_kit"),
            *super().get_urls(),
        ]

    def may_export(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(PERMISSION))

    def show_export(self, request: HttpRequest, pk: str) -> HttpResponse:
        """GET asks for the reason; the answer to the POST holds the address of the backup, and nothing else does."""
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponseNotAllowed(["GET", "POST"])
        instance = self._exportable(request, pk)
        form, found = ExportForm(request.POST or None), None
        if request.method == "POST" and form.is_valid():
            try:
                with acting(request.user.get_username(), form.cleaned_data["reason"]):
                    found = exports.export(instance)
            except DomainError as error:
                form.add_error(None, str(error))
        return self.page(
            request,
            "admin/tenants/instance/export.html",
            title=_("Exit kit"),
            object=instance,
            form=form,
            found=found,
            why_not=preconditions.why_not("export", instance),
        )

    def give_kit(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The kit without the backup: nothing in it is secret."""
        instance = self._exportable(request, pk)
        try:
            made = files.zipped(exports.kit(instance))
        except DomainError:
            return self.show_export(request, pk)
        disposition = {"Content-Disposition": f'attachment; filename="{instance.client_name}-kit.zip"'}
        return HttpResponse(made, content_type="application/zip", headers=disposition)

    def _exportable(self, request: HttpRequest, pk: str) -> Instance:
        instance = self.instance(request, pk)
        if not self.may_export(request):
            raise PermissionDenied
        return instance
