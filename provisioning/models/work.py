"""The work: operations and their steps. The database is the schedule."""

import secrets
from datetime import datetime

from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from provisioning import logcontext
from provisioning.doorbell import unrung
from provisioning.sealing import SealedField, seal, unseal
from provisioning.spec import TEST, InstanceSpec
from provisioning.states import MAKING, OperationKind, OperationState, StepState

REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_reference() -> str:
    """A short name that a customer can read out on the telephone and staff can search for."""
    return "OP-" + "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(8))


class OperationQuerySet(models.QuerySet["Operation"]):
    def active(self) -> "OperationQuerySet":
        return self.filter(state=OperationState.ACTIVE)

    def due(self, now: datetime) -> "OperationQuerySet":
        """Active, its time has come, nobody holds it; first whose customer looks on, last what has none, else in order.

        Work of a kind that only a newer version knows waits, after a rollback, for that version.
        """
        free = Q(lease_expires_at=None) | Q(lease_expires_at__lt=now)
        nobodys = Q(kind=OperationKind.PREPARE) | Q(spec__workspace=TEST)
        urgency = Case(When(kind=OperationKind.HAND_OVER, then=0), When(nobodys, then=2), default=1)
        known = self.active().filter(kind__in=OperationKind.values)
        return known.filter(free, run_after__lte=now).order_by(urgency, "run_after", "pk")

    def made_by(self) -> "OperationQuerySet":
        """What instances came true by, or shall: of a hand-over that came to nothing, what took over counts."""
        later = Operation.objects.filter(instance=OuterRef("instance"), pk__gt=OuterRef("pk"), kind__in=MAKING)
        return self.filter(kind__in=MAKING).exclude(Exists(later), kind=OperationKind.HAND_OVER)

    def real(self) -> "OperationQuerySet":
        """Those of no instance in test mode."""
        return self.exclude(instance__workspace=TEST)

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
