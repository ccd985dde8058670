from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from tenants.admin import changes
from tenants.admin.console import ConsoleAdmin
from tenants.models import Blueprint, Plan
from tenants.templatetags.tenants_console import money


class OfferAdmin(ConsoleAdmin):
    """What was never used may be deleted; what is in use is refused with a list of what uses it."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(ModelAdmin.has_delete_permission(self, request, obj))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, set[str], list[Any]]:
        """What uses it is the reason that is told, not that the reader may not delete that as well."""
        found, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return found, counts, set() if protected else lacking, protected


@admin.register(Plan)
class PlanAdmin(OfferAdmin):
    """A new price is for new orders: each instance keeps the price of its day."""

    list_display = ("code", "name", "price", "cost", "left", "public", "orders")
    list_filter = ("is_public", "takes_orders", "currency")
    actions = ["stop_orders", "take_orders"]
    list_select_related = ("blueprint",)
    search_fields = ("code", "name_fr", "name_en")
    fieldsets = (
        (_("what customers read"), {"fields": ("code", "name_fr", "name_en", "description_fr", "description_en")}),
        (_("price and cost"), {"fields": ("price_per_month", "estimated_cost", "currency")}),
        (
            _("who may order it"),
            {"fields": ("is_public", "takes_orders", "confirm_email", "lifetime_days", "position")},
        ),
        (_("what is made"), {"fields": ("blueprint", "modules", "workspace")}),
        (_("limits at Railway"), {"fields": ("odoo_memory_gb", "odoo_vcpus", "postgres_memory_gb", "postgres_vcpus")}),
        (_("how long backups are kept"), {"fields": ("backup_days", "backup_weeks", "backup_months")}),
    )

    @admin.display(description=_("name"))
    def name(self, plan: Plan) -> str:
        return plan.name

    @admin.display(description=_("price"), ordering="price_per_month")
    def price(self, plan: Plan) -> str:
        return money(plan.price_per_month, plan.currency)

    @admin.display(description=_("estimated cost"), ordering="estimated_cost")
    def cost(self, plan: Plan) -> str:
        return money(plan.estimated_cost, plan.currency)

    @admin.display(description=_("margin"))
    def left(self, plan: Plan) -> str:
        return money(plan.margin, plan.currency)

    @admin.display(description=_("public"), boolean=True, ordering="is_public")
    def public(self, plan: Plan) -> bool:
        return plan.is_public

    @admin.display(description=_("orders"), boolean=True, ordering="takes_orders")
    def orders(self, plan: Plan) -> bool:
        return plan.takes_orders

    @admin.action(description=_("Stop new orders"), permissions=["change"])
    def stop_orders(self, request: HttpRequest, chosen: QuerySet[Plan]) -> None:
        """For a bad hour: what was ordered before goes on, or is cancelled in the list of instances."""
        self._switch(request, chosen, takes_orders=False)

    @admin.action(description=_("Take new orders again"), permissions=["change"])
    def take_orders(self, request: HttpRequest, chosen: QuerySet[Plan]) -> None:
        self._switch(request, chosen, takes_orders=True)

    def _switch(self, request: HttpRequest, chosen: QuerySet[Plan], *, takes_orders: bool) -> None:
        for plan in chosen.exclude(takes_orders=takes_orders):
            with transaction.atomic():
                Plan.objects.filter(pk=plan.pk).update(takes_orders=takes_orders)
                before, after = {"takes_orders": plan.takes_orders}, {"takes_orders": takes_orders}
                changes.note(request, "changed", plan, before=before, after=after)
            told = _("takes new orders again") if takes_orders else _("takes no new orders")
            messages.success(request, _("%(thing)s: %(what)s") % {"thing": plan, "what": told})


@admin.register(Blueprint)
class BlueprintAdmin(OfferAdmin):
    list_display = ("code", "kind", "image", "repository", "branch", "postgres_image", "floating")
    list_filter = ("kind",)
    search_fields = ("code", "image", "repository")

    @admin.display(description=_("another version at each start"))
    def floating(self, blueprint: Blueprint) -> str:
        return ", ".join(blueprint.floating_images()) or "-"

    def save_model(self, request: HttpRequest, obj: Blueprint, form: Any, change: Any) -> None:
        super().save_model(request, obj, form, change)
        for image in obj.floating_images():
            messages.warning(
                request,
                _("%(image)s moves: each start may bring another version. Write a dated tag or a digest.")
                % {"image": image},
            )
