from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from provisioning.models import Operation, Step
from provisioning.reasons import reason
from provisioning.recipes import step_definition
from provisioning.states import OperationState, StepState
from provisioning.turns import place_of
from tenants.admin import timeline
from tenants.admin.acts import ActingAdmin
from tenants.admin.dashboard import MONEY
from tenants.admin.service_logs import read_logs
from tenants.lifecycle import InstanceState
from tenants.models import Instance
from tenants.templatetags.tenants_console import duration

COLOURS = {
    InstanceState.REQUESTED: "info",
    InstanceState.PROVISIONING: "info",
    InstanceState.READY: "success",
    InstanceState.SUSPENDED: "warning",
    InstanceState.FAILED: "danger",
    InstanceState.DECOMMISSIONING: "warning",
}

FACTS = (
    "tenant",
    "plan",
    "client_name",
    "public_id",
    "admin_email",
    "database_name",
    "url",
    "workspace",
    "project_id",
    "price_per_month",
    "estimated_cost",
    "currency",
    "created_at",
    "ready_at",
    "expires_at",
    "decommission_after",
    "ended_at",
)


@admin.register(Instance)
class InstanceAdmin(ActingAdmin):
    list_display = ("client_name", "company", "badge", "step", "why", "age", "plan", "partner", "margin")
    date_hierarchy = "created_at"
    list_filter = ("state", "plan", "tenant__partner", "created_at")
    list_select_related = ("tenant__partner", "plan")
    search_fields = (
        "client_name",
        "tenant__company",
        "admin_email",
        "tenant__email",
        "url",
        "project_id",
    )
    readonly_fields = ("badge", "buttons", "queue", "timeline", "ledger", "logs", *FACTS)
    # what can be done and what happened come before what is known
    fieldsets = (
        (None, {"fields": ("badge", "buttons", "queue", "logs")}),
        (_("timeline"), {"fields": ("timeline",)}),
        (_("ledger"), {"fields": ("ledger",)}),
        (_("facts"), {"fields": FACTS}),
    )

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """A reference is looked for among the operations, and only then: that join costs more than all the rest."""
        wanted = request.GET.get("q", "").strip().upper()
        return ("operations__reference",) if wanted.startswith("OP-") else self.search_fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Instance]:
        last = Operation.objects.filter(instance=OuterRef("pk")).order_by("-pk")
        at = Step.objects.filter(
            operation__instance=OuterRef("pk"), operation__state__in=(OperationState.ACTIVE, OperationState.FAILED)
        ).exclude(state=StepState.DONE)
        rows: QuerySet[Instance] = super().get_queryset(request)
        return rows.annotate(
            last_reason=Subquery(last.values("reason")[:1]),
            at_step=Subquery(at.order_by("-operation", "position").values("code")[:1]),
            at_kind=Subquery(at.order_by("-operation", "position").values("operation__kind")[:1]),
        )

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<path:pk>/logs/", wrap(self.show_logs), name="tenants_instance_logs"),
            *super().get_urls(),
        ]

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Money is for those who may see it on the first page."""
        return tuple(name for name in self.list_display if name != "margin" or request.user.has_perm(MONEY))

    @display(description=_("state"), ordering="state", label=COLOURS)  # type: ignore[untyped-decorator]
    def badge(self, instance: Instance) -> tuple[str, str]:
        return instance.state, instance.get_state_display()

    @admin.display(description=_("age"), ordering="-created_at")
    def age(self, instance: Instance) -> SafeString:
        return format_html(
            '<time datetime="{}" title="{}">{}</time>',
            instance.created_at.isoformat(),
            formats.date_format(localtime(instance.created_at), "DATETIME_FORMAT"),
            duration(timezone.now() - instance.created_at),
        )

    @admin.display(description=_("company"))
    def company(self, instance: Instance) -> str:
        return instance.tenant.company

    @admin.display(description=_("partner"))
    def partner(self, instance: Instance) -> str:
        return instance.tenant.partner.name

    @admin.display(description=_("step"))
    def step(self, instance: Instance) -> str | Promise:
        kind, code = getattr(instance, "at_kind", None), getattr(instance, "at_step", None)
        return step_definition(kind, code).label if kind and code else ""

    @admin.display(description=_("reason"))
    def why(self, instance: Instance) -> str | Promise:
        code = getattr(instance, "last_reason", None)
        return reason(code).sentence if code else ""

    @admin.display(description=_("margin"), ordering="price_per_month")
    def margin(self, instance: Instance) -> str:
        return f"{formats.number_format(instance.margin, 2)} {instance.currency}"

    @admin.display(description=_("queue"))
    def queue(self, instance: Instance) -> str:
        """Where its work stands among others that wait for the same, and when its turn is expected."""
        operation = instance.active_operation()
        place = place_of(operation) if operation else None
        if operation is None or place is None:
            return "-"
        numbers = {"position": place.position, "waiting": place.waiting, "queue": operation.queue}
        told = _("%(position)d of %(waiting)d in %(queue)s, turn expected at %(at)s")
        return told % (numbers | {"at": formats.date_format(localtime(place.starts_at), "DATETIME_FORMAT")})

    @admin.display(description=_("timeline"))
    def timeline(self, instance: Instance) -> SafeString:
        return timeline.timeline_of(instance)

    @admin.display(description=_("ledger"))
    def ledger(self, instance: Instance) -> SafeString:
        return timeline.ledger_of(instance)

    @admin.display(description=_("logs"))
    def logs(self, instance: Instance) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("admin:tenants_instance_logs", args=[instance.pk]), _("logs"))

    def show_logs(self, request: HttpRequest, pk: str) -> HttpResponse:
        instance = self.instance(request, pk)
        wanted = request.GET.get("filter", "")
        facts = {"title": str(instance), "instance": instance, "filter": wanted, "logs": read_logs(instance, wanted)}
        return self.page(request, "admin/tenants/instance/logs.html", **facts)
