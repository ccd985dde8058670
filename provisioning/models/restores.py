"""The restorations: which backup becomes the state of which instance, and how far that is."""

import secrets

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from provisioning.models.work import REFERENCE_ALPHABET


def new_restore_id() -> str:
    return "RS-" + "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(10))


class Restore(models.Model):
    """One backup brought back, into the instance that it is of or into a new one.

    It is ``waiting`` until the instance's own start asks for it, ``loading`` while that fetches and loads, ``loaded``
    when the restored state is served, and ``proven`` once the login was. ``failed`` left the instance as it was,
    ``undone`` brought its former state back.
    """

    class Mode(models.TextChoices):
        SAME = "same", _("the same instance")
        COPY = "copy", _("a copy, neutralised")
        MOVE = "move", _("a move")
        SEED = "seed", _("a new customer's beginning")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        LOADING = "loading", _("being loaded")
        LOADED = "loaded", _("loaded")
        PROVEN = "proven", _("proven")
        FAILED = "failed", _("failed")
        UNDONE = "undone", _("undone")

    OPEN = (State.WAITING, State.LOADING, State.LOADED)

    public_id = models.CharField(_("reference"), max_length=16, unique=True, default=new_restore_id, editable=False)
    instance = models.ForeignKey(
        "tenants.Instance", models.PROTECT, related_name="restores", verbose_name=_("instance")
    )
    backup = models.ForeignKey("provisioning.Backup", models.PROTECT, related_name="restores", verbose_name=_("backup"))
    mode = models.CharField(_("kind"), max_length=8, choices=Mode, default=Mode.SAME)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    phase = models.CharField(_("phase"), max_length=20, blank=True)
    facts = models.JSONField(_("what was counted"), default=dict, blank=True)
    reason = models.CharField(_("reason code"), max_length=60, blank=True)
    message = models.TextField(_("message for staff"), blank=True)
    created_at = models.DateTimeField(_("asked for"), default=timezone.now)
    begun_at = models.DateTimeField(_("begun"), null=True, blank=True)
    heard_at = models.DateTimeField(_("last heard of"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    # what a proven one replaced: kept beside it until the agent has dropped it, or for good where no backup has it
    keeps_former = models.BooleanField(_("the former state stays"), default=False, db_default=False)
    former_dropped_at = models.DateTimeField(_("former state dropped"), null=True, blank=True)

    class Meta:
        verbose_name = _("restoration")
        verbose_name_plural = _("restorations")
        ordering = ("-pk",)
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(
                fields=("instance",),
                condition=Q(state__in=("waiting", "loading", "loaded")),
                name="one_open_restore_an_instance",
            ),
        )
        indexes = (models.Index(fields=("instance", "state"), name="restore_of_instance"),)

    def __str__(self) -> str:
        return self.public_id
