from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from provisioning.models import Domain
from tenants.admin.console import MONEY, ReadOnlyAdmin
from tenants.audit import acting
from tenants.errors import DomainError
from tenants.services import domains
from tenants.wording import domains as words

COLOURS = {
    Domain.State.WAITING: "info",
    Domain.State.RECORDS: "warning",
    Domain.State.CERTIFICATE: "info",
    Domain.State.ON: "success",
    Domain.State.REMOVING: "warning",
}


@admin.register(Domain)
class DomainAdmin(ReadOnlyAdmin):
    """The customers' own domains: how far each is, and what its customer reads about it."""

    list_display = ("name", "instance", "status", "certificate", "troubles", "checked_at", "switched_on_at")
    list_filter = ("state", "certificate", "switched_on_at")
    list_select_related = ("instance",)
    search_fields = ("name", "public_id__iexact", "instance__client_name", "instance__public_id__iexact")
    fields = readonly_fields = (
        *("public_id", "instance", "name", "state", "target", "proof_host", "proof", "zone", "apex", "troubles"),
        *("certificate", "certificate_error", "reason", "created_at", "checked_at", "run_after", "switched_on_at"),
        *("wrong_since", "broken_at", "removal_asked_at", "removed_at", "odoos_own"),
    )
    actions = ["look_now", "take_away"]

    @display(description=gettext_lazy("state"), label=COLOURS, ordering="state")  # type: ignore[untyped-decorator]
    def status(self, domain: Domain) -> tuple[str, str]:
        return domain.state, domain.get_state_display()

    @admin.display(description=gettext_lazy("what is wrong"))
    def troubles(self, domain: Domain) -> str:
        return format_html_join(" ", "{}", ((trouble.wrong,) for trouble in words.troubles(domain)))

    @admin.display(description=gettext_lazy("as which Odoo names itself"))
    def odoos_own(self, domain: Domain) -> str:
        """What its agent was told last, and whether it has said yes."""
        told = getattr(domain.instance, "odoo_address", None)
        if told is None:
            return ""
        return f"{told.url} ({_('taken') if told.told_at else told.refusal or _('not taken yet')})"

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(MONEY))

    @admin.action(description=gettext_lazy("Look at them now"), permissions=["operate"])
    def look_now(self, request: HttpRequest, chosen: "QuerySet[Domain]") -> None:
        for domain in chosen:
            try:
                domains.check(domain)
            except DomainError as error:
                messages.error(request, f"{domain}: {error}")
            else:
                messages.success(request, _("%(domain)s is being looked at.") % {"domain": domain})

    @admin.action(description=gettext_lazy("Remove them from their instances"), permissions=["operate"])
    def take_away(self, request: HttpRequest, chosen: "QuerySet[Domain]") -> None:
        """Harmless: the instance answers at its first address, and the customer may add the domain again."""
        for domain in chosen:
            try:
                with acting(request.user.get_username()):
                    domains.remove(domain)
            except DomainError as error:
                messages.error(request, f"{domain}: {error}")
            else:
                messages.success(request, _("%(domain)s is being removed.") % {"domain": domain})
