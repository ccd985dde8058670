from django.core.signing import BadSignature, Signer
from django.db import models
from django.db.models import Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from provisioning.doorbell import PUT_BACK, unrung
from provisioning.spec import TEST
from tenants.models.instance import Instance


def _references() -> Signer:
    return Signer(salt="tenants.mail.reference")


class MailQuerySet(models.QuerySet["Mail"]):
    def referred_to(self, reference: str) -> "MailQuerySet":
        """The one mail with this reference; none for what this site has not signed."""
        try:
            return self.filter(pk=_references().unsign(reference))
        except BadSignature:
            return self.none()

    def due(self) -> "MailQuerySet":
        """To be sent now; also what nobody has tried and what was written before the clock was put back."""
        now = timezone.now()
        come = models.Q(run_after__lte=now) | models.Q(attempts=0, created_at__gt=now + PUT_BACK)
        return self.filter(come, state=Mail.State.QUEUED).order_by("run_after", "pk")

    def real(self) -> "MailQuerySet":
        """Without those of test mode, which are written and never sent."""
        return self.exclude(instance__workspace=TEST)

    def standing(self) -> "MailQuerySet":
        """Without those that were overtaken before they were sent: as if nobody had written them."""
        return self.exclude(state=Mail.State.SUPERSEDED)

    def unheard(self) -> "MailQuerySet":
        """Due, and nobody has been told."""
        return self.due().filter(unrung(timezone.now()))


class Mail(models.Model):
    """One e-mail to be sent, written in the transaction of the change that it tells about.

    It holds no text and no secret: it is rendered when it is sent. ``purpose`` makes it unique:
    the same news is never told twice.
    """

    class Kind(models.TextChoices):
        WELCOME = "welcome", _("welcome")
        FAILURE = "failure", _("failure")
        CONFIRMATION = "confirmation", _("confirmation of the address")
        EMAIL_CHANGED = "email_changed", _("address replaced")
        EXPIRES_SOON = "expires_soon", _("expires soon")
        SUSPENDED = "suspended", _("suspended")
        RESUMED = "resumed", _("resumed")
        DELETION_SCHEDULED = "deletion_scheduled", _("will be deleted")
        DELETION_SOON = "deletion_soon", _("will be deleted soon")
        DELETION_UNDONE = "deletion_undone", _("deletion undone")
        DELETION_BEGUN = "deletion_begun", _("is being deleted")
        DELETED = "deleted", _("deleted")
        ADDRESS_PROOF = "address_proof", _("sign-in code")
        NEW_SIGN_IN = "new_sign_in", _("sign-in from a new browser")
        RESTORED = "restored", _("restored")
        DOMAIN_ON = "domain_on", _("own domain on")
        DOMAIN_BROKEN = "domain_broken", _("own domain broken")
        PLAN_CHANGED = "plan_changed", _("plan changed")
        PLAN_KEPT = "plan_kept", _("plan not changed")

    class State(models.TextChoices):
        QUEUED = "queued", _("to be sent")
        SENT = "sent", _("sent")
        DELIVERED = "delivered", _("delivered")
        BOUNCED = "bounced", _("bounced")
        COMPLAINED = "complained", _("complained about")
        FAILED = "failed", _("could not be sent")
        SUPERSEDED = "superseded", _("not sent: overtaken by later news")
        WITHHELD = "withheld", _("not sent: test mode")

    # the provider had it, and no report says that it did not arrive: whoever complains has read it
    ARRIVED = (State.SENT, State.DELIVERED, State.COMPLAINED)
    # its reader never gets it, unless a person does something
    LOST = (State.BOUNCED, State.FAILED)

    instance = models.ForeignKey(
        Instance, models.CASCADE, null=True, blank=True, related_name="mails", verbose_name=_("instance")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    purpose = models.CharField(_("purpose"), max_length=120, unique=True)
    # the moment that it tells beforehand, and what it says about the change: neither text nor secret
    announces = models.DateTimeField(_("announces"), null=True, blank=True)
    facts = models.JSONField(default=dict, blank=True, db_default=Value({}, models.JSONField()), editable=False)
    recipient = models.EmailField(_("recipient"))
    language = models.CharField(_("language"), max_length=2, default="fr")
    message_id = models.CharField(_("Message-ID"), max_length=200, unique=True)
    provider_id = models.CharField(_("id at the provider"), max_length=200, blank=True, db_index=True)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.QUEUED)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    run_after = models.DateTimeField(_("not before"), default=timezone.now)
    rung_at = models.DateTimeField(default=timezone.now, editable=False)
    error = models.TextField(_("last error"), blank=True)
    created_at = models.DateTimeField(_("written"), default=timezone.now, editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    objects = MailQuerySet.as_manager()

    class Meta:
        verbose_name = _("e-mail")
        verbose_name_plural = _("e-mails")
        ordering = ("-pk",)
        indexes = (models.Index(fields=("run_after",), condition=models.Q(state="queued"), name="mail_due"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.recipient}"

    @property
    def reference(self) -> str:
        """What the provider is given to name it by: nobody guesses it, and another site's mails have others."""
        return _references().sign(str(self.pk))
