from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models.instance import Instance


class Probe(models.Model):
    """What the last looks at a live instance found. ``outcomes`` holds a letter a look, the last one first:
    ``y`` when it answered, ``n`` when it did not.
    """

    instance = models.OneToOneField(Instance, models.CASCADE, related_name="probe", verbose_name=_("instance"))
    outcomes = models.CharField(_("last looks"), max_length=50, blank=True)
    looked_at = models.DateTimeField(_("last look"), null=True, blank=True)
    error = models.CharField(_("error code"), max_length=60, blank=True)
    silent_since = models.DateTimeField(_("does not answer since"), null=True, blank=True)

    class Meta:
        verbose_name = _("look at a live instance")
        verbose_name_plural = _("looks at live instances")
        default_permissions = ("view",)
        indexes = (models.Index(fields=("looked_at",), name="probe_age"),)

    def __str__(self) -> str:
        return str(self.instance)
