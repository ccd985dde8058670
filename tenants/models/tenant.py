from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.models.partner import Partner


class Tenant(models.Model):
    """The customer: who it is, which language it speaks, through which partner it came."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="tenants", verbose_name=_("partner"))
    company = models.CharField(_("company"), max_length=100)
    email = models.EmailField(_("e-mail"))
    language = models.CharField(
        _("language"), max_length=2, choices=(("fr", _("French")), ("en", _("English"))), default="fr"
    )
    country = models.CharField(_("country"), max_length=2, default="FR")
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(fields=("partner", "email", "company"), name="one_tenant_a_company_and_address"),
        )
        indexes = (models.Index(fields=("email",), name="tenant_email"),)

    def __str__(self) -> str:
        return self.company
