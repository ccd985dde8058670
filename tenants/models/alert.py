from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Alert(models.Model):
    """A condition that staff should know of: one row from when it was first seen until it has gone for good.

    ``kind`` and ``topic`` group it: a hundred failures for one reason are one alert. It holds no secret.
    """

    class Kind(models.TextChoices):
        FAILED = "failed", _("operations have failed")
        STUCK = "stuck", _("operations are stuck")
        MAIL = "mail", _("e-mails did not arrive")
        ENDPOINT = "endpoint", _("webhook endpoints were disabled")
        TOKEN = "token", _("Railway refuses the token")
        BUDGET = "budget", _("the request budget is nearly used up")
        OUTAGE = "outage", _("Railway does not answer")
        SILENT = "silent", _("a process is silent")
        DIFFERENCE = "difference", _("the ledger and Railway differ")
        INSTANCE = "instance", _("live instances do not answer")
        AFTERWARDS = "afterwards", _("live instances lack what should follow their creation")
        EVENT = "event", _("events of a provider were not understood")
        BACKUP = "backup", _("instances are without a recent backup")
        SITE_BACKUP = "site_backup", _("our own database is without a recent backup")
        DRILL = "drill", _("backups could not be brought back in a drill")
        UNTOLD = "untold", _("ends wait, because their customers do not know of them")
        POOL = "pool", _("warm units cannot be made")
        SEED = "seed", _("new instances cannot begin with their seed")
        LIMIT = "limit", _("half of a limit is used up")
        DOMAIN = "domain", _("customers’ own domains make no progress")
        COST = "cost", _("costs are not as they should be")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    topic = models.CharField(_("about"), max_length=80, blank=True)
    count = models.PositiveIntegerField(_("how many"), default=1)
    most = models.PositiveIntegerField(_("at most"), default=1)
    references = models.JSONField(_("references"), default=list)
    opened_at = models.DateTimeField(_("since"), default=timezone.now)
    seen_at = models.DateTimeField(_("last seen"), default=timezone.now)
    reminded_at = models.DateTimeField(default=timezone.now, editable=False)
    closed_at = models.DateTimeField(_("over"), null=True, blank=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ("-pk",)
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(
                fields=("kind", "topic"), condition=Q(closed_at=None), name="one_open_alert_a_condition"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.topic}".strip()


class AlertNote(models.Model):
    """One message about an alert on its way to one recipient, written together with the news that it tells."""

    class News(models.TextChoices):
        OPENED = "opened", _("opened")
        STILL = "still", _("still there")
        OVER = "over", _("over")

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="notes")
    news = models.CharField(max_length=10, choices=News)
    recipient = models.CharField(max_length=254)
    message_id = models.CharField(max_length=200)
    attempts = models.PositiveIntegerField(default=0)
    run_after = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("message about an alert")
        verbose_name_plural = _("messages about alerts")
        default_permissions = ()
        indexes = (models.Index(fields=("run_after",), condition=Q(sent_at=None), name="alert_note_due"),)

    def __str__(self) -> str:
        return f"{self.news} {self.recipient}"
