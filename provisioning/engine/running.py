"""The engine: durable steps, short tasks. Everything runs at least once, and its effect happens once.

Four doors: `start`, `retry` and `cancel` for those who order work, `run` for whoever has a moment
to do it (a Celery task, the embedded worker, a command in the foreground), plus `wake` for news.
"""

import logging
from collections.abc import Collection, Mapping
from itertools import zip_longest

from django.db import transaction
from django.db.models import F, Model, Q
from django.utils import timezone

from provisioning import logcontext
from provisioning.doorbell import PUT_BACK, Priority
from provisioning.engine import lease, recording
from provisioning.engine.lease import LeaseLost
from provisioning.engine.recipes import RECIPES, step_definition
from provisioning.errors import NotNow, Permanent, ProvisioningError, Temporary
from provisioning.gate import turns
from provisioning.ledger.entries import Ledger
from provisioning.models import Operation, Step
from provisioning.outcomes import Wait
from provisioning.signals import operation_changed, operation_due
from provisioning.spec import TEST, InstanceSpec
from provisioning.states import OperationState, StepState
from provisioning.steps.context import Context

logger = logging.getLogger(__name__)

MAX_FAILURES = 12
MAX_UNEXPECTED = 3
STOCK = [kind for kind, recipe in RECIPES.items() if recipe.priority is Priority.STOCK]


class NotRetryable(Exception):
    """Only a failed or cancelled operation can be retried, and only when no other one is active."""


def start(*, kind: str, instance: Model, spec: InstanceSpec, secrets: Mapping[str, str] | None = None) -> Operation:
    """Write the operation and its steps, inside the caller's transaction; it runs after the commit.

    Raises IntegrityError when the instance already has an active operation.
    """
    recipe, now = RECIPES[kind], timezone.now()
    operation = Operation(
        kind=kind,
        instance=instance,  # type: ignore[misc]  # its class belongs to the layer above
        spec=spec.to_json(),
        run_after=now,
        rung_at=now,
        deadline_at=now + recipe.deadline,
    )
    operation.seal(dict(secrets or {}))
    with transaction.atomic(savepoint=False):
        operation.save(force_insert=True)
        Step.objects.bulk_create(
            Step(operation=operation, position=position, code=definition.code)
            for position, definition in enumerate(recipe.steps)
        )
        operation_changed.send(Operation, operation=operation)
    recording.ring(operation.pk, priority_of(kind, spec.workspace))
    return operation


def priority_of(kind: str, workspace: str) -> Priority:
    """How soon a worker hears of work when nothing has waited yet; what is only tried out waits behind customers'."""
    return Priority.STOCK if workspace == TEST else RECIPES[kind].priority


def run(operation_id: int) -> bool:
    """Run the operation's steps until it ends or has to wait; False when it was not due or somebody else has it."""
    operation = lease.claim(operation_id)
    if operation is None:
        return False
    with logcontext.bound(**operation.log_ids):
        try:
            with lease.kept(operation):
                recording.forgive_absence(operation)
                _run_steps(operation)
        except LeaseLost:
            logger.warning("Another runner has taken over")
    return True


def run_due(*, limit: int = 100) -> int:
    """Run what is due here and now, oldest first, and say how many: for those who have no broker."""
    due = Operation.objects.due(timezone.now()).values_list("pk", flat=True)[:limit]
    return sum(run(operation_id) for operation_id in list(due))


def sweep(*, limit: int = 500) -> int:
    """Ring for whatever has become due, and again for what nobody has taken up: a lost message costs LOST_AFTER."""
    now = timezone.now()
    due = list(Operation.objects.unheard(now).values_list("pk", "kind", "spec__workspace")[:limit])
    Operation.objects.filter(pk__in=[pk for pk, *_of in due]).update(rung_at=now)
    for operation_id, kind, workspace in due:
        operation_due.send(Operation, operation_id=operation_id, priority=priority_of(kind, workspace))
    wake(*turns.overdue())
    heed_the_clock()
    return len(due)


def heed_the_clock() -> None:
    """After the clock was put back: let those go on who wait for a moment, or for a dead runner, of the former time."""
    now = timezone.now()
    former = list(Operation.objects.active().filter(rung_at__gt=now + PUT_BACK).values_list("pk", flat=True))
    if former:
        logger.error("The clock was put back: %d operations look at once", len(former))
    for operation_id in former:
        lease.shorten(operation_id)
    wake(*former)


def wake(*operation_ids: int, priority: Priority = Priority.AWAITED) -> None:
    """There may be news for these operations: let them look now. A hint only; harmless at any time."""
    now = timezone.now()
    active = Operation.objects.active().filter(pk__in=operation_ids)
    if active.update(run_after=now, rung_at=now, wakes=F("wakes") + 1):
        stock = set(active.filter(Q(kind__in=STOCK) | Q(spec__workspace=TEST)).values_list("pk", flat=True))
        for operation_id in operation_ids:
            recording.ring(operation_id, Priority.STOCK if operation_id in stock else priority)


def retry(operation: Operation, *, anew: Collection[str] = ()) -> Operation:
    """Go on from the step that failed; do steps ``anew`` whose effect was taken back or lost. Raises NotRetryable."""
    now = timezone.now()
    recipe = RECIPES[operation.kind]
    anew = {*anew, *(step.code for step in recipe.steps if step.is_lost(operation))}
    with transaction.atomic():
        if Operation.objects.active().filter(instance_id=operation.instance_id).exists():
            raise NotRetryable("Another operation is active on this instance.")
        changed = Operation.objects.filter(
            pk=operation.pk, state__in=(OperationState.FAILED, OperationState.CANCELLED)
        ).update(
            state=OperationState.ACTIVE,
            reason="",
            message="",
            run_after=now,
            rung_at=now,
            queue="",
            ended_at=None,
            lease_token="",
            lease_expires_at=None,
            deadline_at=now + recipe.deadline,
        )
        if not changed:
            raise NotRetryable("This operation has not failed.")
        operation.steps.filter(~Q(state=StepState.DONE) | Q(code__in=anew)).update(
            state=StepState.PENDING, failures=0, reason="", message="", started_at=None, ended_at=None
        )
        operation.refresh_from_db()
        operation_changed.send(Operation, operation=operation)
    recording.ring(operation.pk)
    return operation


def cancel(operation: Operation) -> bool:
    """Stop at the next step boundary; True when this call ended it. Harmless when it has ended already."""
    return recording.end(operation, OperationState.CANCELLED, reason="cancelled", message="")


def _run_steps(operation: Operation) -> None:
    """Run one step after the other until one has to wait, fails, or was the last."""
    left = list(operation.steps.exclude(state=StepState.DONE).order_by("position"))
    if left and not _begin(operation, left[0]):
        return
    ledger = Ledger(operation.instance_id, operation.workspace)
    for step, following in zip_longest(left, left[1:]):
        if not _run_step(Context(operation, step, ledger), following):
            return
    if recording.end(operation, OperationState.SUCCEEDED, token=operation.lease_token):
        _see_to_what_follows(operation)


def _see_to_what_follows(operation: Operation) -> None:
    follow = RECIPES[operation.kind].afterwards
    if follow is None:
        return
    try:
        follow(operation.instance_id, operation.workspace)
    except ProvisioningError as error:
        logger.warning("What follows has to be asked for again: %s (%s)", error.message, error.code)
    except Exception:
        logger.exception("What follows failed unexpectedly")


def _begin(operation: Operation, step: Step) -> bool:
    try:
        recording.begin(operation, step)
    except Permanent as error:
        recording.fail(operation, step, error.code, error.message)
        return False
    return True


def _run_step(context: Context, following: Step | None) -> bool:
    """Run a step that has begun; True when it is done and the following one has begun."""
    operation, step = context.operation, context.step
    try:
        outcome = step_definition(operation.kind, step.code).run(context)
    except LeaseLost:
        raise
    except NotNow as error:
        recording.count_retry(operation, error.code)
        return recording.put_off(operation, step, Wait(error.retry_after or 1.0, error.code, error.queue))
    except Permanent as error:
        recording.fail(operation, step, error.code, error.message)
    except Temporary as error:
        most = error.most_tries or MAX_FAILURES
        recording.back_off(operation, step, error.code, error.message, error.retry_after, most)
    except Exception as error:
        logger.exception("Step %s failed unexpectedly", step.code)
        recording.back_off(operation, step, "unexpected", type(error).__name__, None, MAX_UNEXPECTED)
    else:
        return recording.record(operation, step, outcome, following)
    return False
