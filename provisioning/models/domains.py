"""The customers' own domains: what is wanted of their zones, how far they are, and by which name Odoo calls itself."""

import secrets
from urllib.parse import urlsplit

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from provisioning.models.work import REFERENCE_ALPHABET


def new_domain_id() -> str:
    return "dom-" + "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(10)).lower()


def address_at(url: str, name: str) -> str:
    """Where an instance that Railway reaches at ``url`` is reached by another name: the same scheme and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{name}:{parts.port}" if parts.port else f"{parts.scheme}://{name}"


class Domain(models.Model):
    """One name of a customer's at an instance, in lower-case ASCII.

    It is ``waiting`` until Railway knows it, wants ``records`` in its zone, then a ``certificate``, and only with all
    of them and an answer at its door it is ``on``: then the instance's address is one of these. ``removing`` is on the
    way to ``removed``. Whoever looks at it holds its lease.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("being prepared")
        RECORDS = "records", _("records to be set")
        CERTIFICATE = "certificate", _("certificate under way")
        ON = "on", _("on")
        REMOVING = "removing", _("being removed")
        REMOVED = "removed", _("removed")

    class News(models.TextChoices):
        """What is told of it upwards."""

        ON = "on"
        BROKEN = "broken"
        MENDED = "mended"
        OFF = "off"
        REMOVED = "removed"

    # Railway has it, or is about to
    LIVE = (State.WAITING, State.RECORDS, State.CERTIFICATE, State.ON)

    public_id = models.CharField(_("reference"), max_length=16, unique=True, default=new_domain_id, editable=False)
    instance = models.ForeignKey("tenants.Instance", models.PROTECT, related_name="domains", verbose_name=_("instance"))
    name = models.CharField(_("name"), max_length=253)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.WAITING)
    # what Railway wants in the zone
    target = models.CharField(_("target"), max_length=253, blank=True)
    proof_host = models.CharField(_("host of the proof"), max_length=253, blank=True)
    proof = models.CharField(_("proof"), max_length=200, blank=True)
    # what was seen at the last look
    zone = models.CharField(_("zone"), max_length=253, blank=True)
    apex = models.BooleanField(_("is the zone's own name"), default=False)
    mistakes = models.JSONField(_("what is wrong"), default=list, blank=True)
    certificate = models.CharField(_("certificate at Railway"), max_length=30, blank=True)
    certificate_error = models.TextField(_("error of the certificate"), blank=True)
    certificate_retried_at = models.DateTimeField(null=True, blank=True, editable=False)
    # why the last look came to no end, by the code of its error
    reason = models.CharField(_("reason code"), max_length=60, blank=True)
    run_after = models.DateTimeField(_("next look"), default=timezone.now)
    lease_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("asked for"), default=timezone.now)
    checked_at = models.DateTimeField(_("last looked at"), null=True, blank=True)
    switched_on_at = models.DateTimeField(_("switched on"), null=True, blank=True)
    # of one that is on: since when something is wrong, and since when that is certain and told
    wrong_since = models.DateTimeField(_("wrong since"), null=True, blank=True)
    broken_at = models.DateTimeField(_("told as broken"), null=True, blank=True)
    removal_asked_at = models.DateTimeField(_("removal asked for"), null=True, blank=True)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)

    class Meta:
        verbose_name = _("own domain")
        verbose_name_plural = _("own domains")
        ordering = ("-pk",)
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(fields=("name",), condition=~Q(state="removed"), name="one_living_domain_a_name"),
            models.CheckConstraint(
                condition=~Q(state="on") | Q(switched_on_at__isnull=False), name="a_domain_that_is_on_was_switched_on"
            ),
        )
        indexes = (models.Index(fields=("run_after",), condition=~Q(state="removed"), name="domain_due"),)

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        """Where the instance answers by this name."""
        return address_at(self.instance.url, self.name)


class OdooAddress(models.Model):
    """The address by which an Odoo shall name itself (``web.base.url``): its agent is told until it has said yes.

    There is one for each instance that ever had a domain of its own; the others have what their first start set.
    """

    instance = models.OneToOneField(
        "tenants.Instance", models.CASCADE, related_name="odoo_address", verbose_name=_("instance")
    )
    url = models.URLField(_("address"))
    # raised with each wish, so that an answer to a former one is not taken for one to this
    revision = models.PositiveIntegerField(default=0, editable=False)
    asked_at = models.DateTimeField(_("asked for"), default=timezone.now)
    run_after = models.DateTimeField(default=timezone.now, editable=False)
    told_at = models.DateTimeField(_("taken"), null=True, blank=True)
    refusal = models.CharField(_("reason code"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("address of an Odoo")
        verbose_name_plural = _("addresses of Odoos")
        default_permissions = ()

    def __str__(self) -> str:
        return self.url
