"""What the API reads: one serializer an input; each checks the form and the domain's own rules, none saves."""

from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tenants import addresses, client_names, moments, names
from tenants.errors import DomainError, InvalidCompany
from tenants.models import Plan
from tenants.models.webhook import WebhookEvents
from tenants.services import instances


class PublicStatus(TextChoices):
    CREATING = "creating"
    READY = "ready"
    FAILED = "failed"
    SUSPENDED = "suspended"
    DECOMMISSIONING = "decommissioning"
    DECOMMISSIONED = "decommissioned"


class TextField(serializers.CharField):
    """A string and only that: no number or boolean is taken for one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field({"type": "string", "format": "email", "maxLength": addresses.LONGEST})
class AddressField(TextField):
    def to_internal_value(self, data: Any) -> str:
        return _by_domain(addresses.normal, super().to_internal_value(data))


class CompanyField(TextField):
    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        return _by_domain(partial(names.checked, refusal=InvalidCompany), text) if text else ""


class LineField(TextField):
    def to_internal_value(self, data: Any) -> str:
        rule = partial(names.line, longest=self.max_length or names.LONGEST)
        return _by_domain(rule, super().to_internal_value(data))


class MomentField(serializers.DateTimeField):
    """Within what every database and every time zone can hold."""

    def __init__(self, **options: Any) -> None:
        super().__init__(validators=moments.VALIDATORS, **options)

    def to_internal_value(self, value: Any) -> datetime:
        try:
            return super().to_internal_value(value)
        except OverflowError:
            raise serializers.ValidationError(moments.REFUSAL) from None


class OrderInput(serializers.Serializer[None]):
    """An instance to be created."""

    clientName = TextField(
        min_length=client_names.SHORTEST,
        max_length=client_names.LONGEST,
        help_text="Technical name, part of the address for ever: lower-case letters, digits and hyphens.",
    )
    adminEmail = AddressField(help_text="Address of the administrator, which is also the login.")
    companyName = CompanyField(
        max_length=100, required=False, allow_blank=True, help_text="Name of the company; else the client name."
    )
    plan = TextField(max_length=50, required=False, allow_blank=True, help_text="Code of a plan; else “starter”.")
    language = serializers.ChoiceField(choices=["fr", "en"], required=False, help_text="Of the customer; else “fr”.")
    captcha = TextField(
        max_length=2048,
        required=False,
        allow_blank=True,
        help_text="A visitor's answer to Cloudflare Turnstile, when the problem `captcha` asks for it.",
    )

    def validate_clientName(self, value: str) -> str:
        return _by_domain(client_names.check, value)

    def validate_plan(self, value: str) -> str:
        if value and not Plan.objects.filter(code=value).exists():
            _by_domain(instances.find_plan, value)
        return value


class EmailInput(serializers.Serializer[None]):
    """The administrator's corrected address."""

    adminEmail = AddressField(help_text="The new address, which is also the new login.")


class PlanChangeInput(serializers.Serializer[None]):
    """Another plan for an instance."""

    plan = TextField(max_length=50, help_text="Code of a plan.")
    when = serializers.ChoiceField(
        choices=["now", "period_end"],
        default="now",
        help_text="Of a trial the period ends with it, else with the calendar month.",
    )
    pricePerMonth = serializers.DecimalField(
        max_digits=10,
        decimal_places=2,
        required=False,
        help_text="The price that is agreed to: the order is refused when the plan has another one by now.",
    )


class EndQuery(serializers.Serializer[None]):
    """How an instance ends."""

    immediately = serializers.BooleanField(
        default=False, help_text="Delete now, for ever, without a grace period; needs the scope `delete`."
    )


class ListQuery(serializers.Serializer[None]):
    """Which of the caller's instances, and which page of them."""

    limit = serializers.IntegerField(min_value=1, max_value=200, default=50)
    cursor = serializers.CharField(max_length=64, required=False)
    status = serializers.ChoiceField(choices=PublicStatus.values, required=False)
    clientName = serializers.CharField(max_length=50, required=False)
    createdAfter = MomentField(required=False)
    createdBefore = MomentField(required=False)


class EndpointInput(serializers.Serializer[None]):
    """A webhook endpoint."""

    url = TextField(max_length=500, help_text="https, public, port 443 or 8443.")
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=WebhookEvents.choices),
        required=False,
        max_length=20,
        help_text="Which events; none or empty: all.",
    )
    description = LineField(max_length=100, required=False, allow_blank=True)


class EndpointChange(EndpointInput):
    """What is given is changed, the rest stays."""

    url = TextField(max_length=500, required=False, help_text="https, public, port 443 or 8443.")
    enabled = serializers.BooleanField(required=False)


class ReplayInput(serializers.Serializer[None]):
    """One event by its id, or those of a time."""

    eventId = TextField(max_length=32, required=False)
    since = MomentField(required=False)
    until = MomentField(required=False)
    onlyFailed = serializers.BooleanField(default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "eventId" not in attrs and "since" not in attrs:
            raise serializers.ValidationError({"eventId": _("Give “eventId” or “since”.")})
        return attrs


class DeliveryQuery(serializers.Serializer[None]):
    limit = serializers.IntegerField(min_value=1, max_value=200, default=50)
    cursor = serializers.CharField(max_length=64, required=False)
    state = serializers.ChoiceField(choices=["queued", "delivered", "failed"], required=False)


def _by_domain(check: Any, value: str) -> str:
    try:
        checked = check(value)
    except DomainError as error:
        raise serializers.ValidationError(str(error), code=error.code) from error
    return str(checked)


class RestoreInput(serializers.Serializer[None]):
    """``clientName`` is typed by whoever decides: what was entered after the backup is replaced."""

    backupId = TextField(max_length=16)
    clientName = TextField(max_length=50)


class DomainInput(serializers.Serializer[None]):
    """The domain, in its own letters or in ASCII; a web address that holds it may be sent."""

    name = TextField(max_length=300)
