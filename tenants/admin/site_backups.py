from django.contrib import admin

from provisioning.models import SiteBackup
from tenants.admin.console import ReadOnlyAdmin


@admin.register(SiteBackup)
class SiteBackupAdmin(ReadOnlyAdmin):
    list_display = ("name", "state", "begun_at", "ended_at", "size", "reason")
    list_filter = ("state", "begun_at")
    search_fields = ("name", "reason")
    fields = ("name", "state", "begun_at", "ended_at", "size", "reason", "message")
