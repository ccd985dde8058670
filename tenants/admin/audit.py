from django.contrib import admin

from tenants.admin.console import ReadOnlyAdmin
from tenants.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor", "act", "instance", "subject", "reason", "before", "after")
    list_filter = ("act", "at")
    list_select_related = ("instance",)
    search_fields = ("instance__client_name", "subject", "actor", "reason")
