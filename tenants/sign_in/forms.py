from django import forms
from django.contrib.auth.models import User
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _
from unfold.forms import AuthenticationForm
from unfold.widgets import UnfoldAdminTextInputWidget

LONGEST_PASSWORD = 1000


class SignInForm(AuthenticationForm):  # type: ignore[misc]
    """Django hands names of any length on to those who count wrong passwords, and their table has an end."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)
        self.fields["username"].validators.append(MaxLengthValidator(User.username.field.max_length))
        self.fields["password"].validators.append(MaxLengthValidator(LONGEST_PASSWORD))


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
