from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from provisioning.sealing import SealedField


class IdempotencyRecord(models.Model):
    """One Idempotency-Key of one caller on one route, and the answer that it got.

    ``claim`` names the request that is at work; the answer is written in the transaction of its
    effect, so a request that was killed in between left neither.
    """

    caller = models.CharField(max_length=80)
    route = models.CharField(max_length=160)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    claim = models.CharField(max_length=32)
    claimed_at = models.DateTimeField(default=timezone.now)
    status = models.PositiveSmallIntegerField(null=True)
    # sealed, because an answer may hold a status token or a webhook's secret
    answer = SealedField()
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("answer kept for an Idempotency-Key")
        verbose_name_plural = _("answers kept for Idempotency-Keys")
        constraints = (
            models.UniqueConstraint(fields=("caller", "route", "key"), name="one_answer_an_idempotency_key"),
        )

    def __str__(self) -> str:
        return f"{self.route} {self.key}"
