"""The backups: what has been asked for, what lies in the storage, and what became of it."""

import secrets

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from provisioning.models.work import REFERENCE_ALPHABET


def new_backup_id() -> str:
    """A name that can be read out on the telephone, and is nobody's to guess."""
    return "BK-" + "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(10))


class BackupQuerySet(models.QuerySet["Backup"]):
    def own(self) -> "BackupQuerySet":
        """Those that were made for the instance's own sake, and not for others to begin with."""
        return self.exclude(occasion=Backup.Occasion.SEED)


class Backup(models.Model):
    """One copy of an instance's database and files in the storage of another company.

    It is ``waiting`` until its agent takes it up, ``running`` while the agent sends, ``checking`` until what the
    storage has was read back, and only then ``good``. ``failed`` is the end of all tries, ``erased`` that of its time.
    """

    class Occasion(models.TextChoices):
        DAILY = "daily", _("daily")
        MANUAL = "manual", _("on demand")
        BEFORE_CHANGE = "before_change", _("before a change")
        FINAL = "final", _("before the end")
        # of a warm unit that nobody was given: what new instances begin with
        SEED = "seed", _("a seed")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        CHECKING = "checking", _("being checked")
        GOOD = "good", _("good")
        FAILED = "failed", _("failed")
        ERASED = "erased", _("erased")

    OPEN = (State.WAITING, State.RUNNING, State.CHECKING)

    public_id = models.CharField(_("reference"), max_length=16, unique=True, default=new_backup_id, editable=False)
    instance = models.ForeignKey("tenants.Instance", models.PROTECT, related_name="backups", verbose_name=_("instance"))
    occasion = models.CharField(_("occasion"), max_length=14, choices=Occasion)
    # somebody has looked into the instance: it may be much smaller than the one before
    any_size = models.BooleanField(_("believed whatever its size"), default=False, db_default=False)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    key = models.CharField(_("key in the storage"), max_length=200, blank=True, editable=False)
    upload_id = models.CharField(max_length=300, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    run_after = models.DateTimeField(_("may begin from"), default=timezone.now)
    # of a running one: when its agent counts as gone; of one being checked: when the check counts as lost
    lease_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    size = models.BigIntegerField(_("bytes"), null=True, blank=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    facts = models.JSONField(_("what it holds"), default=dict, blank=True)
    reason = models.CharField(_("reason code"), max_length=60, blank=True)
    message = models.TextField(_("message for staff"), blank=True)
    created_at = models.DateTimeField(_("asked for"), default=timezone.now)
    taken_at = models.DateTimeField(_("begun"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    locked_until = models.DateTimeField(_("locked until"), null=True, blank=True)
    proven_at = models.DateTimeField(_("restoration proven"), null=True, blank=True)
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True)

    objects = BackupQuerySet.as_manager()

    class Meta:
        verbose_name = _("backup")
        verbose_name_plural = _("backups")
        ordering = ("-pk",)
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(
                fields=("instance",),
                condition=Q(state__in=("waiting", "running", "checking")),
                name="one_open_backup_an_instance",
            ),
            models.CheckConstraint(
                condition=~Q(state="good") | (Q(size__gt=0) & ~Q(sha256="") & ~Q(key="")),
                name="a_good_backup_was_read_back",
            ),
        )
        indexes = (
            models.Index(fields=("state", "run_after"), name="backup_due"),
            models.Index(fields=("instance", "state", "ended_at"), name="backup_of_instance"),
        )

    def __str__(self) -> str:
        return self.public_id
