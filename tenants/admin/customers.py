from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from tenants.admin.console import ReadOnlyAdmin
from tenants.models import Instance, Tenant


@admin.register(Tenant)
class TenantAdmin(ReadOnlyAdmin):
    list_display = ("company", "email", "partner", "language", "owned", "created_at")
    list_select_related = ("partner",)
    search_fields = ("company", "email")
    fields = ("company", "email", "partner", "language", "country", "created_at", "their_instances")
    readonly_fields = ("their_instances",)

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
