from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.lifecycle import InstanceState
from tenants.models.instance import Instance
from tenants.models.plan import Plan


class Pool(models.Model):
    """How many instances of a plan, for customers of one language and country, wait warm for somebody to order them."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="pools", verbose_name=_("plan"))
    language = models.CharField(_("language"), max_length=2, choices=(("fr", _("French")), ("en", _("English"))))
    country = models.CharField(_("country"), max_length=2, blank=True)
    size = models.PositiveSmallIntegerField(_("wanted"), default=0, help_text=_("Warm units; 0: none is made."))
    is_paused = models.BooleanField(
        _("paused"), default=False, help_text=_("No unit is made; those that are warm are still handed out.")
    )
    # failures before this moment count no more
    resumed_at = models.DateTimeField(_("last resumed"), default=timezone.now, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("pool")
        verbose_name_plural = _("pools")
        ordering = ("plan__position", "plan__code", "language")
        constraints = (
            models.UniqueConstraint(fields=("plan", "language", "country"), name="one_pool_a_plan_and_country"),
        )

    def __str__(self) -> str:
        return f"{self.plan.code} {self.language}{'-' + self.country if self.country else ''}"


class UnitState(models.TextChoices):
    """How the pool calls the state of a unit's instance."""

    PREPARING = "preparing", _("being prepared")
    WARM = "warm", _("warm")
    TAKEN = "taken", _("handed out")
    DRAINING = "draining", _("being deleted")
    BROKEN = "broken", _("broken")
    GONE = "gone", _("gone")


STATES: dict[InstanceState, UnitState] = {
    InstanceState.REQUESTED: UnitState.PREPARING,
    InstanceState.PROVISIONING: UnitState.PREPARING,
    InstanceState.WARM: UnitState.WARM,
    InstanceState.TAKEN: UnitState.TAKEN,
    InstanceState.DECOMMISSIONING: UnitState.DRAINING,
    InstanceState.FAILED: UnitState.BROKEN,
    InstanceState.DECOMMISSIONED: UnitState.GONE,
}


class UnitQuerySet(models.QuerySet["Unit"]):
    def in_state(self, *states: UnitState) -> "UnitQuerySet":
        return self.filter(instance__state__in=[each for each, state in STATES.items() if state in states])


class Unit(models.Model):
    """An instance that was made before anybody ordered it. Its state is its instance's (`STATES`).

    Once it is handed out its instance is an empty shell that keeps its history; what it owned is ``handed_to``'s.
    ``last_for`` is the instance id of the last one that it was to become.
    """

    instance = models.OneToOneField(
        Instance, models.PROTECT, primary_key=True, related_name="unit", verbose_name=_("instance")
    )
    pool = models.ForeignKey(Pool, models.PROTECT, related_name="units", verbose_name=_("pool"))
    key = models.CharField(_("key"), max_length=32)
    warm_at = models.DateTimeField(_("warm since"), null=True, blank=True)
    handed_to = models.OneToOneField(
        Instance, models.PROTECT, null=True, blank=True, related_name="made_from", verbose_name=_("handed out to")
    )
    last_for = models.CharField(max_length=64, blank=True, editable=False)
    taken_at = models.DateTimeField(_("handed out"), null=True, blank=True)
    broken_by = models.CharField(_("reason code"), max_length=60, blank=True)
    broken_at = models.DateTimeField(_("broken since"), null=True, blank=True)
    created_at = models.DateTimeField(_("begun"), default=timezone.now)

    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = _("warm unit")
        verbose_name_plural = _("warm units")
        ordering = ("-pk",)
        default_permissions = ("view",)
        constraints = (
            models.CheckConstraint(
                condition=Q(handed_to=None) | Q(taken_at__isnull=False, warm_at__isnull=False),
                name="only_a_warm_unit_is_handed_out",
            ),
        )
        indexes = (models.Index(fields=("key", "warm_at"), name="unit_key_age"),)

    def __str__(self) -> str:
        return self.instance.client_name

    @property
    def state(self) -> UnitState:
        return STATES.get(InstanceState(self.instance.state), UnitState.BROKEN)
