from django.contrib import admin

from provisioning.models import Outage
from tenants.admin.console import ReadOnlyAdmin
from tenants.models import Alert


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ("kind", "topic", "count", "opened_at", "seen_at", "closed_at")
    list_filter = ("kind", "opened_at")


@admin.register(Outage)
class OutageAdmin(ReadOnlyAdmin):
    list_display = ("workspace", "kind", "cause", "notice", "began_at", "opened_at", "ended_at", "probe_at")
    list_filter = ("kind", "workspace")
