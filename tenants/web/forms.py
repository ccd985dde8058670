"""The signup form: what a visitor types, and the traps for those who are no visitors."""

import secrets
from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.utils.translation import gettext_lazy as _

from tenants import client_names, mail_domains
from tenants.errors import ClientNameTaken, DomainError, InvalidClientName, ReservedClientName
from tenants.form_fields import AddressField, NameField
from tenants.models import Plan
from tenants.services import instances, partners
from tenants.services import signup as use_case

TICKETS = TimestampSigner(salt="tenants.web.signup-form")
TICKET_SECONDS = 86_400


def new_ticket() -> str:
    """A signed number for one form, which also says when the form was shown."""
    return TICKETS.sign(secrets.token_urlsafe(18))


class ClientNameForm(forms.Form):
    """The wish for an address; empty, it is made from ``company``."""

    # of the whole address, what is not chosen
    address_start, address_end = "eazynova-", ".up.railway.app"
    # to a visitor it is an address: by the code of the refusal
    words: ClassVar = {
        InvalidClientName.code: _(
            "Use 3 to 50 lower-case letters without accents, digits and hyphens, with no hyphen at either end."
        ),
        ReservedClientName.code: _("This address is reserved. Choose another one."),
        ClientNameTaken.code: _("This address is taken. Choose another one."),
    }
    client_name = forms.CharField(required=False, label=_("Address of your Odoo"))

    def clean_client_name(self) -> str:
        wish: str = self.cleaned_data["client_name"].lower()
        try:
            return wish and client_names.check(wish)
        except DomainError as error:
            raise self._in_words(error) from error

    def is_free(self) -> bool:
        """Whether it may be used and nobody has it now; if not, it says why beside the field."""
        if self.is_valid():
            try:
                instances.require_free(self.cleaned_data["client_name"], partners.house())
            except ClientNameTaken as error:
                self.refuse(error)
        return not self.errors

    def refuse(self, error: DomainError) -> None:
        """Say what a use case refuses beside its field, or above the form when it has none."""
        self.add_error(error.field if error.field in self.fields else None, self._in_words(error))

    @property
    def reason(self) -> str:
        """The code of what is wrong with the wish, or ""."""
        return next((error.code or "" for error in self.errors.as_data().get("client_name", ())), "")

    @property
    def suggestions(self) -> list[str]:
        """Up to three free names near to a wish that is refused."""
        wishes = (self.data.get(name, "")[:100] for name in ("client_name", "company"))
        return use_case.free_names(*wishes)[:3] if self.reason else []

    def address_of(self, name: str) -> str:
        return f"{self.address_start}{name}{self.address_end}"

    def _in_words(self, error: DomainError) -> forms.ValidationError:
        return forms.ValidationError(str(self.words.get(error.code, error)), code=error.code)


class SignupForm(ClientNameForm):
    """``website`` is a honeypot: people do not see it, so only machines fill it."""

    field_order = ("company", "client_name")
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
