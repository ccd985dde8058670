from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.models.instance import Instance
from tenants.models.plan import Plan


class Agreement(models.Model):
    """What a customer has agreed to by an order: which plan, at which price, under which terms, when, from where.

    It is kept as it is, whatever becomes of the plan, the terms and the instance.
    """

    instance = models.ForeignKey(Instance, models.PROTECT, related_name="agreements", verbose_name=_("instance"))
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+", verbose_name=_("plan"))
    price_per_month = models.DecimalField(_("price a month"), max_digits=10, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    tax = models.CharField(_("tax in the price"), max_length=10, blank=True)
    terms_version = models.CharField(_("version of the terms"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"))
    network = models.CharField(_("network"), max_length=60, blank=True)
    agreed_at = models.DateTimeField(_("agreed"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        ordering = ("-pk",)
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.instance} {self.plan} {self.agreed_at:%Y-%m-%d}"
