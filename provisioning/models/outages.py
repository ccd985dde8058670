"""Times in which Railway as a whole was away, as all processes share them."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Outage(models.Model):
    """A time in which Railway refuses a whole workspace, or its token; one only suspected has not been opened."""

    class Kind(models.TextChoices):
        API = "api", _("Railway does not answer")
        TOKEN = "token", _("Railway refuses the token")

    workspace = models.CharField(_("workspace"), max_length=40)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.API)
    refusals = models.PositiveIntegerField(_("refusals heard"), default=0)
    cause = models.CharField(_("reason code"), max_length=60, blank=True)
    notice = models.TextField(_("what Railway says"), blank=True)
    began_at = models.DateTimeField(_("first refusal"), default=timezone.now)
    opened_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    probe_at = models.DateTimeField(_("next probe"), default=timezone.now)
    pauses = models.PositiveIntegerField(_("probes"), default=0)

    class Meta:
        verbose_name = _("outage")
        verbose_name_plural = _("outages")
        ordering = ("-pk",)
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(
                fields=("workspace", "kind"), condition=Q(ended_at=None), name="one_present_outage_a_workspace"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.workspace}"
