from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from provisioning.models import Operation
from tenants.admin.console import ReadOnlyAdmin
from tenants.models import Signup


@admin.register(Signup)
class SignupAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "company", "email", "plan", "partner", "state", "reason", "instance")
    list_filter = ("plan", "partner", "created_at")
    list_select_related = ("plan", "partner", "instance")
    search_fields = ("company", "email", "instance__client_name")
    fields = (
        *("company", "client_name", "email", "language", "plan", "partner", "state", "reason", "instance"),
        *("created_at", "expires_at", "confirmed_at"),
    )
    readonly_fields = ("state", "reason")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Signup]:
        last = Operation.objects.filter(instance=OuterRef("instance")).order_by("-pk")
        rows: QuerySet[Signup] = super().get_queryset(request)
        return rows.annotate(last_reason=Subquery(last.values("reason")[:1]))

    @admin.display(description=_("state"))
    def state(self, signup: Signup) -> str | Promise:
        if signup.instance is not None:
            return signup.instance.get_state_display()
        if signup.expires_at is not None and signup.expires_at <= timezone.now():
            return _("never confirmed")
        return _("to be confirmed")

    @admin.display(description=_("reason"))
    def reason(self, signup: Any) -> str:
        return getattr(signup, "last_reason", None) or ""
