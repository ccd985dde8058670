from django.contrib import admin

from provisioning.models import UnreadableEvent
from tenants.admin.console import ReadOnlyAdmin


@admin.register(UnreadableEvent)
class UnreadableEventAdmin(ReadOnlyAdmin):
    list_display = ("source", "problem", "count", "first_at", "last_at")
    list_filter = ("source", "last_at")
    search_fields = ("source", "problem", "body")
    fields = ("source", "problem", "count", "first_at", "last_at", "body")
