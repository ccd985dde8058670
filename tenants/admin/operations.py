from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from provisioning.engine.recipes import step_label
from provisioning.models import Operation, Step
from provisioning.reasons import REASONS, reason
from provisioning.states import OperationState, StepState
from tenants.admin.console import ReadOnlyAdmin, ReadOnlyInline
from tenants.templatetags.tenants_console import age, duration

COLOURS = {
    OperationState.ACTIVE: "info",
    OperationState.SUCCEEDED: "success",
    OperationState.FAILED: "danger",
    OperationState.CANCELLED: "warning",
}


class WhyFilter(admin.SimpleListFilter):
    """By the reason of a failure, or of the waiting of the step that an active operation has come to."""

    title = _("reason")
    parameter_name = "why"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(code, code.replace("_", " ")) for code in REASONS]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Operation]") -> "QuerySet[Operation]":
        if not self.value():
            return queryset
        waiting = Step.objects.filter(operation=OuterRef("pk"), state=StepState.WAITING, reason=self.value())
        ended = queryset.exclude(state=OperationState.ACTIVE).filter(reason=self.value())
        return queryset.filter(Exists(waiting), state=OperationState.ACTIVE) | ended


class StepInline(ReadOnlyInline):
    model = Step
    fields = readonly_fields = ("label", "state", "attempts", "why", "message", "started_at", "took")
    ordering = ("position",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may see the operation may see its steps."""
        return request.user.has_perm("provisioning.view_operation")

    @admin.display(description=_("step"))
    def label(self, step: Step) -> str | Promise:
        return step_label(step.operation.kind, step.code)

    @admin.display(description=_("took"))
    def took(self, step: Step) -> str:
        return duration((step.ended_at or timezone.now()) - step.started_at) if step.started_at else ""

    @admin.display(description=_("reason"))
    def why(self, step: Step) -> str | Promise:
        return reason(step.reason).sentence if step.reason else ""


@admin.register(Operation)
class OperationAdmin(ReadOnlyAdmin):
    list_display = ("reference", "kind", "of_instance", "badge", "why", "age", "took", "created_at")
    list_filter = ("state", "kind", WhyFilter, "created_at")
    list_select_related = ("instance",)
    # the public id begins with the client name
    search_fields = ("instance__public_id", "instance__project_id", "request_id")
    search_help_text = _("Reference (OP-…), request id, client name, project id.")
    fields = (
        "reference", "kind", "of_instance", "state", "why", "advice", "message", "queue", "run_after",
        "deadline_at", "created_at", "ended_at", "took", "request_id",
    )  # fmt: skip
    inlines = (StepInline,)

    def moves(self, row: Operation) -> bool:
        return row.state == OperationState.ACTIVE

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """What looks like a reference is one."""
        wanted = request.GET.get("q", "").strip().upper()
        return ("reference",) if wanted.startswith("OP-") else self.search_fields

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Operation]":
        rows: QuerySet[Operation] = super().get_queryset(request)
        return rows.defer("spec", "facts", "sealed")

    @admin.display(description=_("instance"), ordering="instance__client_name")
    def of_instance(self, operation: Operation) -> SafeString:
        address = reverse("admin:tenants_instance_change", args=[operation.instance_id])
        return format_html('<a href="{}">{}</a>', address, operation.instance.client_name)

    @display(description=_("state"), ordering="state", label=COLOURS)  # type: ignore[untyped-decorator]
    def badge(self, operation: Operation) -> tuple[str, str]:
        return operation.state, operation.get_state_display()

    @admin.display(description=_("reason"), ordering="reason")
    def why(self, operation: Operation) -> str | Promise:
        return reason(operation.reason).sentence if operation.reason else ""

    @admin.display(description=_("what to do next"))
    def advice(self, operation: Operation) -> str | Promise:
        return reason(operation.reason).advice if operation.reason else ""

    @admin.display(description=_("age"), ordering="-created_at")
    def age(self, operation: Operation) -> str:
        return age(timezone.now() - operation.created_at)

    @admin.display(description=_("took"))
    def took(self, operation: Operation) -> str:
        return duration((operation.ended_at or timezone.now()) - operation.created_at)
