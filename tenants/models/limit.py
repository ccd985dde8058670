from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class LimitCount(models.Model):
    """How much of a limit is used, when there is no Redis to share it."""

    key = models.CharField(max_length=80, primary_key=True)
    used = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    ends_at = models.FloatField(default=0)

    class Meta:
        verbose_name = _("count of a limit")
        verbose_name_plural = _("counts of limits")
        default_permissions = ()

    def __str__(self) -> str:
        return self.key


class HeldBack(models.Model):
    """Somebody who asked for more than a limit allows; ``policy`` is a name of `tenants.limits.policies.POLICIES`."""

    policy = models.CharField(_("limit"), max_length=40)
    subject = models.CharField(_("who or what"), max_length=254, blank=True)
    since = models.DateTimeField(_("since"), default=timezone.now)
    last_at = models.DateTimeField(_("last refused"), default=timezone.now)
    until = models.DateTimeField(_("until"), db_index=True)
    refused = models.PositiveIntegerField(_("refused at least"), default=1)

    class Meta:
        verbose_name = _("held-back caller")
        verbose_name_plural = _("held back")
        ordering = ("-last_at",)
        default_permissions = ("view", "change")
        constraints = (models.UniqueConstraint(fields=("policy", "subject"), name="one_row_a_limit_and_subject"),)

    def __str__(self) -> str:
        return f"{self.policy} {self.subject}".strip()
