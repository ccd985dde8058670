"""API keys: issued, rotated and revoked here by the same services as on the command line; a key is shown once."""

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.functional import Promise
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from tenants.admin.console import ONE_BUTTON, ConsoleAdmin
from tenants.audit import acting
from tenants.errors import DomainError, NoTestMode, UnknownScope
from tenants.models import ApiKey, Partner
from tenants.services import keys, partners

TICKET_SECONDS = 24 * 3600
MODES = {"test": "warning", "live": "info"}


class KeyForm(ModelForm):  # type: ignore[type-arg]
    scopes = forms.MultipleChoiceField(
        label=_("scopes"),
        choices=ApiKey.Scope.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: those usual for its kind."),
    )
    test = forms.BooleanField(
        label=_("for test mode"),
        required=False,
        help_text=_("Its instances live in the sandbox, cost nothing and send no e-mail."),
    )
    ticket = forms.CharField(widget=forms.HiddenInput, max_length=40)

    class Meta:
        model = ApiKey
        fields = ("partner", "kind", "name", "expires_at")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "ticket" in self.fields:
            self.initial.setdefault("ticket", get_random_string(32))

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not set(given.get("scopes") or []) <= {str(scope) for scope in keys.possible_scopes(given.get("kind", ""))}:
            self.add_error("scopes", str(UnknownScope()))
        if given.get("test") and not settings.TEST_MODE_URL:
            self.add_error("test", str(NoTestMode()))
        if given.get("expires_at") and given["expires_at"] <= timezone.now():
            self.add_error("expires_at", _("This moment is past."))
        # a page that is sent again must not make a second key
        if not self.errors and not cache.add(f"key-form:{given['ticket']}", 1, TICKET_SECONDS):
            raise forms.ValidationError(_("This form was sent already: look for the new key in the list."))
        return given


class RotationForm(forms.Form):
    days = forms.FloatField(
        label=_("For how many days the old key still works"),
        min_value=0,
        max_value=90,
        initial=keys.OVERLAP.days,
        widget=UnfoldAdminIntegerFieldWidget,
    )


@admin.register(ApiKey)
class ApiKeyAdmin(ConsoleAdmin):
    form = KeyForm
    list_display = ("__str__", "mode", "partner", "name", "kind", "rights", "last_used_at", "expires_at", "revoked_at")
    list_filter = ("kind", ("partner__test_of", admin.EmptyFieldListFilter), "partner")
    list_select_related = ("partner__test_of",)
    search_fields = ("public_id", "name", "partner__name", "partner__test_of__name")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ("partner", "kind", "test", "name", "scopes", "expires_at", "ticket")
        shown = ("mode", "partner", "kind", "name", "public_id", "rights", "predecessor")
        return (*shown, "created_at", "expires_at", "last_used_at", "revoked_at", "acts")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else self.get_fields(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<path:pk>/rotate/", wrap(self.rotate), name="tenants_apikey_rotate"),
            path("<path:pk>/revoke/", wrap(self.revoke), name="tenants_apikey_revoke"),
            *super().get_urls(),
        ]

    @display(description=_("mode"), label=MODES)  # type: ignore[untyped-decorator]
    def mode(self, key: ApiKey) -> tuple[str, str]:
        return ("test", "TEST") if key.partner.is_test else ("live", "live")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.name == "partner":
            options["queryset"] = Partner.objects.real()
        return super().formfield_for_foreignkey(db_field, request, **options)

    @admin.display(description=_("scopes"))
    def rights(self, key: ApiKey) -> str:
        return ", ".join(str(ApiKey.Scope(scope).label) for scope in key.scopes)

    @admin.display(description=_("actions"))
    def acts(self, key: ApiKey) -> SafeString | Promise:
        if not key.is_live:
            return _("This key opens nothing any more.")
        offered = (("rotate", _("Rotate")), ("revoke", _("Revoke")))
        return format_html_join(
            " · ",
            '<a href="{}">{}</a>',
            ((reverse(f"admin:tenants_apikey_{name}", args=[key.pk]), label) for name, label in offered),
        )

    def save_model(self, request: HttpRequest, obj: Any, form: "ModelForm[Any]", change: bool) -> None:
        given = form.cleaned_data
        with acting(request.user.get_username()):
            row, obj.clear = keys.issue(
                partners.in_test_mode(given["partner"]) if given["test"] else given["partner"],
                kind=given["kind"],
                name=given["name"],
                scopes=given["scopes"] or None,
                expires_at=given["expires_at"],
            )
        obj.pk, obj.public_id = row.pk, row.public_id

    def save_related(self, request: HttpRequest, form: "ModelForm[Any]", formsets: Any, change: bool) -> None:
        """The service has written the audit entry."""

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """With one button: the page that follows is the key."""
        response: HttpResponse = super().add_view(request, form_url, ONE_BUTTON | (extra_context or {}))
        return response

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return self._show(request, obj, obj.clear)

    def rotate(self, request: HttpRequest, pk: str) -> HttpResponse:
        """GET asks for the overlap, POST makes the successor and shows it once."""
        key = self._key(request, pk)
        form = RotationForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                with acting(request.user.get_username()):
                    made, clear = keys.rotate(key, overlap=timedelta(days=form.cleaned_data["days"]))
            except DomainError as error:
                messages.error(request, f"{key}: {error}")
                return HttpResponseRedirect(self._address(key))
            return self._show(request, made, clear)
        text = _("A successor with the same rights is made; what the old key created, the new one may read.")
        return self._confirm(request, key, _("Rotate"), text, form)

    def revoke(self, request: HttpRequest, pk: str) -> HttpResponse:
        key = self._key(request, pk)
        if request.method == "POST":
            with acting(request.user.get_username()):
                keys.revoke(key)
            messages.success(request, _("Revoked: %(key)s") % {"key": key})
            return HttpResponseRedirect(self._address(key))
        text = _("From the next request on, this key opens nothing. This cannot be undone.")
        return self._confirm(request, key, _("Revoke"), text, forms.Form())

    def _key(self, request: HttpRequest, pk: str) -> ApiKey:
        if not ModelAdmin.has_change_permission(self, request):
            raise PermissionDenied
        key: ApiKey | None = self.get_object(request, unquote(pk))
        if key is None:
            raise Http404
        return key

    def _show(self, request: HttpRequest, key: ApiKey, clear: str) -> HttpResponse:
        title = _("The new key of %(partner)s") % {"partner": key.partner}
        return self.show_once(request, title=title, secret=clear, back=self._address(key))

    def _confirm(self, request: HttpRequest, key: ApiKey, title: Any, text: Any, form: forms.Form) -> HttpResponse:
        template = "admin/tenants/apikey/confirm.html"
        facts = {"title": f"{title} {key}", "explanation": text, "form": form, "back": self._address(key)}
        return self.page(request, template, **facts)

    @staticmethod
    def _address(key: ApiKey) -> str:
        return reverse("admin:tenants_apikey_change", args=[key.pk])
