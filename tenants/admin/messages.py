from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from tenants.admin import changes
from tenants.admin.console import ReadOnlyAdmin, ReadOnlyInline
from tenants.errors import DomainError
from tenants.mails import outbox, tracking
from tenants.models import Mail, WebhookAttempt, WebhookDelivery
from tenants.services import webhooks


@admin.register(Mail)
class MailAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "kind", "recipient", "state", "attempts", "error", "instance")
    list_filter = ("state", "kind", "created_at")
    list_select_related = ("instance",)
    search_fields = ("recipient", "instance__client_name")
    readonly_fields = ("partner_told",)
    actions = ["send_again"]

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tenants.retry_instance")

    @admin.action(description=_("Send again what could not be sent"), permissions=["resend"])
    def send_again(self, request: HttpRequest, chosen: QuerySet[Mail]) -> None:
        """For after an outage of the mail provider; a welcome to another address is the instance's own act."""
        begun = [mail for mail in chosen if outbox.send_again(mail)]
        for mail in begun:
            changes.note(request, "replayed", mail, after={"kind": mail.kind, "recipient": mail.recipient})
        if begun:
            messages.success(request, _("%(count)d e-mails are on their way again.") % {"count": len(begun)})
        if len(begun) < len(chosen):
            messages.warning(request, _("The others were sent, or still wait to be sent: nothing was done."))

    @admin.display(description=_("partner told"))
    def partner_told(self, mail: Mail) -> SafeString | Promise:
        """Whom the partner's webhooks told that the e-mail came back or was complained about."""
        told = WebhookDelivery.objects.filter(
            event__instance=mail.instance_id,
            event__type=tracking.news_of(mail),
            event__created_at__gte=mail.created_at,
        ).select_related("endpoint")
        if mail.instance_id is None or not told:
            return _("no")
        rows = ((each.endpoint.url, each.get_state_display()) for each in told)
        return format_html_join(", ", "{} ({})", rows)


class AttemptInline(ReadOnlyInline):
    model = WebhookAttempt
    fields = readonly_fields = ("at", "status", "milliseconds", "error", "answer")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may see the delivery may see how it went."""
        return request.user.has_perm("tenants.view_webhookdelivery")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "event", "endpoint", "state", "tries", "run_after", "delivered_at")
    list_filter = ("state", "event__type")
    list_select_related = ("event", "endpoint")
    search_fields = ("public_id", "event__public_id", "endpoint__url")
    inlines = (AttemptInline,)
    actions = ["deliver_again"]

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tenants.change_webhookendpoint")

    @admin.action(description=_("Deliver again"), permissions=["replay"])
    def deliver_again(self, request: HttpRequest, chosen: QuerySet[WebhookDelivery]) -> None:
        count = 0
        for delivery in chosen:
            try:
                replayed = webhooks.replay(delivery.endpoint, event_id=delivery.event.public_id)
            except DomainError as error:
                messages.error(request, f"{delivery.endpoint}: {error}")
                continue
            if replayed:
                changes.note(request, "replayed", delivery)
                count += replayed
        messages.success(request, _("%(count)d deliveries are on their way again.") % {"count": count})
