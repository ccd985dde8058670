from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from provisioning.models import Backup, Restore
from tenants import moments
from tenants.admin.actions import PERIOD_END, StaffAction
from tenants.errors import DomainError
from tenants.form_fields import AddressField, LineField, NameField
from tenants.models import Instance, Partner, Plan
from tenants.services import plan_changes, restores
from tenants.wording import plans

# what an action changes is shown as it is now
SHOWN = {"email": "admin_email", "new_email": "admin_email", "expires_at": "expires_at"}
# what is wrong with an order's member stands beside the field that asks for it
BESIDE = {"client_name": "new_name", "email": "new_email"}


def _expiry() -> forms.Field:
    picker = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    label = _("Ends (empty: never)")
    return forms.DateTimeField(label=label, required=False, widget=picker, validators=moments.VALIDATORS)


def _grace_days() -> forms.Field:
    label, usual = _("Days in which it can be undone"), settings.DECOMMISSION_GRACE_DAYS
    return forms.IntegerField(label=label, min_value=0, max_value=90, initial=usual)


# what an action asks beside the reason, by the name in its ``asks``
FIELDS: dict[str, Callable[[], forms.Field]] = {
    "email": lambda: AddressField(label=_("Corrected e-mail address, also the login"), max_length=254),
    # which there are is known with the instance
    "backup": lambda: forms.ChoiceField(label=_("Backup")),
    "mode": lambda: forms.ChoiceField(
        label=_("Kind"), choices=[(each.value, each.label) for each in (Restore.Mode.COPY, Restore.Mode.MOVE)]
    ),
    "plan": lambda: forms.ChoiceField(label=_("Plan"), widget=forms.RadioSelect),
    "when": lambda: forms.ChoiceField(
        label=_("When"), choices=[("now", _("Now")), (PERIOD_END, _("At the end of the trial, or of the month"))]
    ),
    "new_name": lambda: forms.CharField(label=_("Client name of the new instance"), max_length=50),
    "new_email": lambda: AddressField(label=_("E-mail address of its owner, also the login"), max_length=254),
    "expires_at": _expiry,
    "grace_days": _grace_days,
}


class ActionForm(forms.Form):
    """What an action wants to know, and why it is done."""

    reason = LineField(label=_("Reason"), required=False, max_length=500)

    def __init__(self, *arguments: Any, action: StaffAction, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["reason"].required = action.wants_reason
        for name in action.asks:
            self.fields[name] = FIELDS[name]()
        self.order_fields(action.asks)

    def refuse(self, error: DomainError) -> None:
        """Beside the field that it is about, if there is one."""
        places = (BESIDE.get(error.field, ""), error.field)
        self.add_error(next((name for name in places if name in self.fields), None), str(error))


class ConfirmationForm(ActionForm):
    """For one instance: a destructive act wants its client name typed."""

    def __init__(self, *arguments: Any, action: StaffAction, instance: Instance, **options: Any) -> None:
        super().__init__(*arguments, action=action, **options)
        self._client_name = instance.client_name
        for name in SHOWN.keys() & self.fields.keys():
            self.initial.setdefault(name, getattr(instance, SHOWN[name]))
        if action.destructive:
            self.fields["client_name"] = forms.CharField(label=_("Type the client name"))
        if "backup" in self.fields:
            self.fields["backup"] = forms.ChoiceField(
                label=_("Backup"),
                choices=[(row.public_id, _backup_label(row)) for row in restores.restorable(instance)],
            )
            self.order_fields(("backup",))
        if "plan" in self.fields:
            asked: Any = self.fields["plan"]
            asked.choices = [(each.plan.code, _plan_label(instance, each)) for each in plan_changes.possible(instance)]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if "client_name" in self.fields and given.get("client_name") != self._client_name:
            self.add_error("client_name", _("This is not the client name."))
        return given


def _backup_label(backup: Backup) -> str:
    taken = date_format(timezone.localtime(backup.taken_at or backup.created_at), "SHORT_DATETIME_FORMAT")
    return f"{taken} · {backup.get_occasion_display()} · {filesizeformat(backup.size or 0)} · {backup.public_id}"


def _plan_label(instance: Instance, offer: plan_changes.Offer) -> str:
    """What it costs and changes, said before."""
    told = plans.changes(instance.plan, offer.plan, offer.adds, offer.stays, restarts=offer.restarts)
    return " · ".join((offer.plan.name, plans.price_of(offer.plan), *told))


class BulkForm(ActionForm):
    """For many: a destructive act wants their number typed."""

    def __init__(self, *arguments: Any, action: StaffAction, count: int, **options: Any) -> None:
        super().__init__(*arguments, action=action, **options)
        self._count = count
        if action.destructive:
            self.fields["count"] = forms.IntegerField(label=_("Type how many instances these are"))

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if "count" in self.fields and given.get("count") != self._count:
            self.add_error("count", _("This is not their number."))
        return given


def _house() -> Partner | None:
    return Partner.objects.filter(is_house=True).first()


class PlanField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, plan: Plan) -> str:
        return f"{plan.name} ({plan.code})"


class OrderForm(forms.Form):
    """An instance, as the API and the command line order it."""

    client_name = forms.CharField(
        label=_("client name"),
        max_length=50,
        help_text=_("Small letters, digits, hyphens: part of the address for ever."),
    )
    email = AddressField(label=_("admin e-mail"), max_length=254, help_text=_("Also the login in Odoo."))
    company = NameField(label=_("company"), max_length=100, required=False, help_text=_("Empty: the client name."))
    partner = forms.ModelChoiceField(Partner.objects.real().filter(is_active=True), label=_("partner"), initial=_house)
    plan = PlanField(Plan.objects.all(), label=_("plan"))
    language = forms.ChoiceField(label=_("language"), choices=[("fr", _("French")), ("en", _("English"))], initial="fr")
    reason = LineField(label=_("Reason"), required=False, max_length=500)

    def refuse(self, error: DomainError) -> None:
        """Beside the field that it is about, if there is one."""
        self.add_error(error.field if error.field in self.fields else None, str(error))
