from django.contrib import admin

from tenants.admin.console import ReadOnlyAdmin
from tenants.models import Tenant


@admin.register(Tenant)
class TenantAdmin(ReadOnlyAdmin):
    list_display = ("company", "email", "partner", "language", "created_at")
    list_select_related = ("partner",)
    search_fields = ("company", "email")
