from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from tenants.admin.console import ConsoleAdmin
from tenants.models import Instance, Tenant


@admin.register(Tenant)
class TenantAdmin(ConsoleAdmin):
    """What was ordered stays as it was; whom to speak to, and what to know, staff write themselves."""

    list_display = ("company", "email", "contact_name", "partner", "language", "owned", "created_at")
    list_select_related = ("partner",)
    search_fields = ("company", "email", "contact_name", "contact_phone")
    readonly_fields = ("company", "email", "partner", "language", "country", "created_at", "their_instances")
    fieldsets = (
        (None, {"fields": readonly_fields}),
        (_("contact and notes"), {"fields": ("contact_name", "contact_phone", "notes")}),
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        told = {"notes": _("For staff. The customer is given them when asking for all that is kept about a person.")}
        return super().get_form(request, obj, change, help_texts=told, **options)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        rows: QuerySet[Tenant] = super().get_queryset(request)
        owned = Instance.objects.filter(tenant=OuterRef("pk")).order_by().values("tenant").annotate(count=Count("pk"))
        return rows.annotate(owned=Coalesce(Subquery(owned.values("count")), 0))

    @admin.display(description=_("instances"))
    def owned(self, tenant: Tenant) -> int:
        return int(getattr(tenant, "owned", 0))

    @admin.display(description=_("instances"))
    def their_instances(self, tenant: Tenant) -> SafeString:
        rows = (
            (reverse("admin:tenants_instance_change", args=[each.pk]), each.client_name, each.get_state_display())
            for each in tenant.instances.all()
        )
        links = format_html_join("", '<li><a href="{}">{}</a> ({})</li>', rows)
        return format_html('<ul class="console-list">{}</ul>', links)
