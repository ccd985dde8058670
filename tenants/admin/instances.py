from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from provisioning.engine.recipes import step_label
from provisioning.gate.turns import position_of
from provisioning.models import Operation, Step
from provisioning.reasons import reason
from provisioning.spec import TEST
from provisioning.states import OperationState, StepState
from tenants.admin import at_risk, diagnosis, instance_health, timeline, to_do
from tenants.admin.console import MONEY
from tenants.admin.exit_kit import ExportingAdmin
from tenants.lifecycle import InstanceState
from tenants.models import Instance
from tenants.services import certificates
from tenants.services.service_logs import read_logs
from tenants.templatetags.tenants_console import age, money

COLOURS = {
    InstanceState.REQUESTED: "info",
    InstanceState.PROVISIONING: "info",
    InstanceState.READY: "success",
    InstanceState.SUSPENDED: "warning",
    InstanceState.FAILED: "danger",
    InstanceState.DECOMMISSIONING: "warning",
    InstanceState.WARM: "success",
}

# what the list looks again for, and its page; of the others work that is under way
MOVING = (InstanceState.REQUESTED, InstanceState.PROVISIONING, InstanceState.DECOMMISSIONING)

FACTS = (
    "tenant",
    "plan",
    "client_name",
    "public_id",
    "admin_email",
    "language",
    "country",
    "time_zone",
    "database_name",
    "url",
    "own_domain",
    "odoo_version",
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


class ModeFilter(admin.SimpleListFilter):
    """Without a choice both are listed: whoever looks for a name finds it."""

    title = _("mode")
    parameter_name = "mode"

    def lookups(self, request: HttpRequest, page: Any) -> list[tuple[str, Any]]:
        return [("live", _("live")), ("test", _("test mode"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Instance]) -> QuerySet[Instance]:
        match self.value():
            case "live":
                return queryset.exclude(workspace=TEST)
            case "test":
                return queryset.filter(workspace=TEST)
        return queryset


@admin.register(Instance)
class InstanceAdmin(ExportingAdmin):
    list_display = ("name", "badge", "step", "needs", "risk", "age", "plan", "partner", "margin")
    exported = (
        *("client_name", "company", "badge", "step", "needs", "plan", "partner", "margin", "public_id", "admin_email"),
        *("url", "odoo_version", "project_id", "created_at", "ready_at", "expires_at", "decommission_after"),
    )
    list_filter = (to_do.ToDoFilter, at_risk.AtRiskFilter, ModeFilter, "state", "plan", "tenant__partner", "created_at")
    list_select_related = ("tenant__partner__test_of", "plan")
    # the public id begins with the client name
    search_fields = ("public_id", "tenant__company", "admin_email", "tenant__email", "url", "project_id")
    search_help_text = _(
        "Client name, company, e-mail, address, instance id, project id; reference of an operation (OP-…) or id of a "
        "request (req_…)."
    )
    # what can be done and what happened come before what is known
    change_form_outer_before_template = "admin/tenants/instance/page.html"
    readonly_fields = FACTS
    fieldsets = ((_("facts"), {"fields": FACTS}),)

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Operations are looked through only for what is theirs: that join costs more than all the rest."""
        wanted = request.GET.get("q", "").strip()
        if wanted.upper().startswith("OP-"):
            return ("operations__reference",)
        return ("operations__request_id",) if wanted.startswith("req_") else self.search_fields

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
            at_reason=Subquery(at.order_by("-operation", "position").values("reason")[:1]),
        )

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<path:pk>/end/", wrap(self.show_end), name="tenants_instance_end"),
            path("<path:pk>/logs/", wrap(self.show_logs), name="tenants_instance_logs"),
            *super().get_urls(),
        ]

    def moves(self, row: Instance) -> bool:
        works = bool(getattr(row, "at_step", None)) and row.state != InstanceState.FAILED
        return row.state in MOVING or works

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Money is for those who may see it on the first page; what is to do, where it was asked for."""
        shown = {
            "margin": request.user.has_perm(MONEY),
            "needs": to_do.PARAMETER in request.GET,
            "risk": at_risk.PARAMETER in request.GET,
        }
        return tuple(name for name in self.list_display if shown.get(name, True))

    @display(description=_("state"), ordering="state", label=COLOURS)  # type: ignore[untyped-decorator]
    def badge(self, instance: Instance) -> tuple[str, str]:
        return instance.state, instance.get_state_display()

    @admin.display(description=_("age"), ordering="-created_at")
    def age(self, instance: Instance) -> SafeString:
        """And the day on which it will be deleted or suspended by itself."""
        return format_html(
            '<time datetime="{}" title="{}">{}</time><br>{}',
            instance.created_at.isoformat(),
            formats.date_format(localtime(instance.created_at), "DATETIME_FORMAT"),
            age(timezone.now() - instance.created_at),
            _end(instance),
        )

    @admin.display(description=_("client name"), ordering="client_name")
    def name(self, instance: Instance) -> SafeString:
        return format_html(
            '<span class="whitespace-nowrap">{}{}</span><br><span class="font-normal">{}<br>{}</span>',
            instance.client_name,
            " · TEST" if instance.is_test else "",
            instance.tenant.company,
            instance.admin_email,
        )

    @admin.display(description=_("company"))
    def company(self, instance: Instance) -> str:
        return instance.tenant.company

    @admin.display(description=_("partner"))
    def partner(self, instance: Instance) -> str:
        return str(instance.tenant.partner)

    @admin.display(description=_("address or step"))
    def step(self, instance: Instance) -> SafeString:
        """Where it answers; while there is work, the step that this has come to, and why it is there."""
        kind, code = getattr(instance, "at_kind", None), getattr(instance, "at_step", None)
        why = getattr(instance, "last_reason", None) or getattr(instance, "at_reason", None)
        label = step_label(kind, code) if kind and code else ""
        told = [each for each in (label, (reason(why).advice or reason(why).sentence) if why else "") if each]
        if not told and instance.url:
            return format_html('<a class="where" href="{0}" rel="noreferrer">{0}</a>', instance.url)
        return format_html(
            '<div class="where">{}</div>', format_html_join(mark_safe("<br>"), "{}", ((x,) for x in told))
        )

    @admin.display(description=_("to do"))
    def needs(self, instance: Instance) -> str:
        return ", ".join(to_do.needs_of(instance))

    @admin.display(description=_("at risk"))
    def risk(self, instance: Instance) -> str:
        return at_risk.told_of(instance)

    @admin.display(description=_("margin"), ordering=F("price_per_month") - F("estimated_cost"))
    def margin(self, instance: Instance) -> str:
        return money(instance.margin, instance.currency)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        instance = self.get_object(request, unquote(object_id))
        told = self._page_of(request, instance) if instance is not None else {}
        response: HttpResponse = super().change_view(request, object_id, form_url, told | (extra_context or {}))
        return response

    def _page_of(self, request: HttpRequest, instance: Instance) -> dict[str, Any]:
        """What stands above the facts."""
        offers, now = self.offers(request, instance), diagnosis.now_of(instance)
        lines, owned = timeline.timeline_of(instance), timeline.ledger_of(instance)
        return {
            "now": now,
            "moves": self.moves(instance),
            "needs": [str(to_do.LABELS[name]) for name in to_do.find(instance)],
            "queue": _queue(now),
            "offers": offers,
            "can_export": self.may_export(request),
            "impossible": [each for each in offers if each.why_not],
            "health": instance_health.health_of(instance),
            "lines": lines,
            "owned": owned,
            "diagnosis": diagnosis.diagnosis_of(instance, now, lines, owned),
        }

    def show_end(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The certificate of its end; with ``?format=json`` as the API tells it."""
        instance = self.instance(request, pk)
        end = certificates.of(instance)
        if end is None:
            raise Http404
        if request.GET.get("format") == "json":
            return JsonResponse(certificates.told(end))
        return self.page(
            request, "admin/tenants/instance/end.html", title=_("Certificate of the end"), object=instance, end=end
        )

    def show_logs(self, request: HttpRequest, pk: str) -> HttpResponse:
        instance = self.instance(request, pk)
        wanted = request.GET.get("filter", "")
        facts = {"title": _("logs"), "object": instance, "filter": wanted, "logs": read_logs(instance, wanted)}
        return self.page(request, "admin/tenants/instance/logs.html", **facts)


def _end(instance: Instance) -> str:
    moment = instance.decommission_after or instance.expires_at
    if moment is None or instance.ended_at is not None:
        return ""
    what = _("deleted %(day)s") if instance.decommission_after else _("ends %(day)s")
    return what % {"day": formats.date_format(localtime(moment), "SHORT_DATE_FORMAT")}


def _queue(now: diagnosis.Now) -> str:
    """Where the work stands among others that wait for the same, and when its turn is expected."""
    operation = now.operation
    place = position_of(operation) if operation and operation.state == OperationState.ACTIVE else None
    if operation is None or place is None:
        return ""
    numbers = {"position": place.position, "waiting": place.waiting, "queue": operation.queue}
    told = _("%(position)d of %(waiting)d in %(queue)s, turn expected at %(at)s")
    return told % (numbers | {"at": formats.date_format(localtime(place.starts_at), "DATETIME_FORMAT")})
