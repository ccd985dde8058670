from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from provisioning.models import Outage
from tenants.admin.console import ReadOnlyAdmin
from tenants.alerts import notes
from tenants.models import Alert


class OpenFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("open")), ("0", _("over"))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Alert]") -> "QuerySet[Alert]":
        if self.value() not in ("0", "1"):
            return queryset
        return queryset.filter(closed_at__isnull=self.value() == "1")


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ("headline", "why", "count", "most", "opened_at", "seen_at", "closed_at", "what")
    list_filter = (OpenFilter, "kind", "opened_at")
    fields = ("headline", "why", "advice", "count", "most", "told", "opened_at", "seen_at", "closed_at", "what")
    readonly_fields = ("headline", "why", "advice", "told", "what")

    @admin.display(description=_("alert"))
    def headline(self, alert: Alert) -> str:
        return notes.headline(alert)

    @admin.display(description=_("reason"))
    def why(self, alert: Alert) -> str:
        why = notes.why_of(alert)
        return str(why.sentence) if why else ""

    @admin.display(description=_("what to do next"))
    def advice(self, alert: Alert) -> str:
        why = notes.why_of(alert)
        return str(why.advice) if why else ""

    @admin.display(description=_("references"))
    def told(self, alert: Alert) -> str:
        return ", ".join(alert.references)

    @admin.display(description=_("about"))
    def what(self, alert: Alert) -> SafeString:
        return format_html('<a class="underline" href="{}">{}</a>', notes.page_of(alert), _("Show"))


@admin.register(Outage)
class OutageAdmin(ReadOnlyAdmin):
    list_display = ("workspace", "kind", "cause", "notice", "began_at", "opened_at", "ended_at", "probe_at")
    list_filter = ("kind", "workspace")
