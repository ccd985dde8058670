from django.contrib import admin

from tenants.admin.console import ConsoleAdmin
from tenants.models import Blueprint, Plan


@admin.register(Plan)
class PlanAdmin(ConsoleAdmin):
    """A new price is for new orders: each instance keeps the price of its day."""

    list_display = ("code", "name_fr", "price_per_month", "estimated_cost", "margin", "currency", "is_public")
    list_filter = ("is_public", "currency")
    search_fields = ("code", "name_fr", "name_en")


@admin.register(Blueprint)
class BlueprintAdmin(ConsoleAdmin):
    list_display = ("code", "kind", "image", "repository", "branch")
    search_fields = ("code", "image", "repository")
