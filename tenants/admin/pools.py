from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from provisioning.reasons import REASONS, reason
from tenants.admin.console import ConsoleAdmin, ReadOnlyInline
from tenants.audit import acting
from tenants.models import Pool, Unit
from tenants.models.pool import UnitState
from tenants.pool import counting, sizing
from tenants.services import instances
from tenants.services import pool as pools
from tenants.templatetags.tenants_console import age, money

CURRENCY = "USD"


class UnitInline(ReadOnlyInline):
    """Those that are something at Railway, and the last ones that were handed out."""

    model = Unit
    fk_name = "pool"
    fields = readonly_fields = ("name", "state", "warm_at", "handed_to", "why")
    verbose_name_plural = _("warm units")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Unit]":
        rows: QuerySet[Unit] = super().get_queryset(request).select_related("instance", "handed_to")
        return rows.exclude(instance__state="decommissioned")

    @admin.display(description=_("client name"))
    def name(self, unit: Unit) -> str:
        return unit.instance.client_name

    @admin.display(description=_("state"))
    def state(self, unit: Unit) -> str | Promise:
        return UnitState(unit.state).label

    @admin.display(description=_("reason"))
    def why(self, unit: Unit) -> str:
        known = unit.broken_by in REASONS
        return str(reason(unit.broken_by).advice) if known else unit.broken_by


class PoolForm(ModelForm):  # type: ignore[type-arg]
    size = forms.IntegerField(
        label=_("size"), min_value=0, max_value=pools.LARGEST, initial=0, widget=UnfoldAdminIntegerFieldWidget
    )

    def clean(self) -> dict[str, Any]:
        """One for a plan and the country that comes with its language."""
        given: dict[str, Any] = super().clean() or {}
        if self.instance.pk is None and {"plan", "language"} <= given.keys():
            country = instances.COUNTRIES[given["language"]]
            if Pool.objects.filter(plan=given["plan"], country=country).exists():
                raise forms.ValidationError(_("This plan has a pool for this country already: change that one."))
        return given


@admin.register(Pool)
class PoolAdmin(ConsoleAdmin):
    """How many warm units wait, what they cost and bring; the figures are of the last four weeks."""

    form = PoolForm
    list_display = ("name", "condition", "size", "units", "oldest", "found_one", "cost", "suggested")
    list_select_related = ("plan__blueprint",)
    actions = ["pause", "resume", "drain"]
    inlines = (UnitInline,)
    figures = ("condition", "units", "oldest", "found_one", "cost", "suggested")

    def get_fields(self, request: HttpRequest, obj: Pool | None = None) -> tuple[str, ...]:
        return ("plan", "language", "size", "is_paused", *(self.figures if obj else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: Pool | None = None) -> tuple[str, ...]:
        return ("plan", "language", *self.figures) if obj else ()

    def save_model(self, request: HttpRequest, obj: Pool, form: "ModelForm[Any]", change: bool) -> None:
        obj.country = instances.COUNTRIES[obj.language]
        super().save_model(request, obj, form, change)
        with acting(request.user.get_username()):
            pools.tend(obj)

    @admin.display(description=_("pool"), ordering="plan__code")
    def name(self, pool: Pool) -> str:
        return str(pool)

    @display(  # type: ignore[untyped-decorator]
        description=_("state"), label={"stopped": "danger", "paused": "warning", "off": "info", "filled": "success"}
    )
    def condition(self, pool: Pool) -> tuple[str, Any]:
        standing = counting.standing(pool)
        if standing.is_stopped:
            return "stopped", _("stopped after three failures")
        if pool.is_paused:
            return "paused", _("paused")
        if not pool.size:
            return "off", _("off")
        return ("filled", _("full")) if standing.fit >= pool.size else ("off", _("being filled"))

    @admin.display(description=_("units"))
    def units(self, pool: Pool) -> str:
        states = counting.standing(pool).states
        return ", ".join(f"{count} {UnitState(state).label}" for state, count in states.items() if count) or "-"

    @admin.display(description=_("the oldest"))
    def oldest(self, pool: Pool) -> str:
        since = counting.standing(pool).oldest
        return age(timezone.now() - since) if since else "-"

    @admin.display(description=_("orders that found one"))
    def found_one(self, pool: Pool) -> str:
        standing = counting.standing(pool)
        rate = standing.hit_rate
        return f"{standing.hits}/{standing.orders} ({rate:.0%})" if rate is not None else "-"

    @admin.display(description=_("cost a month"))
    def cost(self, pool: Pool) -> str:
        return money(counting.standing(pool).monthly_cost, CURRENCY)

    @admin.display(description=_("suggested size"))
    def suggested(self, pool: Pool) -> str:
        wanted = sizing.suggest(pool).wanted
        if wanted is None:
            return "-"
        return f"{wanted.units} ({wanted.hit_rate:.1%}, {money(wanted.monthly_cost, CURRENCY)})"

    @admin.action(description=_("Pause: make no unit"), permissions=["change"])
    def pause(self, request: HttpRequest, chosen: "QuerySet[Pool]") -> None:
        for pool in chosen:
            with acting(request.user.get_username()):
                pools.pause(pool)
            messages.success(request, _("%(thing)s: %(what)s") % {"thing": pool, "what": _("paused")})

    @admin.action(description=_("Resume, also after failures"), permissions=["change"])
    def resume(self, request: HttpRequest, chosen: "QuerySet[Pool]") -> None:
        for pool in chosen:
            with acting(request.user.get_username()):
                pools.resume(pool)
            messages.success(request, _("%(thing)s: %(what)s") % {"thing": pool, "what": _("resumed")})

    @admin.action(description=_("Drain: delete the units"), permissions=["change"])
    def drain(self, request: HttpRequest, chosen: "QuerySet[Pool]") -> None:
        """Those that were handed out are their customers'."""
        for pool in chosen:
            with acting(request.user.get_username()):
                count = pools.drain(pool)
            told = _("%(count)d units are being deleted") % {"count": count}
            messages.success(request, _("%(thing)s: %(what)s") % {"thing": pool, "what": told})
