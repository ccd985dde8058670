"""The tries to back up our own database: what the console and the alerts read. The backups themselves lie elsewhere."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SiteBackup(models.Model):
    """One try. In a restored database, the one that made its backup is still ``running``, and is taken over as lost."""

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        GOOD = "good", _("good")
        FAILED = "failed", _("failed")

    name = models.CharField(_("name in the storage"), max_length=40, unique=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.RUNNING)
    begun_at = models.DateTimeField(_("begun"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    size = models.BigIntegerField(_("bytes"), null=True, blank=True)
    reason = models.CharField(_("reason code"), max_length=60, blank=True)
    message = models.TextField(_("message for staff"), blank=True)

    class Meta:
        verbose_name = _("backup of the site")
        verbose_name_plural = _("backups of the site")
        ordering = ("-pk",)
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(
                fields=("state",), condition=Q(state="running"), name="one_running_backup_of_the_site"
            ),
        )
        indexes = (models.Index(fields=("state", "begun_at"), name="site_backup_newest"),)

    def __str__(self) -> str:
        return self.name
