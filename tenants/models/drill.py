"""Drills: whether a customer's backup could really be brought back, tried out and written down."""

import secrets

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from provisioning.models.work import REFERENCE_ALPHABET


def new_drill_id() -> str:
    return "RD-" + "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(10))


class RestoreDrill(models.Model):
    """One backup of an instance brought back into a unit of the house, which is removed again whatever came of it."""

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        PROVEN = "proven", _("proven")
        FAILED = "failed", _("failed")

    public_id = models.CharField(_("reference"), max_length=16, unique=True, default=new_drill_id, editable=False)
    instance = models.ForeignKey("tenants.Instance", models.PROTECT, related_name="drills", verbose_name=_("instance"))
    backup = models.ForeignKey("provisioning.Backup", models.PROTECT, related_name="drills", verbose_name=_("backup"))
    unit = models.OneToOneField("tenants.Instance", models.PROTECT, related_name="drill_of", verbose_name=_("unit"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.RUNNING)
    reason = models.CharField(_("reason code"), max_length=60, blank=True)
    message = models.TextField(_("message for staff"), blank=True)
    # by name: what the backup's row says, and what was found in what was brought back
    facts = models.JSONField(_("what was counted"), default=dict, blank=True)
    seconds = models.PositiveIntegerField(_("seconds until the login was proven"), null=True, blank=True)
    created_at = models.DateTimeField(_("begun"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    removed_at = models.DateTimeField(_("unit removed"), null=True, blank=True)

    class Meta:
        verbose_name = _("drill")
        verbose_name_plural = _("drills")
        ordering = ("-pk",)
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(
                fields=("instance",), condition=Q(state="running"), name="one_running_drill_an_instance"
            ),
        )

    def __str__(self) -> str:
        return self.public_id
