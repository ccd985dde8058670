"""Rows of the engine: the work, its steps, and the ledger of all that we own at Railway."""

import secrets
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from provisioning import logcontext
from provisioning.doorbell import unrung
from provisioning.sealing import SealedField, seal, unseal
from provisioning.spec import InstanceSpec
from provisioning.states import OperationKind, OperationState, ResourceState, StepState

REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_reference() -> str:
    """A short name that a customer can read out on the telephone and staff can search for."""
    return "OP-" + "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(8))


class OperationQuerySet(models.QuerySet["Operation"]):
    def active(self) -> "OperationQuerySet":
        return self.filter(state=OperationState.ACTIVE)

    def due(self, now: datetime) -> "OperationQuerySet":
        """Active, its time has come, and nobody holds it; first come first served."""
        free = Q(lease_expires_at=None) | Q(lease_expires_at__lt=now)
        return self.active().filter(free, run_after__lte=now).order_by("run_after", "pk")

    def unheard(self, now: datetime) -> "OperationQuerySet":
        """Due, and nobody has been told."""
        return self.due(now).filter(unrung(now))


class Operation(models.Model):
    """One piece of work on an instance. The database is the schedule: ``run_after`` says when it may go on."""

    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_reference, editable=False)
    kind = models.CharField(_("kind"), max_length=20, choices=OperationKind)
    instance = models.ForeignKey(
        "tenants.Instance", models.PROTECT, related_name="operations", verbose_name=_("instance")
    )
    state = models.CharField(_("state"), max_length=12, choices=OperationState, default=OperationState.ACTIVE)
    spec = models.JSONField(_("frozen inputs"), default=dict)
    facts = models.JSONField(_("facts found"), default=dict, blank=True)
    sealed = SealedField(_("secrets"))
    reason = models.CharField(_("reason code"), max_length=60, blank=True)
    message = models.TextField(_("message for staff"), blank=True)
    queue = models.CharField(_("waits in the queue"), max_length=80, blank=True, editable=False)
    run_after = models.DateTimeField(_("may go on from"), default=timezone.now)
    rung_at = models.DateTimeField(null=True, blank=True, editable=False)
    deadline_at = models.DateTimeField(_("deadline"))
    wakes = models.PositiveIntegerField(_("times woken"), default=0, editable=False)
    # of the request that ordered it: the worker's log lines carry it as well
    request_id = models.CharField(max_length=64, blank=True, default=logcontext.request_id, editable=False)
    lease_token = models.CharField(max_length=32, blank=True, editable=False)
    lease_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("asked for"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    # by the wall's clock and by the steady one, of the runner that holds it: not in the row
    claimed_at: tuple[float, float] | None = None

    objects = OperationQuerySet.as_manager()

    class Meta:
        verbose_name = _("operation")
        verbose_name_plural = _("operations")
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("instance",),
                condition=Q(state=OperationState.ACTIVE),
                name="one_active_operation_an_instance",
            ),
            models.CheckConstraint(
                condition=Q(state=OperationState.ACTIVE, ended_at=None)
                | (~Q(state=OperationState.ACTIVE) & Q(ended_at__isnull=False)),
                name="an_operation_has_an_end_exactly_when_it_ended",
            ),
        )
        indexes = (
            models.Index(fields=("run_after",), condition=Q(state=OperationState.ACTIVE), name="operation_due"),
            models.Index(fields=("kind", "state", "ended_at"), name="operation_outcome"),
            models.Index(
                fields=("queue", "id"),
                condition=Q(state=OperationState.ACTIVE) & ~Q(queue=""),
                name="operation_queue",
            ),
        )

    def __str__(self) -> str:
        return f"{self.reference} {self.kind}"

    @property
    def instance_spec(self) -> InstanceSpec:
        return InstanceSpec.from_json(self.spec)

    @property
    def workspace(self) -> str:
        """The configured name of the Railway workspace it works in."""
        return str(self.spec.get("workspace", "default"))

    @property
    def log_ids(self) -> dict[str, str]:
        """What every log line about this operation carries."""
        return {
            "operation": self.reference,
            "instance": self.spec.get("instance_id", ""),
            "request": self.request_id,
        }

    def secrets(self) -> dict[str, str]:
        """The sealed inputs in clear: for steps and for the one page that may show them. Raises SealBroken."""
        return unseal(self.sealed)

    def seal(self, values: dict[str, str]) -> None:
        self.sealed = seal(values)


class Step(models.Model):
    """One step of an operation: the timeline that people see."""

    operation = models.ForeignKey(Operation, models.CASCADE, related_name="steps", verbose_name=_("operation"))
    position = models.PositiveSmallIntegerField(_("position"))
    code = models.CharField(_("code"), max_length=40)
    state = models.CharField(_("state"), max_length=10, choices=StepState, default=StepState.PENDING)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    reason = models.CharField(_("reason code"), max_length=60, blank=True)
    message = models.TextField(_("message for staff"), blank=True)
    notes = models.JSONField(_("notes"), default=dict, blank=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ("operation", "position")
        constraints = (
            models.UniqueConstraint(fields=("operation", "position"), name="one_step_a_position"),
            models.UniqueConstraint(fields=("operation", "code"), name="one_step_a_code"),
        )

    def __str__(self) -> str:
        return self.code


class Resource(models.Model):
    """The ledger: each thing that we own at Railway, written down before it is asked for.

    ``intended`` without ``external_id`` means that a request may have been sent: before asking
    again, the thing is looked for and adopted.
    """

    instance = models.ForeignKey(
        "tenants.Instance", models.PROTECT, related_name="resources", verbose_name=_("instance")
    )
    kind = models.CharField(_("kind"), max_length=20)
    name = models.CharField(_("name"), max_length=80)
    workspace = models.CharField(_("workspace"), max_length=40, default="default")
    external_id = models.CharField(_("id at Railway"), max_length=100, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=ResourceState, default=ResourceState.INTENDED)
    status = models.CharField(_("status at Railway"), max_length=30, blank=True)
    checked_at = models.DateTimeField(_("status read"), null=True, blank=True)
    news_at = models.DateTimeField(null=True, blank=True, editable=False)
    attempted_at = models.DateTimeField(_("request sent"), null=True, blank=True)
    created_at = models.DateTimeField(_("written down"), default=timezone.now)
    gone_at = models.DateTimeField(_("gone"), null=True, blank=True)

    class Meta:
        verbose_name = _("resource")
        verbose_name_plural = _("resources")
        ordering = ("instance", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("instance", "kind", "name"),
                condition=~Q(state=ResourceState.GONE),
                name="one_living_resource_a_name",
            ),
            models.UniqueConstraint(
                fields=("kind", "external_id"), condition=~Q(external_id=""), name="one_resource_an_external_id"
            ),
            models.CheckConstraint(
                condition=~Q(state=ResourceState.PRESENT) | ~Q(external_id=""), name="a_present_resource_has_an_id"
            ),
        )
        indexes = (
            models.Index(
                fields=("kind", "status"), condition=Q(state=ResourceState.PRESENT), name="resource_kind_status"
            ),
            models.Index(fields=("news_at",), condition=Q(news_at__isnull=False), name="resource_with_news"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Outage(models.Model):
    """A time in which Railway refuses a whole workspace, or its token; one only suspected has not been opened."""

    class Kind(models.TextChoices):
        API = "api", _("Railway does not answer")
        TOKEN = "token", _("Railway refuses the token")

    workspace = models.CharField(_("workspace"), max_length=40)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.API)
    refusals = models.PositiveIntegerField(_("refusals heard"), default=0)
    cause = models.CharField(_("reason code"), max_length=60, blank=True)
    notice = models.TextField(_("what Railway says"), blank=True)
    began_at = models.DateTimeField(_("first refusal"), default=timezone.now)
    opened_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    probe_at = models.DateTimeField(_("next probe"), default=timezone.now)
    pauses = models.PositiveIntegerField(_("probes"), default=0)

    class Meta:
        verbose_name = _("outage")
        verbose_name_plural = _("outages")
        ordering = ("-pk",)
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(
                fields=("workspace", "kind"), condition=Q(ended_at=None), name="one_present_outage_a_workspace"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.workspace}"


class Slot(models.Model):
    """The next free moment of a request that Railway throttles by the clock."""

    key = models.CharField(max_length=120, primary_key=True)
    free_at = models.FloatField(default=0)

    class Meta:
        verbose_name = _("paced request")
        verbose_name_plural = _("paced requests")

    def __str__(self) -> str:
        return self.key


class RequestBudget(models.Model):
    """Railway's request budget of a workspace, when there is no Redis to share it."""

    workspace = models.CharField(max_length=40, primary_key=True)
    figures = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("request budget")
        verbose_name_plural = _("request budgets")

    def __str__(self) -> str:
        return self.workspace


class Heartbeat(models.Model):
    """When a process that works by itself was last seen alive."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class Tally(models.Model):
    """How often something has happened since the beginning, over all processes."""

    name = models.CharField(max_length=40)
    labels = models.JSONField(default=list)
    key = models.CharField(max_length=200, unique=True)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("tally")
        verbose_name_plural = _("tallies")
        default_permissions = ()

    def __str__(self) -> str:
        return self.key
