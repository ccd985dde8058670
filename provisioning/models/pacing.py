"""What holds requests to Railway back: paced ones by the clock, all of them by the budget."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Slot(models.Model):
    """The next free moment of a request that Railway throttles by the clock."""

    key = models.CharField(max_length=120, primary_key=True)
    free_at = models.FloatField(default=0)

    class Meta:
        verbose_name = _("paced request")
        verbose_name_plural = _("paced requests")

    def __str__(self) -> str:
        return self.key


class RequestBudget(models.Model):
    """Railway's request budget of a workspace, when there is no Redis to share it."""

    workspace = models.CharField(max_length=40, primary_key=True)
    figures = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("request budget")
        verbose_name_plural = _("request budgets")

    def __str__(self) -> str:
        return self.workspace
