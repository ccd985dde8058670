"""The acting half of the instances' pages: buttons, confirmations, bulk acts and new orders."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from provisioning.states import ResourceState
from tenants.admin import timeline
from tenants.admin.actions import ACTIONS, StaffAction, carry_out, create
from tenants.admin.console import ReadOnlyAdmin
from tenants.admin.forms import BulkForm, ConfirmationForm, OrderForm
from tenants.errors import DomainError
from tenants.models import Instance

Answer = HttpResponse | None
# more than a person looks through before confirming, and than a form may hold
MOST_AT_ONCE = 200


def _for_many(action: StaffAction) -> Callable[["ActingAdmin", HttpRequest, "QuerySet[Instance]"], Answer]:
    def act(page: "ActingAdmin", request: HttpRequest, chosen: "QuerySet[Instance]") -> Answer:
        return page.act_on_all(request, action, chosen)

    act.short_description = action.label  # type: ignore[attr-defined]
    return act


def _may(user: Any, action: StaffAction) -> bool:
    return bool(user.has_perm(f"tenants.{action.permission}"))


@dataclass(frozen=True)
class Offer:
    action: StaffAction
    address: str
    why_not: DomainError | None


class ActingAdmin(ReadOnlyAdmin):
    actions = [f"{action.name}_chosen" for action in ACTIONS.values() if action.for_many]

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [path("<path:pk>/act/<slug:name>/", wrap(self.act), name="tenants_instance_act"), *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Those that the reader may do."""
        hidden = {f"{action.name}_chosen" for action in ACTIONS.values() if not _may(request.user, action)}
        return {name: found for name, found in super().get_actions(request).items() if name not in hidden}

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm("tenants.add_instance"))

    def offers(self, request: HttpRequest, instance: Instance) -> list[Offer]:
        """What the reader may do: each can work now, or says why it cannot."""
        allowed = [action for action in ACTIONS.values() if _may(request.user, action)]
        return [Offer(action, act_url(instance, action), action.why_not(instance)) for action in allowed]

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
                messages.success(request, _done(action, instance))
                return HttpResponseRedirect(reverse("admin:tenants_instance_change", args=[instance.pk]))
        return self.page(
            request,
            "admin/tenants/instance/confirm.html",
            title=action.label,
            object=instance,
            action=action,
            form=form,
            why_not=action.why_not(instance),
            owned=[each for each in timeline.ledger_of(instance) if each.row.state != ResourceState.GONE],
        )

    def act_on_all(self, request: HttpRequest, action: StaffAction, chosen: QuerySet[Instance]) -> HttpResponse | None:
        """First the page that names them, then, confirmed, each by itself: one that cannot does not stop the others."""
        self._require(request, action)
        if chosen.count() > MOST_AT_ONCE:
            messages.error(
                request, _("At most %(number)d instances at once: narrow the list.") % {"number": MOST_AT_ONCE}
            )
            return None
        rows = list(chosen)
        form = BulkForm(request.POST if "confirmed" in request.POST else None, action=action, count=len(rows))
        if form.is_valid():
            for instance in rows:
                self._try(request, action, instance, form.cleaned_data)
            return None
        return self.page(
            request,
            "admin/tenants/instance/confirm_all.html",
            title=action.label,
            action=action,
            chosen=[(each, action.why_not(each)) for each in rows],
            name=request.POST["action"],
            form=form,
        )

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
        instance: Instance | None = self.get_object(request, unquote(pk))
        if instance is None:
            raise Http404
        if not self.has_view_permission(request, instance):
            raise PermissionDenied
        return instance

    def _try(self, request: HttpRequest, action: StaffAction, instance: Instance, given: dict[str, Any]) -> None:
        try:
            carry_out(action, instance, actor=request.user.get_username(), given=given)
        except DomainError as error:
            messages.error(request, _("%(thing)s: %(what)s") % {"thing": instance, "what": error})
        else:
            messages.success(request, _done(action, instance))

    def _require(self, request: HttpRequest, action: StaffAction) -> None:
        if not _may(request.user, action):
            raise PermissionDenied


for _each in ACTIONS.values():
    if _each.for_many:
        setattr(ActingAdmin, f"{_each.name}_chosen", _for_many(_each))


def _done(action: StaffAction, instance: Instance) -> str:
    return _("%(thing)s: %(what)s") % {"thing": instance, "what": action.label}


def act_url(instance: Instance, action: StaffAction) -> str:
    return reverse("admin:tenants_instance_act", args=[instance.pk, action.name])
