"""What each month cost and brought, one line for each project and what it ran for; closed months stand still."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from provisioning.models import Bearer
from tenants.models.instance import Instance
from tenants.models.partner import Partner
from tenants.models.plan import Plan


class CostMonth(models.Model):
    """A calendar month by UTC. Once it is closed, what comes to light later is a line of a later month."""

    month = models.DateField(_("month"), unique=True, help_text=_("Its first day."))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    # when Railway was asked again about it after that
    reread_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("month of costs")
        verbose_name_plural = _("months of costs")
        ordering = ("-month",)
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class CostLineQuerySet(models.QuerySet["CostLine"]):
    def sums(self, *names: str) -> Any:
        """Added up by these columns and by currency: two currencies are never added."""
        return (
            self.order_by()
            .values(*names, "currency")
            .annotate(
                instances=models.Count("instance", distinct=True),
                dollars=Sum("cost_usd"),
                cost_sum=Sum("cost"),
                unconverted=models.Count("pk", filter=Q(cost=None)),
                revenue_sum=Sum("revenue"),
            )
            .order_by("currency", "-revenue_sum", "-dollars")
        )

    def dear(self, percent: int) -> "CostLineQuerySet":
        """Lines whose instance costs, at the pace so far, more than this share of the price kept with it."""
        at_this_pace = F("cost") * 30 / F("days")
        return self.filter(
            bearer=Bearer.CUSTOMER,
            corrects=None,
            days__gte=CostLine.LEAST_DAYS,
            price__gt=0,
            cost__isnull=False,
        ).filter(Q(price__lt=at_this_pace * Decimal(100) / percent))


class CostLine(models.Model):
    """``cost`` and ``revenue`` are in ``currency``, the one of the price kept with the instance, or US dollars.

    ``cost`` is None when no rate of that currency was known. ``days`` counts the days that are in it.
    A correction names the month that it ``corrects``.
    """

    # a pace that is told after fewer days is none
    LEAST_DAYS = 3

    month = models.DateField(_("month"))
    corrects = models.DateField(_("corrects"), null=True, blank=True)
    workspace = models.CharField(_("Railway workspace"), max_length=40)
    bearer = models.CharField(_("for"), max_length=10, choices=Bearer)
    project_id = models.CharField(_("Railway project"), max_length=64)
    instance = models.ForeignKey(
        Instance, models.PROTECT, null=True, blank=True, related_name="costs", verbose_name=_("instance")
    )
    plan = models.ForeignKey(Plan, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("plan"))
    partner = models.ForeignKey(
        Partner, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("partner")
    )
    currency = models.CharField(_("currency"), max_length=3)
    cost_usd = models.DecimalField(_("cost (USD)"), max_digits=14, decimal_places=6)
    cost = models.DecimalField(_("cost"), max_digits=14, decimal_places=6, null=True)
    price = models.DecimalField(_("price a month"), max_digits=10, decimal_places=2, default=Decimal(0))
    revenue = models.DecimalField(_("revenue"), max_digits=14, decimal_places=6, default=Decimal(0))
    days = models.PositiveSmallIntegerField(_("days"), default=0)
    booked_at = models.DateTimeField(_("booked"), default=timezone.now, editable=False)

    objects = CostLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("cost of a month")
        verbose_name_plural = _("costs by month")
        ordering = ("-month", "-cost_usd", "pk")
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(
                fields=("month", "workspace", "project_id", "bearer"),
                condition=Q(corrects=None),
                name="one_cost_line_a_month",
            ),
        )
        indexes = (
            models.Index(fields=("-month", "-cost_usd"), name="cost_line_dearest"),
            models.Index(fields=("instance", "-month"), name="cost_line_of_an_instance"),
        )

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.project_id}"

    @property
    def margin(self) -> Decimal | None:
        """What is left of the revenue; None while the cost is not known in its currency."""
        return None if self.cost is None else self.revenue - self.cost
