import re
from decimal import Decimal

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

# a digest; a day's build of Odoo (odoo:19.0-20260908); a minor version of PostgreSQL: every start brings the same one
PINNED = re.compile(r"@sha256:[0-9a-f]{64}$|:[\w.-]*\d{8}[\w.-]*$|postgres[\w./-]*:\d+\.\d+$")
POSTGRES_IMAGE = "ghcr.io/railwayapp-templates/postgres-ssl:17.11"


class Blueprint(models.Model):
    """Where a customer's Odoo comes from: a GitHub repository that Railway builds, or a prebuilt image."""

    class Kind(models.TextChoices):
        REPOSITORY = "repository", _("GitHub repository")
        IMAGE = "image", _("image")

    code = models.SlugField(_("code"), unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    repository = models.CharField(
        _("repository"),
        max_length=140,
        blank=True,
        validators=[RegexValidator(r"^[\w.-]+/[\w.-]+$", _("Write it as owner/name."))],
    )
    branch = models.CharField(_("branch"), max_length=100, blank=True)
    image = models.CharField(_("image"), max_length=200, blank=True)
    postgres_image = models.CharField(
        _("PostgreSQL image"), max_length=200, default=POSTGRES_IMAGE, db_default=POSTGRES_IMAGE
    )
    addons_path = models.CharField(
        _("add-ons path"), max_length=400, blank=True, help_text=_("Folders inside the container, separated by commas.")
    )
    modules = models.CharField(
        _("Odoo modules"), max_length=400, blank=True, help_text=_("Technical names, separated by commas.")
    )

    class Meta:
        verbose_name = _("blueprint")
        verbose_name_plural = _("blueprints")
        ordering = ("code",)
        constraints = (
            models.CheckConstraint(
                condition=(Q(kind="image") & ~Q(image="") & Q(repository=""))
                | (Q(kind="repository") & ~Q(repository="") & ~Q(branch="") & Q(image="")),
                name="a_blueprint_has_one_source",
                violation_error_message=_("Give an image, or a repository with its branch, as the kind says."),
            ),
        )

    def __str__(self) -> str:
        return self.code

    def floating_images(self) -> tuple[str, ...]:
        """Its images whose tag moves: each start of an instance may bring another version, unseen."""
        return tuple(image for image in (self.image, self.postgres_image) if image and not PINNED.search(image))


class Plan(models.Model):
    """What is sold. Prices, costs and resources are data; an instance keeps those of the day it was ordered."""

    code = models.SlugField(_("code"), unique=True)
    name_fr = models.CharField(_("name in French"), max_length=60)
    name_en = models.CharField(_("name in English"), max_length=60)
    description_fr = models.CharField(_("description in French"), max_length=200, blank=True)
    description_en = models.CharField(_("description in English"), max_length=200, blank=True)
    price_per_month = models.DecimalField(
        _("price a month"), max_digits=10, decimal_places=2, validators=[MinValueValidator(Decimal(0))]
    )
    estimated_cost = models.DecimalField(
        _("estimated cost a month"), max_digits=10, decimal_places=2, validators=[MinValueValidator(Decimal(0))]
    )
    currency = models.CharField(
        _("currency"), max_length=3, default="USD", validators=[RegexValidator(r"^[A-Z]{3}$", _("Three letters: EUR."))]
    )
    odoo_memory_gb = models.FloatField(_("Odoo memory (GB)"), default=2, validators=[MinValueValidator(0.5)])
    odoo_vcpus = models.FloatField(_("Odoo vCPUs"), default=2, validators=[MinValueValidator(0.1)])
    postgres_memory_gb = models.FloatField(_("database memory (GB)"), default=1, validators=[MinValueValidator(0.25)])
    postgres_vcpus = models.FloatField(_("database vCPUs"), default=1, validators=[MinValueValidator(0.1)])
    backup_days = models.PositiveSmallIntegerField(
        _("daily backups"), default=7, help_text=_("For so many days the backup of each day is kept.")
    )
    backup_weeks = models.PositiveSmallIntegerField(
        _("weekly backups"), default=4, help_text=_("For so many weeks one backup a week is kept.")
    )
    backup_months = models.PositiveSmallIntegerField(
        _("monthly backups"), default=12, help_text=_("For so many months one backup a month is kept.")
    )
    modules = models.CharField(
        _("Odoo modules"), max_length=400, blank=True, help_text=_("Technical names, separated by commas.")
    )
    blueprint = models.ForeignKey(Blueprint, models.PROTECT, related_name="plans", verbose_name=_("blueprint"))
    workspace = models.CharField(
        _("Railway workspace"),
        max_length=200,
        default="default",
        help_text=_("The name under which it is configured; of several, separated by commas, the first with room."),
    )
    lifetime_days = models.PositiveIntegerField(
        _("lifetime (days)"), null=True, blank=True, help_text=_("For demonstrations; empty: no end.")
    )
    is_public = models.BooleanField(_("offered on the signup page"), default=True)
    takes_orders = models.BooleanField(
        _("takes new orders"),
        default=True,
        help_text=_("Switched off, every order is refused, wherever it comes from."),
    )
    confirm_email = models.BooleanField(_("confirm the e-mail address first"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering = ("position", "code")
        constraints = (
            models.CheckConstraint(
                condition=Q(price_per_month__gte=0, estimated_cost__gte=0), name="a_plan_has_no_negative_money"
            ),
            models.CheckConstraint(
                condition=Q(lifetime_days=None) | Q(lifetime_days__gt=0), name="a_lifetime_is_at_least_a_day"
            ),
        )

    def __str__(self) -> str:
        return self.code

    @property
    def name(self) -> str:
        """In the language of the one who reads."""
        return self.name_en if (get_language() or "fr").startswith("en") else self.name_fr

    @property
    def description(self) -> str:
        return self.description_en if (get_language() or "fr").startswith("en") else self.description_fr

    @property
    def margin(self) -> Decimal:
        """What is left of the price after the estimated cost, a month, in the plan's currency."""
        return self.price_per_month - self.estimated_cost

    @property
    def is_demo(self) -> bool:
        return self.lifetime_days is not None

    def workspace_names(self) -> tuple[str, ...]:
        """Where its instances may live, in the order of preference."""
        return tuple(name.strip() for name in self.workspace.split(",") if name.strip())

    def module_names(self) -> tuple[str, ...]:
        """The blueprint's modules, then the plan's own, each once."""
        names = [name.strip() for name in f"{self.blueprint.modules},{self.modules}".split(",")]
        return tuple(dict.fromkeys(name for name in names if name)) or ("base",)
