from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import formats
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from provisioning.models import Operation, Step
from provisioning.states import StepState
from provisioning.turns import place_of
from tenants.admin import timeline
from tenants.admin.actions import ACTIONS, StaffAction, carry_out
from tenants.admin.console import ReadOnlyAdmin
from tenants.admin.forms import ConfirmationForm
from tenants.admin.service_logs import read_logs
from tenants.errors import DomainError
from tenants.models import Instance


@admin.register(Instance)
class InstanceAdmin(ReadOnlyAdmin):
    list_display = ("client_name", "company", "state", "step", "why", "created_at", "plan", "partner", "margin")
    list_filter = ("state", "plan", "tenant__partner", "created_at")
    list_select_related = ("tenant__partner", "plan")
    search_fields = (
        "client_name",
        "tenant__company",
        "admin_email",
        "tenant__email",
        "url",
        "project_id",
        "operations__reference",
    )
    readonly_fields = ("buttons", "queue", "timeline", "ledger", "logs")
    exclude = ("created_by_key",)
    actions = ["retry_chosen", "suspend_chosen", "resume_chosen", "resend_chosen"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Instance]:
        last = Operation.objects.filter(instance=OuterRef("pk")).order_by("-pk")
        at = Step.objects.filter(operation__instance=OuterRef("pk")).exclude(state=StepState.DONE)
        rows: QuerySet[Instance] = super().get_queryset(request)
        return rows.annotate(
            last_reason=Subquery(last.values("reason")[:1]),
            at_step=Subquery(at.order_by("-operation", "position").values("code")[:1]),
        )

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<path:pk>/act/<slug:name>/", wrap(self.act), name="tenants_instance_act"),
            path("<path:pk>/logs/", wrap(self.show_logs), name="tenants_instance_logs"),
            *super().get_urls(),
        ]

    @admin.display(description=_("company"))
    def company(self, instance: Instance) -> str:
        return instance.tenant.company

    @admin.display(description=_("partner"))
    def partner(self, instance: Instance) -> str:
        return instance.tenant.partner.name

    @admin.display(description=_("step"))
    def step(self, instance: Instance) -> str:
        return getattr(instance, "at_step", None) or ""

    @admin.display(description=_("reason"))
    def why(self, instance: Instance) -> str:
        return getattr(instance, "last_reason", None) or ""

    @admin.display(description=_("margin"), ordering="price_per_month")
    def margin(self, instance: Instance) -> str:
        return f"{instance.margin} {instance.currency}"

    @admin.display(description=_("actions"))
    def buttons(self, instance: Instance) -> SafeString:
        """Only what can work now; what the reader may not do is refused by the page behind it."""
        offered = [(self._act_url(instance, each), each.label) for each in ACTIONS.values() if each.offered(instance)]
        return format_html_join(" · ", '<a href="{}">{}</a>', offered)

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

    @admin.action(description=_("Retry"))
    def retry_chosen(self, request: HttpRequest, chosen: QuerySet[Instance]) -> HttpResponse | None:
        return self._act_on_all(request, ACTIONS["retry"], chosen)

    @admin.action(description=_("Suspend"))
    def suspend_chosen(self, request: HttpRequest, chosen: QuerySet[Instance]) -> HttpResponse | None:
        return self._act_on_all(request, ACTIONS["suspend"], chosen)

    @admin.action(description=_("Resume"))
    def resume_chosen(self, request: HttpRequest, chosen: QuerySet[Instance]) -> HttpResponse | None:
        return self._act_on_all(request, ACTIONS["resume"], chosen)

    @admin.action(description=_("Resend the welcome"))
    def resend_chosen(self, request: HttpRequest, chosen: QuerySet[Instance]) -> HttpResponse | None:
        return self._act_on_all(request, ACTIONS["resend"], chosen)

    def act(self, request: HttpRequest, pk: str, name: str) -> HttpResponse:
        """GET asks for confirmation and changes nothing; POST acts."""
        instance, action = self._instance(request, pk), ACTIONS.get(name)
        if action is None:
            raise Http404
        self._require(request, action)
        form = ConfirmationForm(request.POST or None, instance=instance, destructive=action.destructive)
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            self._try(request, action, instance, reason=given["reason"], grace_days=given.get("grace_days") or 0)
            return HttpResponseRedirect(reverse("admin:tenants_instance_change", args=[instance.pk]))
        losses = timeline.ledger_of(instance) if action.destructive else ""
        context = {"title": f"{action.label}: {instance}", "form": form, "instance": instance, "losses": losses}
        return self._page(request, "admin/tenants/instance/confirm.html", context)

    def show_logs(self, request: HttpRequest, pk: str) -> HttpResponse:
        instance = self._instance(request, pk)
        wanted = request.GET.get("filter", "")
        context = {"title": str(instance), "instance": instance, "filter": wanted, "logs": read_logs(instance, wanted)}
        return self._page(request, "admin/tenants/instance/logs.html", context)

    def _act_on_all(self, request: HttpRequest, action: StaffAction, chosen: QuerySet[Instance]) -> HttpResponse | None:
        self._require(request, action)
        if "confirmed" in request.POST:
            for instance in chosen:
                self._try(request, action, instance, reason=request.POST.get("reason", ""), grace_days=0)
            return None
        context = {"title": action.label, "chosen": chosen, "action": request.POST["action"]}
        return self._page(request, "admin/tenants/instance/confirm_all.html", context)

    def _try(
        self, request: HttpRequest, action: StaffAction, instance: Instance, *, reason: str, grace_days: int
    ) -> None:
        try:
            carry_out(action, instance, actor=request.user.get_username(), reason=reason, grace_days=grace_days)
        except DomainError as error:
            messages.error(request, f"{instance}: {error}")
        else:
            messages.success(request, f"{instance}: {action.label}")

    def _require(self, request: HttpRequest, action: StaffAction) -> None:
        if not request.user.has_perm(f"tenants.{action.permission}"):
            raise PermissionDenied

    def _instance(self, request: HttpRequest, pk: str) -> Instance:
        instance: Instance | None = self.get_object(request, unquote(pk))
        if instance is None:
            raise Http404
        if not self.has_view_permission(request, instance):
            raise PermissionDenied
        return instance

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        whole = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, template, whole)

    @staticmethod
    def _act_url(instance: Instance, action: StaffAction) -> str:
        return reverse("admin:tenants_instance_act", args=[instance.pk, action.name])
