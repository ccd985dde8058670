from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.admin import audit_words
from tenants.admin.console import ReadOnlyAdmin
from tenants.models import AuditEntry

KINDS: dict[str, tuple[str | Promise, Q]] = {
    "state": (_("changes of state"), Q(act="state")),
    "staff": (_("staff acts on instances"), Q(act__startswith="staff:")),
    "signin": (_("sign-ins"), Q(act__startswith="signin") | Q(act__startswith="second_factor")),
}


class KindFilter(admin.SimpleListFilter):
    title = _("what")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((code, str(label)) for code, (label, _which) in KINDS.items()), ("other", gettext("everything else"))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[AuditEntry]") -> "QuerySet[AuditEntry]":
        wanted = self.value() or ""
        if wanted == "other":
            return queryset.exclude(KINDS["state"][1] | KINDS["staff"][1] | KINDS["signin"][1])
        return queryset.filter(KINDS[wanted][1]) if wanted in KINDS else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "who", "what", "of_instance", "subject", "why", "changes")
    list_filter = (KindFilter, "at")
    list_select_related = ("instance",)
    search_fields = ("instance__client_name", "subject", "actor", "reason")
    fields = ("at", "who", "what", "of_instance", "subject", "why", "changes", "act", "before", "after")
    readonly_fields = ("who", "what", "of_instance", "why", "changes")

    @admin.display(description=_("who"), ordering="actor")
    def who(self, entry: AuditEntry) -> str:
        return audit_words.actor_of(entry)

    @admin.display(description=_("what"), ordering="act")
    def what(self, entry: AuditEntry) -> str:
        return audit_words.act_of(entry)

    @admin.display(description=_("instance"))
    def of_instance(self, entry: AuditEntry) -> SafeString | str:
        if entry.instance is None:
            return ""
        address = reverse("admin:tenants_instance_change", args=[entry.instance_id])
        return format_html('<a href="{}">{}</a>', address, entry.instance)

    @admin.display(description=_("why"))
    def why(self, entry: AuditEntry) -> str:
        return audit_words.reason_of(entry)

    @admin.display(description=_("before → after"))
    def changes(self, entry: AuditEntry) -> str:
        return audit_words.changes_of(entry)
