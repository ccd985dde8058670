from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from tenants import names
from tenants.admin.console import ConsoleAdmin
from tenants.errors import DomainError, NameTaken
from tenants.models import Partner


class OriginsField(forms.CharField):
    """Addresses of web sites, one a line; a list in the row."""

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        origins = super().clean(value).split()
        for origin in origins:
            if not _is_origin(origin):
                raise forms.ValidationError(
                    _("%(origin)s is not the address of a web site: write https://www.partner.com, without a path."),
                    params={"origin": origin},
                )
        return list(dict.fromkeys(origins))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(initial or []) != (data or "").split()


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        # "https://[" is no address of the sixth version
        return False
    return parts.scheme in ("https", "http") and bool(parts.netloc) and text == f"{parts.scheme}://{parts.netloc}"


class PartnerForm(ModelForm):  # type: ignore[type-arg]
    allowed_origins = OriginsField(
        label=_("allowed origins"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Web sites that may show the widget, one a line: https://www.partner.com."),
    )

    closed_parts = forms.MultipleChoiceField(
        label=_("switched off for its customers"),
        required=False,
        choices=Partner.Part.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("They see no such button in their space, and ask the partner instead."),
    )

    class Meta:
        model = Partner
        fields = (
            *("name", "is_active", "contact_email", "reply_to", "language", "allowed_origins", "quota"),
            "closed_parts",
        )

    def clean_name(self) -> str:
        """As it is kept; one that people would take for another partner's is refused. The former one may stay."""
        given: str = self.cleaned_data["name"]
        if given == self.instance.name:
            return given
        try:
            name = names.checked(given)
        except DomainError as error:
            raise forms.ValidationError(str(error)) from error
        if Partner.objects.filter(name_key=names.key(name)).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(str(NameTaken()))
        self.instance.rename(name)
        return name

    def clean_is_active(self) -> bool:
        active: bool = self.cleaned_data["is_active"]
        if self.instance.is_house and not active:
            raise forms.ValidationError(
                _("The house itself stays active: visitors of the public page order through it.")
            )
        return active


@admin.register(Partner)
class PartnerAdmin(ConsoleAdmin):
    form = PartnerForm
    list_display = ("name", "is_active", "is_house", "contact_email", "quota", "created_at")
    list_filter = ("is_active",)
    search_fields = ("name", "contact_email")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Partner]:
        """What stands for a partner in test mode has nothing to be edited."""
        rows: QuerySet[Partner] = super().get_queryset(request)
        return rows.filter(test_of=None)
