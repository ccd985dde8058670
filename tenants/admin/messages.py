from django.contrib import admin

from tenants.admin.console import ReadOnlyAdmin
from tenants.models import Mail, WebhookDelivery


@admin.register(Mail)
class MailAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "kind", "recipient", "state", "attempts", "error", "instance")
    list_filter = ("state", "kind")
    list_select_related = ("instance",)
    search_fields = ("recipient", "instance__client_name")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "event", "endpoint", "state", "tries", "run_after", "delivered_at")
    list_filter = ("state",)
    list_select_related = ("event", "endpoint")
    search_fields = ("public_id", "endpoint__url")
