from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget


class CodeForm(forms.Form):
    """The code that the app shows now, or a recovery code."""

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "one-time-code", "autofocus": True}),
        help_text=_("The six digits that your code app shows now, or one of your recovery codes."),
    )


class EnrolForm(CodeForm):
    offer = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        self.fields["code"].help_text = _("The six digits that the app shows after that.")
        self.fields["code"].widget.attrs["inputmode"] = "numeric"
