"""What Railway says was used, a row a day, project, service and measurement; and the dated prices and rates beside it.

Days are Railway's, which are those of UTC.
"""

from decimal import Decimal

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

# nothing that was used costs less than nothing; a rate of nothing cannot be divided by
NOT_NEGATIVE = MinValueValidator(Decimal(0))
POSITIVE = MinValueValidator(Decimal("0.000001"))


class Measurement(models.TextChoices):
    """Those that Railway has a list price for (docs.railway.com/pricing/plans)."""

    MEMORY = "MEMORY_USAGE_GB", _("memory (GB)")
    CPU = "CPU_USAGE", _("processor (vCPU)")
    DISK = "DISK_USAGE_GB", _("volumes (GB)")
    BACKUP = "BACKUP_USAGE_GB", _("Railway’s backups (GB)")
    TRAFFIC = "NETWORK_TX_GB", _("traffic (GB sent)")


class Bearer(models.TextChoices):
    """For whom a project ran on a day, by the state in which that day began."""

    CUSTOMER = "customer", _("customers’ instances")
    SUSPENDED = "suspended", _("suspended instances")
    POOL = "pool", _("units kept warm")
    LEAKED = "leaked", _("leaked projects")
    UNKNOWN = "unknown", _("projects that we do not know")


class UsagePrice(models.Model):
    """What a measurement costs from a day on, until the next row of it."""

    measurement = models.CharField(_("measurement"), max_length=30, choices=Measurement)
    valid_from = models.DateField(_("valid from"))
    price = models.DecimalField(
        _("price (USD)"),
        max_digits=12,
        decimal_places=6,
        validators=[NOT_NEGATIVE],
        help_text=_("For one GB or vCPU during 30 days; for traffic, for one GB."),
    )

    class Meta:
        verbose_name = _("usage price")
        verbose_name_plural = _("usage prices")
        ordering = ("measurement", "-valid_from")
        constraints = (
            models.UniqueConstraint(fields=("measurement", "valid_from"), name="one_price_a_measurement_and_day"),
            models.CheckConstraint(condition=models.Q(price__gte=0), name="a_usage_price_is_not_negative"),
        )

    def __str__(self) -> str:
        return f"{self.measurement} {self.valid_from}"


class ExchangeRate(models.Model):
    """What a dollar is worth from a day on. The rates of a day are kept with it, so a later row changes no past day."""

    currency = models.CharField(
        _("currency"), max_length=3, validators=[RegexValidator(r"^[A-Z]{3}$", _("Three letters: EUR."))]
    )
    valid_from = models.DateField(_("valid from"))
    per_dollar = models.DecimalField(
        _("for one US dollar"), max_digits=14, decimal_places=6, validators=[POSITIVE], help_text=_("0.92 for euros.")
    )

    class Meta:
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        ordering = ("currency", "-valid_from")
        constraints = (
            models.UniqueConstraint(fields=("currency", "valid_from"), name="one_rate_a_currency_and_day"),
            models.CheckConstraint(condition=models.Q(per_dollar__gt=0), name="a_rate_is_positive"),
        )

    def __str__(self) -> str:
        return f"{self.currency} {self.valid_from}"


class UsageDay(models.Model):
    """A day of a workspace that was read: its sum in US dollars by bearer, its rates, and who used unusually much."""

    workspace = models.CharField(_("Railway workspace"), max_length=40)
    day = models.DateField(_("day"))
    read_at = models.DateTimeField(_("read"), default=timezone.now)
    projects = models.PositiveIntegerField(_("projects"), default=0)
    by_bearer = models.JSONField(default=dict)
    rates = models.JSONField(default=dict)
    jumps = models.JSONField(default=list)

    class Meta:
        verbose_name = _("day of usage")
        verbose_name_plural = _("days of usage")
        ordering = ("-day", "workspace")
        default_permissions = ("view",)
        constraints = (models.UniqueConstraint(fields=("day", "workspace"), name="one_usage_day_a_workspace"),)

    def __str__(self) -> str:
        return f"{self.workspace} {self.day}"


class DailyUsage(models.Model):
    """What one service used on one day. ``value`` in vCPU-minutes, GB-minutes or GB, as its measurement says."""

    workspace = models.CharField(_("Railway workspace"), max_length=40)
    day = models.DateField(_("day"))
    project_id = models.CharField(_("Railway project"), max_length=64)
    service_id = models.CharField(_("service"), max_length=64, blank=True)
    measurement = models.CharField(_("measurement"), max_length=30, choices=Measurement)
    value = models.FloatField(_("used"))
    cost = models.DecimalField(_("cost (USD)"), max_digits=14, decimal_places=6)
    bearer = models.CharField(_("for"), max_length=10, choices=Bearer)
    instance = models.ForeignKey(
        "tenants.Instance", models.PROTECT, null=True, blank=True, related_name="usage", verbose_name=_("instance")
    )

    class Meta:
        verbose_name = _("usage of a day")
        verbose_name_plural = _("usage by day")
        ordering = ("-day", "project_id")
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(
                fields=("day", "workspace", "project_id", "service_id", "measurement"), name="one_usage_a_day"
            ),
        )
        indexes = (models.Index(fields=("project_id", "-day"), name="usage_of_a_project"),)

    def __str__(self) -> str:
        return f"{self.day} {self.project_id} {self.measurement}"


class UsageCheck(models.Model):
    """One comparison of what we measured with Railway's own sum, in US dollars, for one billing period so far.

    ``told`` is None for a token that may not read it.
    """

    MOST_PERCENT = Decimal(2)
    # of a few cents, two percent are nothing
    LEAST = Decimal(1)

    workspace = models.CharField(_("Railway workspace"), max_length=40)
    made_at = models.DateTimeField(_("compared"), default=timezone.now)
    since = models.DateTimeField(_("billing period since"))
    measured = models.DecimalField(_("measured (USD)"), max_digits=14, decimal_places=6)
    told = models.DecimalField(_("Railway’s own sum (USD)"), max_digits=14, decimal_places=6, null=True)

    class Meta:
        verbose_name = _("comparison of the usage")
        verbose_name_plural = _("comparisons of the usage")
        ordering = ("-pk",)
        default_permissions = ("view",)
        indexes = (models.Index(fields=("workspace", "-made_at"), name="usage_check_newest"),)

    def __str__(self) -> str:
        return f"{self.workspace} {self.made_at:%Y-%m-%d}"

    @property
    def percent(self) -> Decimal | None:
        """How far what we measured is from Railway's sum, in percent of that; None when there is nothing to compare."""
        if self.told is None or not max(self.told, self.measured):
            return None
        return (self.measured - self.told) / (self.told or self.measured) * 100

    @property
    def differs(self) -> bool:
        """By more than can be told with the age of Railway's sum."""
        percent = self.percent
        far = self.told is not None and abs(self.measured - self.told) >= self.LEAST
        return far and percent is not None and abs(percent) > self.MOST_PERCENT
