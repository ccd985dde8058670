from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.models.instance import Instance
from tenants.models.partner import Partner
from tenants.models.plan import Plan


class Signup(models.Model):
    """One form that a visitor sent. ``ticket`` is the form's own number: sent twice, it is still one signup.

    Without ``instance`` it waits for the visitor to confirm the e-mail address, until ``expires_at``.
    """

    ticket = models.CharField(_("form number"), max_length=64, unique=True, editable=False)
    partner = models.ForeignKey(Partner, models.CASCADE, related_name="signups", verbose_name=_("partner"))
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="signups", verbose_name=_("plan"))
    company = models.CharField(_("company"), max_length=100)
    # the visitor's own wish; without one it is made from the company
    client_name = models.CharField(_("wished client name"), max_length=50, blank=True, default="", db_default="")
    email = models.EmailField(_("e-mail"))
    language = models.CharField(_("language"), max_length=2, default="fr")
    instance = models.OneToOneField(
        Instance, models.CASCADE, null=True, blank=True, related_name="signup", verbose_name=_("instance")
    )
    # of the instance's links when it was ordered: whoever sends the form again gets no newer one
    link_revision = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    # which terms were on the page when it was sent, and from where it came
    terms_version = models.CharField(_("version of the terms"), max_length=40, blank=True, default="", db_default="")
    network = models.CharField(_("network"), max_length=60, blank=True, default="", db_default="")
    created_at = models.DateTimeField(_("sent"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("to be confirmed before"), null=True, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)

    class Meta:
        verbose_name = _("signup")
        verbose_name_plural = _("signups")
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.company} {self.email}"

    @property
    def status_token(self) -> str:
        """Opens the page of what was ordered, for as long as the links of that time do; "" before there is any."""
        return self.instance.status_token_of(self.link_revision) if self.instance else ""
