"""The engine: durable steps, short tasks. Everything runs at least once, and its effect happens once.

Four doors: `start`, `retry` and `cancel` for those who order work, `run` for whoever has a moment
to do it (a Celery task, the embedded worker, a command in the foreground), plus `wake` for news.
"""

import logging
import random
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Model, Q
from django.utils import timezone

from provisioning import circuit, lease, logcontext, tally, turns
from provisioning.context import Context
from provisioning.errors import NotNow, Permanent, Temporary
from provisioning.lease import LeaseLost
from provisioning.models import Operation, Step
from provisioning.outcomes import Done, Wait
from provisioning.recipes import RECIPES, step_definition
from provisioning.signals import operation_changed, operation_due, step_changed
from provisioning.spec import InstanceSpec
from provisioning.states import OperationState, StepState

logger = logging.getLogger(__name__)

MAX_FAILURES = 12
MAX_UNEXPECTED = 3
LONGEST_BACKOFF = 120.0
LOST_AFTER = timedelta(seconds=lease.LEASE_SECONDS)


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
    _ring(operation.pk)
    return operation


def run(operation_id: int) -> bool:
    """Run the operation's steps until it ends or has to wait; False when it was not due or somebody else has it."""
    operation = lease.claim(operation_id)
    if operation is None:
        return False
    with logcontext.bound(**operation.log_ids):
        try:
            with lease.kept(operation):
                while _advance(operation):
                    pass
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
    due = list(Operation.objects.unheard(now, LOST_AFTER).values_list("pk", flat=True)[:limit])
    Operation.objects.filter(pk__in=due).update(rung_at=now)
    for operation_id in due:
        operation_due.send(Operation, operation_id=operation_id, urgent=False)
    for operation_id in turns.overdue():
        wake(operation_id)
    return len(due)


def wake(operation_id: int) -> None:
    """There may be news for this operation: let it look now. A hint only; harmless at any time."""
    now = timezone.now()
    if Operation.objects.active().filter(pk=operation_id).update(run_after=now, rung_at=now, wakes=F("wakes") + 1):
        _ring(operation_id, urgent=True)


def retry(operation: Operation, *, anew: Collection[str] = ()) -> Operation:
    """Go on from the step that failed, and do ``anew`` steps whose effect was taken back. Raises NotRetryable."""
    now = timezone.now()
    recipe = RECIPES[operation.kind]
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
    _ring(operation.pk)
    return operation


def cancel(operation: Operation) -> bool:
    """Stop at the next step boundary; True when this call ended it. Harmless when it has ended already."""
    return _end(operation, OperationState.CANCELLED, reason="cancelled", message="")


def _advance(operation: Operation) -> bool:
    """Run the next step; True when the one after it may run at once."""
    step = operation.steps.exclude(state=StepState.DONE).order_by("position").first()
    if step is None:
        _end(operation, OperationState.SUCCEEDED, token=operation.lease_token)
        return False
    _begin(operation, step)
    context = Context(operation, step)
    try:
        outcome = step_definition(operation.kind, step.code).run(context)
    except LeaseLost:
        raise
    except NotNow as error:
        return _queue(operation, step, Wait(error.retry_after or 1.0, error.code, error.queue))
    except Permanent as error:
        _fail(operation, step, error.code, error.message)
    except Temporary as error:
        _back_off(operation, step, error.code, error.message, error.retry_after, MAX_FAILURES)
    except Exception as error:
        logger.exception("Step %s failed unexpectedly", step.code)
        _back_off(operation, step, "unexpected", type(error).__name__, None, MAX_UNEXPECTED)
    else:
        return _record(operation, step, outcome)
    return False


def _begin(operation: Operation, step: Step) -> None:
    step.state = StepState.RUNNING
    step.attempts += 1
    step.started_at = step.started_at or timezone.now()
    with transaction.atomic():
        _hold(operation)
        step.save(update_fields=["state", "attempts", "started_at"])


def _record(operation: Operation, step: Step, outcome: Done | Wait) -> bool:
    now = timezone.now()
    step.failures = 0
    if isinstance(outcome, Wait):
        if outcome.queue:
            return _queue(operation, step, outcome)
        if _is_late(operation):
            _fail(operation, step, outcome.reason, "The deadline has passed.", "deadline")
            return False
        step.state, step.reason, step.message = StepState.WAITING, outcome.reason, ""
        return _pause(operation, step, now + timedelta(seconds=outcome.seconds))
    step.state, step.reason, step.message, step.ended_at = StepState.DONE, "", "", now
    operation.facts = {**operation.facts, **outcome.facts}
    with transaction.atomic():
        _hold(operation, facts=operation.facts, queue="")
        step.save(update_fields=["state", "reason", "message", "ended_at", "failures"])
        step_changed.send(Step, step=step)
    return True


def _queue(operation: Operation, step: Step, wait: Wait) -> bool:
    """Let go until its turn is expected. Time in a queue is not the work's own: the deadline starts over behind it."""
    step.state, step.reason, step.message = StepState.WAITING, wait.reason, ""
    until = timezone.now() + timedelta(seconds=wait.seconds + turns.stagger(operation, wait.queue))
    deadline_at = max(operation.deadline_at, until + RECIPES[operation.kind].deadline)
    return _pause(operation, step, until, queue=wait.queue, deadline_at=deadline_at)


def _back_off(operation: Operation, step: Step, code: str, message: str, retry_after: float | None, most: int) -> None:
    if code == circuit.WAITING or circuit.is_open(_workspace(operation)):
        _await_end_of_outage(operation, step)
        return
    step.failures += 1
    step.state, step.reason, step.message = StepState.WAITING, code, message
    logger.warning("Step %s: %s (%s), failure %d", step.code, message, code, step.failures)
    tally.count("step_retries", code)
    late = _is_late(operation)
    if late or step.failures >= most:
        _fail(operation, step, code, message, "deadline" if late else "")
        return
    seconds = retry_after if retry_after is not None else min(2.0**step.failures, LONGEST_BACKOFF)
    _pause(operation, step, timezone.now() + timedelta(seconds=seconds * random.uniform(1.0, 1.25)))  # noqa: S311


def _await_end_of_outage(operation: Operation, step: Step) -> None:
    """No attempt and no failure is counted; whoever ends the outage wakes those who wait for it."""
    step.attempts, step.failures = max(step.attempts - 1, 0), 0
    step.state, step.reason, step.message = StepState.WAITING, circuit.WAITING, ""
    wait = circuit.LONGEST_WAIT if circuit.is_open(_workspace(operation), fresh=True) else 1.0
    _pause(operation, step, timezone.now() + timedelta(seconds=wait * random.uniform(1.0, 1.25)))  # noqa: S311


def _is_late(operation: Operation) -> bool:
    """Past its deadline, which waits for as long as Railway does not answer."""
    return timezone.now() > operation.deadline_at and not circuit.is_open(_workspace(operation), fresh=True)


def _workspace(operation: Operation) -> str:
    return str(operation.spec.get("workspace", "default"))


def _pause(operation: Operation, step: Step, until: datetime, *, queue: str = "", **changes: object) -> bool:
    """Let go until then, unless somebody woke the operation while the step was running."""
    with transaction.atomic():
        _hold(operation, queue=queue, **changes)
        step.save(update_fields=["state", "reason", "message", "failures", "attempts"])
        step_changed.send(Step, step=step)
        mine = Operation.objects.active().filter(pk=operation.pk, lease_token=operation.lease_token)
        free = {"lease_token": "", "lease_expires_at": None}
        undisturbed = mine.filter(wakes=operation.wakes).update(run_after=until, **free)
        if not undisturbed:
            now = timezone.now()
            mine.update(run_after=now, rung_at=now, **free)
    if not undisturbed:
        _ring(operation.pk, urgent=True)
    return False


def _fail(operation: Operation, step: Step, code: str, message: str, reason: str = "") -> None:
    step.state, step.reason, step.message, step.ended_at = StepState.FAILED, code, message, timezone.now()
    logger.error("Operation failed at %s: %s (%s)", step.code, message, code)
    with transaction.atomic():
        _hold(operation)
        step.save(update_fields=["state", "reason", "message", "ended_at", "failures"])
        step_changed.send(Step, step=step)
        _end(operation, OperationState.FAILED, reason or code, message, token=operation.lease_token)


def _end(
    operation: Operation, state: OperationState, reason: str = "", message: str = "", *, token: str | None = None
) -> bool:
    rows = Operation.objects.active().filter(pk=operation.pk)
    if token is not None:
        rows = rows.filter(lease_token=token)
    with transaction.atomic():
        ended = rows.update(
            state=state,
            reason=reason,
            message=message,
            ended_at=timezone.now(),
            lease_token="",
            lease_expires_at=None,
        )
        if ended:
            operation.refresh_from_db()
            operation_changed.send(Operation, operation=operation)
    return bool(ended)


def _hold(operation: Operation, **changes: object) -> None:
    """Inside a recording transaction: prove that the lease is still ours and renew it. Raises LeaseLost."""
    expiry = timezone.now() + timedelta(seconds=lease.LEASE_SECONDS)
    held = (
        Operation.objects.active()
        .filter(pk=operation.pk, lease_token=operation.lease_token)
        .update(lease_expires_at=expiry, **changes)
    )
    if not held:
        raise LeaseLost


def _ring(operation_id: int, *, urgent: bool = False) -> None:
    transaction.on_commit(lambda: operation_due.send_robust(Operation, operation_id=operation_id, urgent=urgent))
