"""How customers prove an address and stay signed in: apart from staff's accounts and sessions in everything."""

import secrets
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.models.instance import Instance
from tenants.models.partner import Partner


def new_handle() -> str:
    return secrets.token_urlsafe(24)


class AddressProof(models.Model):
    """Somebody claims an address: a code was mailed to it, and whoever enters it has that mailbox.

    Neither code nor link is kept: both follow from ``handle`` and the site's secret, see `services.address_proof`.
    """

    class Purpose(models.TextChoices):
        SIGN_IN = "sign_in", _("sign-in")
        PRESENT = "present", _("present address, to be replaced")
        NEW = "new", _("new address")

    handle = models.CharField(max_length=40, unique=True, default=new_handle, editable=False)
    purpose = models.CharField(max_length=10, choices=Purpose, default=Purpose.SIGN_IN)
    email = models.EmailField(_("e-mail"))
    # through whose door somebody came; none is the general one
    partner = models.ForeignKey(Partner, models.CASCADE, null=True, blank=True, related_name="+")
    # whose address is to change
    instance = models.ForeignKey(Instance, models.CASCADE, null=True, blank=True, related_name="+")
    language = models.CharField(max_length=2, default="fr")
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        indexes = (models.Index(fields=("expires_at",), name="address_proof_end"),)

    def __str__(self) -> str:
        return f"{self.purpose} {self.email}"


class CustomerSessionQuerySet(models.QuerySet["CustomerSession"]):
    def live(self) -> "CustomerSessionQuerySet":
        return self.filter(ended_at=None, expires_at__gt=timezone.now())

    def beside(self, session: "CustomerSession") -> "CustomerSessionQuerySet":
        """Those of the same person with the same seller."""
        return self.live().filter(email=session.email, partner=session.partner_id)


class CustomerSession(models.Model):
    """A browser in which somebody has proven an address, with one seller. The cookie's key is here as a digest."""

    digest = models.CharField(max_length=64, unique=True, editable=False)
    public_id = models.CharField(max_length=40, unique=True, default=new_handle, editable=False)
    email = models.EmailField(_("e-mail"))
    partner = models.ForeignKey(Partner, models.CASCADE, related_name="+", verbose_name=_("partner"))
    language = models.CharField(max_length=2, default="fr")
    browser = models.CharField(_("browser"), max_length=80, blank=True)
    network = models.CharField(_("network"), max_length=60, blank=True)
    created_at = models.DateTimeField(_("signed in"), default=timezone.now, editable=False)
    seen_at = models.DateTimeField(_("last seen"), default=timezone.now)
    expires_at = models.DateTimeField(_("ends"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = CustomerSessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer's session")
        verbose_name_plural = _("customers' sessions")
        default_permissions = ()
        ordering = ("-pk",)
        indexes = (models.Index(fields=("email",), condition=Q(ended_at=None), name="customer_session_email"),)

    def __str__(self) -> str:
        return f"{self.email} {self.browser}"

    def end(self, moment: datetime | None = None) -> None:
        CustomerSession.objects.filter(pk=self.pk, ended_at=None).update(ended_at=moment or timezone.now())

    def instances(self) -> "models.QuerySet[Instance]":
        """All that this session reaches: of this address, as it is now, sold by this seller."""
        owned = Instance.objects.filter(admin_email=self.email, tenant__partner=self.partner_id)
        return owned.select_related("tenant__partner", "plan__blueprint")
