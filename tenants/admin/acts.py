"""The acting half of the instances' pages: buttons, confirmations, bulk acts and new orders."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from tenants.admin import timeline
from tenants.admin.actions import ACTIONS, StaffAction, carry_out, create
from tenants.admin.console import ReadOnlyAdmin
from tenants.admin.forms import BulkForm, ConfirmationForm, OrderForm
from tenants.errors import DomainError
from tenants.models import Instance

Answer = HttpResponse | None


def _for_many(action: StaffAction) -> Callable[["ActingAdmin", HttpRequest, "QuerySet[Instance]"], Answer]:
    def act(page: "ActingAdmin", request: HttpRequest, chosen: "QuerySet[Instance]") -> Answer:
        return page.act_on_all(request, action, chosen)

    act.short_description = action.label  # type: ignore[attr-defined]
    return act


def _may(user: Any, action: StaffAction) -> bool:
    return bool(user.has_perm(f"tenants.{action.permission}"))


class ActingAdmin(ReadOnlyAdmin):
    actions = [f"{action.name}_chosen" for action in ACTIONS.values() if action.for_many]

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [path("<path:pk>/act/<slug:name>/", wrap(self.act), name="tenants_instance_act"), *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Those that the reader may do."""
        hidden = {f"{action.name}_chosen" for action in ACTIONS.values() if not _may(request.user, action)}
        return {name: found for name, found in super().get_actions(request).items() if name not in hidden}

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Instance | None:
        """With its reader, for whom the buttons are made."""
        found: Instance | None = super().get_object(request, object_id, from_field)
        if found is not None:
            found.reader = request.user  # type: ignore[attr-defined]
        return found

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("tenants.add_instance"))

    @admin.display(description=_("actions"))
    def buttons(self, instance: Instance) -> SafeString:
        """What the reader may do: a link when it can work now, else the reason why it cannot."""
        reader: User | None = getattr(instance, "reader", None)
        allowed = [(each, each.why_not(instance)) for each in ACTIONS.values() if reader and _may(reader, each)]
        links = format_html_join(
            " ",
            '<a class="act" href="{}">{}</a>',
            [(act_url(instance, each), each.label) for each, why_not in allowed if why_not is None],
        )
        others = format_html_join(
            "", "<li>{} – {}</li>", [(each.label, str(why_not)) for each, why_not in allowed if why_not is not None]
        )
        if not others:
            return format_html('<div class="console"><p>{}</p></div>', links)
        told = _("Not possible now")
        return format_html(
            '<div class="console"><p>{}</p><details><summary>{}</summary><ul>{}</ul></details></div>',
            links,
            told,
            others,
        )

    def act(self, request: HttpRequest, pk: str, name: str) -> HttpResponse:
        """GET asks for confirmation and changes nothing; POST acts."""
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponseNotAllowed(["GET", "POST"])
        instance, action = self.instance(request, pk), ACTIONS.get(name)
        if action is None:
            raise Http404
        self._require(request, action)
        form = ConfirmationForm(request.POST or None, action=action, instance=instance)
        if request.method == "POST" and form.is_valid():
            try:
                carry_out(action, instance, actor=request.user.get_username(), given=form.cleaned_data)
            except DomainError as error:
                form.refuse(error)
            else:
                messages.success(request, f"{instance}: {action.label}")
                return HttpResponseRedirect(reverse("admin:tenants_instance_change", args=[instance.pk]))
        return self.page(
            request,
            "admin/tenants/instance/confirm.html",
            title=f"{action.label}: {instance}",
            form=form,
            instance=instance,
            why_not=action.why_not(instance),
            losses=timeline.ledger_of(instance) if action.destructive else "",
        )

    def act_on_all(self, request: HttpRequest, action: StaffAction, chosen: QuerySet[Instance]) -> HttpResponse | None:
        """First the page that names them, then, confirmed, each by itself: one that cannot does not stop the others."""
        self._require(request, action)
        rows = list(chosen)
        form = BulkForm(request.POST if "confirmed" in request.POST else None, action=action, count=len(rows))
        if form.is_valid():
            for instance in rows:
                self._try(request, action, instance, form.cleaned_data)
            return None
        template = "admin/tenants/instance/confirm_all.html"
        return self.page(request, template, title=action.label, chosen=rows, action=request.POST["action"], form=form)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Order an instance; its page then shows how far it is."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = OrderForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                instance = create(form.cleaned_data, actor=request.user.get_username())
            except DomainError as error:
                form.refuse(error)
            else:
                messages.success(request, _("%(name)s is being created.") % {"name": instance})
                return HttpResponseRedirect(reverse("admin:tenants_instance_change", args=[instance.pk]))
        return self.page(request, "admin/tenants/instance/order.html", title=_("Create an instance"), form=form)

    def instance(self, request: HttpRequest, pk: str) -> Instance:
        """The row, for those who may see it. Raises Http404 or PermissionDenied."""
        instance = self.get_object(request, unquote(pk))
        if instance is None:
            raise Http404
        if not self.has_view_permission(request, instance):
            raise PermissionDenied
        return instance

    def _try(self, request: HttpRequest, action: StaffAction, instance: Instance, given: dict[str, Any]) -> None:
        try:
            carry_out(action, instance, actor=request.user.get_username(), given=given)
        except DomainError as error:
            messages.error(request, f"{instance}: {error}")
        else:
            messages.success(request, f"{instance}: {action.label}")

    def _require(self, request: HttpRequest, action: StaffAction) -> None:
        if not _may(request.user, action):
            raise PermissionDenied


for _each in ACTIONS.values():
    if _each.for_many:
        setattr(ActingAdmin, f"{_each.name}_chosen", _for_many(_each))


def act_url(instance: Instance, action: StaffAction) -> str:
    return reverse("admin:tenants_instance_act", args=[instance.pk, action.name])
