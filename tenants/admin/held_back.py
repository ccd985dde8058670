"""Who is held back by a limit, and until when; staff can let somebody through."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.admin import changes
from tenants.admin.console import ReadOnlyAdmin
from tenants.limits import counters
from tenants.limits.counters import Claim
from tenants.limits.policies import EVERYBODY, POLICIES
from tenants.models import ApiKey, HeldBack, Partner
from tenants.wording.limits import rate

BY_PARTNER = ("order_partner", "mail_partner", "webhook_test", "webhook_replay", "export")


class NowFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "now"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("held back now")), ("0", _("over"))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[HeldBack]") -> "QuerySet[HeldBack]":
        if self.value() not in ("0", "1"):
            return queryset
        now = timezone.now()
        return queryset.filter(until__gt=now) if self.value() == "1" else queryset.filter(until__lte=now)


class PolicyFilter(admin.SimpleListFilter):
    title = _("limit")
    parameter_name = "limit"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(policy.name, policy.label) for policy in POLICIES.values()]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[HeldBack]") -> "QuerySet[HeldBack]":
        return queryset.filter(policy=self.value()) if self.value() in POLICIES else queryset


@admin.register(HeldBack)
class HeldBackAdmin(ReadOnlyAdmin):
    list_display = ("limit", "who", "allowed", "refused", "since", "last_at", "until", "is_held")
    list_filter = (NowFilter, PolicyFilter)
    search_fields = ("subject",)
    fields = ("limit", "who", "allowed", "refused", "since", "last_at", "until")
    readonly_fields = ("limit", "who", "allowed")
    actions = ["let_through"]

    def has_let_through_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tenants.change_heldback")

    @admin.display(description=_("limit"), ordering="policy")
    def limit(self, row: HeldBack) -> str:
        policy = POLICIES.get(row.policy)
        return str(policy.label) if policy else row.policy

    @admin.display(description=_("who or what"), ordering="subject")
    def who(self, row: HeldBack) -> str:
        """A key or a partner by its name; else the address, the network or the mailbox itself."""
        if row.subject == EVERYBODY:
            return gettext("everybody")
        if row.policy == "key":
            return str(ApiKey.objects.filter(pk=row.subject).first() or row.subject)
        if row.policy in BY_PARTNER:
            return str(Partner.objects.filter(pk=row.subject).first() or row.subject)
        return row.subject

    @admin.display(description=_("allowed"))
    def allowed(self, row: HeldBack) -> str:
        policy = POLICIES.get(row.policy)
        return rate(policy) if policy else ""

    @admin.display(description=_("held back now"), boolean=True)
    def is_held(self, row: HeldBack) -> bool:
        return row.until > timezone.now()

    @admin.action(description=_("Let through: begin counting anew"), permissions=["let_through"])
    def let_through(self, request: HttpRequest, chosen: "QuerySet[HeldBack]") -> None:
        for row in chosen:
            if row.policy in POLICIES:
                counters.forget(Claim(POLICIES[row.policy], row.subject))
            HeldBack.objects.filter(pk=row.pk).update(until=timezone.now())
            changes.note(request, "let_through", row, after={"refused": row.refused})
        messages.success(request, _("Let through: %(count)d.") % {"count": len(chosen)})
