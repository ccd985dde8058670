from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Reconciliation(models.Model):
    """One comparison of the ledger with Railway: what differed, and what was done about it."""

    started_at = models.DateTimeField(_("started"), default=timezone.now, db_index=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    actor = models.CharField(_("who"), max_length=150, blank=True)
    applied = models.BooleanField(_("with changes"), default=False)
    listed = models.PositiveIntegerField(_("projects at Railway"), default=0)
    ours = models.PositiveIntegerField(_("projects of ours"), default=0)
    differences = models.JSONField(_("differences"), default=list)
    acts = models.JSONField(_("what was done"), default=list)
    refusal = models.TextField(_("refused"), blank=True)
    errors = models.JSONField(_("errors by workspace"), default=dict)

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        ordering = ("-pk",)
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"
