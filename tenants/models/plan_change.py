from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from provisioning.models import Operation
from tenants.models.instance import Instance
from tenants.models.plan import Plan


class PlanChangeQuerySet(models.QuerySet["PlanChange"]):
    def unfinished(self) -> "PlanChangeQuerySet":
        """Those that wait for their day or are under way."""
        return self.filter(state__in=PlanChange.OPEN)

    def due(self) -> "PlanChangeQuerySet":
        return self.filter(state=PlanChange.State.SCHEDULED, due_at__lte=timezone.now()).order_by("due_at", "pk")


class PlanChange(models.Model):
    """Another plan for an instance, with what was agreed for it: at which price, under which terms, by whom.

    ``due_at`` is its day, None for one that began at once. It is kept, whatever came of it; once it has come true there
    is an `Agreement` of it.
    """

    class State(models.TextChoices):
        SCHEDULED = "scheduled", _("scheduled")
        BEGUN = "begun", _("under way")
        DONE = "done", _("done")
        FAILED = "failed", _("failed, the former plan has stayed")
        UNDONE = "undone", _("taken back")

    OPEN = (State.SCHEDULED, State.BEGUN)

    instance = models.ForeignKey(Instance, models.PROTECT, related_name="plan_changes", verbose_name=_("instance"))
    former_plan = models.ForeignKey(Plan, models.PROTECT, related_name="+", verbose_name=_("former plan"))
    former_price = models.DecimalField(_("former price a month"), max_digits=10, decimal_places=2)
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+", verbose_name=_("plan"))
    price_per_month = models.DecimalField(_("price a month"), max_digits=10, decimal_places=2)
    estimated_cost = models.DecimalField(_("estimated cost a month"), max_digits=10, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    tax = models.CharField(_("tax in the price"), max_length=10, blank=True)
    terms_version = models.CharField(_("version of the terms"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"))
    network = models.CharField(_("network"), max_length=60, blank=True)
    actor = models.CharField(_("who"), max_length=150, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.SCHEDULED)
    reason = models.CharField(_("reason code"), max_length=60, blank=True)
    operation = models.OneToOneField(
        Operation, models.PROTECT, null=True, blank=True, related_name="plan_change", verbose_name=_("operation")
    )
    asked_at = models.DateTimeField(_("asked for"), default=timezone.now, editable=False)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = PlanChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("change of plan")
        verbose_name_plural = _("changes of plan")
        ordering = ("-pk",)
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(
                fields=("instance",), condition=Q(state__in=("scheduled", "begun")), name="one_open_change_of_plan"
            ),
        )
        indexes = (models.Index(fields=("due_at",), condition=Q(state="scheduled"), name="plan_change_due"),)

    def __str__(self) -> str:
        return f"{self.instance} {self.former_plan} → {self.plan}"
