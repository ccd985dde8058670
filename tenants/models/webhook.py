import secrets
from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from provisioning.doorbell import unrung
from provisioning.sealing import SealedField, unseal
from tenants.models.instance import Instance
from tenants.models.partner import Partner

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
SECRET_OVERLAP = timedelta(hours=24)


def _public_id(prefix: str) -> str:
    return f"{prefix}_" + "".join(secrets.choice(ALPHABET) for _ in range(20))


def new_endpoint_id() -> str:
    return _public_id("whe")


def new_event_id() -> str:
    return _public_id("evt")


def new_delivery_id() -> str:
    return _public_id("whd")


class WebhookEvents(models.TextChoices):
    READY = "instance.ready", _("an instance is ready")
    FAILED = "instance.failed", _("a creation has failed")
    SUSPENDED = "instance.suspended", _("an instance is suspended")
    RESUMED = "instance.resumed", _("an instance runs again")
    RESTORED = "instance.restored", _("an instance was brought back from a backup")
    PLAN_CHANGED = "instance.plan_changed", _("an instance has another plan")
    PLAN_CHANGE_FAILED = "instance.plan_change_failed", _("a change of plan has failed")
    DECOMMISSION_SCHEDULED = "instance.decommission_scheduled", _("a decommissioning is scheduled")
    DECOMMISSION_UNDONE = "instance.decommission_undone", _("a scheduled decommissioning is undone")
    DECOMMISSIONED = "instance.decommissioned", _("an instance is decommissioned")
    BOUNCED = "welcome.bounced", _("the welcome e-mail came back")
    MAIL_BOUNCED = "mail.bounced", _("another e-mail to the customer came back")
    MAIL_COMPLAINED = "mail.complained", _("the customer reported an e-mail as unwanted")


TEST_EVENT = "webhook.test"


class WebhookEndpoint(models.Model):
    """An address of a partner that wants to hear what happens to its instances."""

    class State(models.TextChoices):
        ACTIVE = "active", pgettext_lazy("switched on", "active")
        DISABLED = "disabled", _("disabled")

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="webhook_endpoints", verbose_name=_("partner"))
    public_id = models.CharField(_("identifier"), max_length=32, unique=True, default=new_endpoint_id, editable=False)
    url = models.URLField(_("address"), max_length=500)
    description = models.CharField(_("description"), max_length=100, blank=True)
    events = models.JSONField(_("events"), default=list, blank=True, help_text=_("None chosen: all of them."))
    sealed = SealedField(_("secrets"))
    rotated_at = models.DateTimeField(_("secret rotated"), null=True, blank=True, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.ACTIVE)
    disabled_reason = models.CharField(_("why it is disabled"), max_length=40, blank=True)
    notice_due_at = models.DateTimeField(_("partner to be told from"), null=True, blank=True, editable=False)
    notice_tries = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    last_tried_at = models.DateTimeField(null=True, blank=True, editable=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True, editable=False)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.url

    def wants(self, event_type: str) -> bool:
        return self.state == self.State.ACTIVE and (not self.events or event_type in self.events)

    def signing_secrets(self) -> list[str]:
        """The current secret and, for a day after a rotation, the one before. Raises SealBroken."""
        kept = unseal(self.sealed)
        found = [kept["current"]]
        if "previous" in kept and self.rotated_at and timezone.now() < self.rotated_at + SECRET_OVERLAP:
            found.append(kept["previous"])
        return found


class WebhookEvent(models.Model):
    """News for a partner, written in the transaction of the change that it tells about. It holds no secret."""

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="webhook_events", verbose_name=_("partner"))
    instance = models.ForeignKey(
        Instance, models.CASCADE, null=True, blank=True, related_name="webhook_events", verbose_name=_("instance")
    )
    public_id = models.CharField(_("identifier"), max_length=32, unique=True, default=new_event_id, editable=False)
    type = models.CharField(_("type"), max_length=40)
    data = models.JSONField(_("data"), default=dict)
    created_at = models.DateTimeField(_("happened"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("webhook event")
        verbose_name_plural = _("webhook events")
        ordering = ("-pk",)
        indexes = (models.Index(fields=("partner", "created_at"), name="webhook_event_age"),)

    def __str__(self) -> str:
        return f"{self.type} {self.public_id}"


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def due(self) -> "WebhookDeliveryQuerySet":
        return self.filter(
            state=WebhookDelivery.State.QUEUED,
            run_after__lte=timezone.now(),
            endpoint__state=WebhookEndpoint.State.ACTIVE,
        ).order_by("run_after", "pk")

    def unheard(self) -> "WebhookDeliveryQuerySet":
        """Due, and nobody has been told."""
        return self.due().filter(unrung(timezone.now()))


class WebhookDelivery(models.Model):
    """One event on its way to one endpoint; a replay is the same row on its way again."""

    class State(models.TextChoices):
        QUEUED = "queued", _("to be delivered")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("given up")

    event = models.ForeignKey(WebhookEvent, models.CASCADE, related_name="deliveries", verbose_name=_("event"))
    endpoint = models.ForeignKey(WebhookEndpoint, models.CASCADE, related_name="deliveries", verbose_name=_("endpoint"))
    public_id = models.CharField(_("identifier"), max_length=32, unique=True, default=new_delivery_id, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    tries = models.PositiveIntegerField(_("attempts"), default=0)
    run_after = models.DateTimeField(_("not before"), default=timezone.now)
    rung_at = models.DateTimeField(default=timezone.now, editable=False)
    # while an attempt is under way; it counts for what the endpoint may have at once
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(fields=("event", "endpoint"), name="one_delivery_an_event_and_endpoint"),
        )
        indexes = (
            models.Index(fields=("run_after",), condition=Q(state="queued"), name="webhook_delivery_due"),
            models.Index(
                fields=("claimed_until",), condition=Q(claimed_until__isnull=False), name="webhook_delivery_under_way"
            ),
        )

    def __str__(self) -> str:
        return self.public_id


class WebhookAttempt(models.Model):
    """One try and what came back: the log that staff and partners read."""

    delivery = models.ForeignKey(WebhookDelivery, models.CASCADE, related_name="attempts", verbose_name=_("delivery"))
    at = models.DateTimeField(_("at"), default=timezone.now, db_index=True)
    status = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True)
    milliseconds = models.PositiveIntegerField(_("milliseconds"), default=0)
    error = models.CharField(_("error"), max_length=200, blank=True)
    answer = models.TextField(_("beginning of the answer"), blank=True)

    class Meta:
        verbose_name = _("webhook attempt")
        verbose_name_plural = _("webhook attempts")
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.status or self.error}"
