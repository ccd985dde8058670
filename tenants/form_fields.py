"""Fields of forms that keep the rules of `tenants.addresses` and `tenants.names`: for pages and for the console."""

from typing import Any

from django import forms

from tenants import addresses, names
from tenants.errors import DomainError, InvalidName, InvalidText


class RuledField(forms.CharField):
    """A text in the form in which it is kept; what the rule refuses is shown beside the field."""

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        if text in self.empty_values:
            return text
        try:
            return self.ruled(text)
        except DomainError as error:
            raise forms.ValidationError(str(error), code="invalid") from error

    def ruled(self, text: str) -> str:
        raise NotImplementedError


class AddressField(RuledField):
    widget = forms.EmailInput

    def ruled(self, text: str) -> str:
        return addresses.normal(text)


class NameField(RuledField):
    def ruled(self, text: str) -> str:
        return names.checked(text, longest=self.max_length or names.LONGEST, refusal=InvalidName)


class LineField(RuledField):
    """Any text on one line: a reason, what a key is for."""

    def ruled(self, text: str) -> str:
        return names.line(text, longest=self.max_length or names.LONGEST, refusal=InvalidText)
