"""The agents: what runs beside each customer's Odoo and calls us."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Agent(models.Model):
    """The one beside an instance's Odoo. Only hashes of its token are here; the former one is good until the new calls.

    ``report`` is what it last told, see `provisioning.agents.report`.
    """

    instance = models.OneToOneField(
        "tenants.Instance", models.CASCADE, related_name="agent", verbose_name=_("instance")
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    former_token_hash = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    report = models.JSONField(_("last report"), default=dict, blank=True)
    reported_at = models.DateTimeField(_("reported"), null=True, blank=True)
    # of the report, to be asked for: when somebody last worked in it with a browser, and how much room there is
    last_login_at = models.DateTimeField(_("last login"), null=True, blank=True)
    free_percent = models.PositiveSmallIntegerField(_("free space (%)"), null=True, blank=True)

    class Meta:
        verbose_name = _("agent")
        verbose_name_plural = _("agents")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return str(self.instance)
