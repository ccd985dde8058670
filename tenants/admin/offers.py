from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from tenants.admin.console import ConsoleAdmin
from tenants.models import Blueprint, Plan


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

    list_display = ("code", "name_fr", "price_per_month", "estimated_cost", "margin", "currency", "is_public")
    list_filter = ("is_public", "currency")
    list_select_related = ("blueprint",)
    search_fields = ("code", "name_fr", "name_en")


@admin.register(Blueprint)
class BlueprintAdmin(OfferAdmin):
    list_display = ("code", "kind", "image", "repository", "branch")
    list_filter = ("kind",)
    search_fields = ("code", "image", "repository")
