from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from tenants.models import Instance


class ConfirmationForm(forms.Form):
    """A destructive act wants its reason, the client name typed, and how long it can be undone."""

    reason = forms.CharField(label=_("Reason"), required=False, max_length=500)

    def __init__(self, *arguments: Any, instance: Instance, destructive: bool, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._client_name = instance.client_name
        if destructive:
            self.fields["reason"].required = True
            self.fields["client_name"] = forms.CharField(label=_("Type the client name"))
            self.fields["grace_days"] = forms.IntegerField(
                label=_("Days in which it can be undone"),
                min_value=0,
                max_value=90,
                initial=settings.DECOMMISSION_GRACE_DAYS,
            )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if "client_name" in self.fields and given.get("client_name") != self._client_name:
            self.add_error("client_name", _("This is not the client name."))
        return given
