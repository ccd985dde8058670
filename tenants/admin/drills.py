from django.contrib import admin

from tenants.admin.console import ReadOnlyAdmin
from tenants.models import RestoreDrill


@admin.register(RestoreDrill)
class RestoreDrillAdmin(ReadOnlyAdmin):
    """Which backups were really brought back, and what was found in them."""

    list_display = ("public_id", "instance", "backup", "state", "created_at", "seconds", "reason", "removed_at")
    list_filter = ("state", "created_at")
    search_fields = ("public_id__iexact", "instance__client_name", "instance__public_id__iexact")
    fields = readonly_fields = (
        *("public_id", "instance", "backup", "unit", "state", "created_at", "ended_at", "seconds", "facts"),
        *("reason", "message", "removed_at"),
    )
