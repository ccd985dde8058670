"""The signup form: what a visitor types, and the traps for those who are no visitors."""

import secrets
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.utils.translation import gettext_lazy as _

from tenants import mail_domains
from tenants.form_fields import AddressField, NameField
from tenants.models import Plan

TICKETS = TimestampSigner(salt="tenants.web.signup-form")
TICKET_SECONDS = 86_400


def new_ticket() -> str:
    """A signed number for one form, which also says when the form was shown."""
    return TICKETS.sign(secrets.token_urlsafe(18))


class SignupForm(forms.Form):
    """``website`` is a honeypot: people do not see it, so only machines fill it."""

    company = NameField(
        max_length=100,
        label=_("Company name"),
        error_messages={"required": _("Enter the name of your company, for example Acme Corp.")},
    )
    email = AddressField(
        max_length=254,
        label=_("E-mail address"),
        error_messages={
            "required": _("Enter your e-mail address, for example name@company.com."),
        },
    )
    plan = forms.ChoiceField(
        label=_("Plan"),
        error_messages={"required": _("Choose a plan."), "invalid_choice": _("Choose one of the plans shown.")},
    )
    language = forms.ChoiceField(
        label=_("Language of your Odoo"),
        choices=(("fr", "Français"), ("en", "English")),
        error_messages={"required": _("Choose a language."), "invalid_choice": _("Choose one of the languages shown.")},
    )
    website = forms.CharField(required=False)
    # the address that was asked about: sent once more, it is meant
    asked_about = forms.CharField(required=False, max_length=254)
    ticket = forms.CharField(required=False)

    def __init__(self, data: Any = None, *, plans: list[Plan], initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        self.slip = ""
        self.fields["plan"].choices = [(plan.code, plan.name) for plan in plans]  # type: ignore[attr-defined]

    def ticket_number(self) -> str | None:
        """The number under which this form was handed out, or None when it is not one of ours or a day old."""
        try:
            return TICKETS.unsign(self.data.get("ticket", ""), max_age=TICKET_SECONDS)
        except BadSignature:
            return None

    def ask_about_the_address(self) -> None:
        """Once about an address that looks like a slip of the keyboard; who sends it again means it."""
        typed = self.cleaned_data["email"]
        meant = mail_domains.likely(typed)
        if meant and self.data.get("asked_about") != typed:
            self.slip = typed
            question = _(
                "Did you mean %(address)s? Correct it, or send the form once more if it is right as it stands."
            )
            self.add_error("email", question % {"address": meant})

    def looks_automatic(self) -> bool:
        """A filled honeypot, or a form that came back faster than anybody types."""
        if self.data.get("website"):
            return True
        try:
            TICKETS.unsign(self.data.get("ticket", ""), max_age=timedelta(seconds=settings.SIGNUP_MIN_SECONDS))
        except BadSignature:
            return False
        return True

    def errors_of_fields(self) -> list[tuple[str, str]]:
        """For the summary: the id of the field and what to do about it."""
        return [(f"id_{name}" if name != "__all__" else "form", str(found[0])) for name, found in self.errors.items()]
