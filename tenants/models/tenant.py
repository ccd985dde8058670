from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants import names
from tenants.models.partner import Partner


class Tenant(models.Model):
    """The customer: who it is, which language it speaks, through which partner it came.

    ``company_key`` makes one customer of spellings that people take for the same. Of customers that were alike before
    that rule the later ones have none.
    """

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="tenants", verbose_name=_("partner"))
    company = models.CharField(_("company"), max_length=100)
    company_key = models.CharField(max_length=names.LONGEST_KEY, null=True, editable=False)  # noqa: DJ001  none is unlike any
    email = models.EmailField(_("e-mail"))
    language = models.CharField(
        _("language"), max_length=2, choices=(("fr", _("French")), ("en", _("English"))), default="fr"
    )
    country = models.CharField(_("country"), max_length=2, default="FR")
    # what staff know of the people there; the address above is that of the order
    contact_name = models.CharField(_("contact person"), max_length=100, blank=True, default="", db_default="")
    contact_phone = models.CharField(_("telephone"), max_length=40, blank=True, default="", db_default="")
    notes = models.TextField(_("notes"), max_length=5000, blank=True, default="", db_default="")
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(fields=("partner", "email", "company"), name="one_tenant_a_company_and_address"),
            models.UniqueConstraint(
                fields=("partner", "email", "company_key"), name="one_tenant_a_spelling_and_address"
            ),
        )
        indexes = (models.Index(fields=("email",), name="tenant_email"),)

    def __str__(self) -> str:
        return self.company

    def save(self, *args: Any, **options: Any) -> None:
        if self._state.adding:
            self.company_key = names.key(self.company)
        super().save(*args, **options)
