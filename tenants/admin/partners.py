from django.contrib import admin

from tenants.admin.console import ConsoleAdmin, ReadOnlyAdmin
from tenants.models import ApiKey, Partner


@admin.register(Partner)
class PartnerAdmin(ConsoleAdmin):
    list_display = ("name", "is_active", "contact_email", "quota", "created_at")
    list_filter = ("is_active",)
    search_fields = ("name", "contact_email")


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "partner", "name", "kind", "scopes", "last_used_at", "expires_at", "revoked_at")
    list_filter = ("kind",)
    list_select_related = ("partner",)
    search_fields = ("public_id", "name", "partner__name")
    exclude = ("digest",)
