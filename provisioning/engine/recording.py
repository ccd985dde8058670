"""What came of a step, written down: each in one transaction that first proves that the lease is still ours.

They raise LeaseLost when it is not; then nothing was recorded.
"""

import logging
import random
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from provisioning.doorbell import Priority
from provisioning.engine import lease
from provisioning.engine.lease import LeaseLost
from provisioning.engine.recipes import RECIPES
from provisioning.errors import Permanent
from provisioning.gate import circuit, turns
from provisioning.models import Operation, Step
from provisioning.outcomes import Done, Wait
from provisioning.signals import operation_changed, operation_due, step_changed
from provisioning.spec import TEST
from provisioning.states import OperationState, StepState
from provisioning.vitals import tally

logger = logging.getLogger(__name__)

LONGEST_BACKOFF = 120.0
# a step that takes every worker down with it costs each of them a lease
MOST_DEATHS = 50
# whoever is taken up later than this after it was due has waited for us
ABSENCE = timedelta(seconds=60)


def begin(operation: Operation, step: Step) -> None:
    """A step that is found running was left by a runner that died. Raises Permanent when that happens for ever."""
    if step.state == StepState.RUNNING:
        step.notes["deaths"] = step.notes.get("deaths", 0) + 1
        if step.notes["deaths"] > MOST_DEATHS:
            raise Permanent("Its runners died at work, again and again.", code="unexpected")
    with transaction.atomic():
        _hold(operation)
        _start(step)


def record(operation: Operation, step: Step, outcome: Done | Wait, following: Step | None) -> bool:
    """True when the step is done, and the ``following`` one has begun."""
    now = timezone.now()
    if isinstance(outcome, Wait) and (outcome.queue or outcome.patient):
        # nothing was tried: what failed before has not become better
        return put_off(operation, step, outcome)
    step.failures = 0
    if isinstance(outcome, Wait):
        if _is_late(operation, step):
            fail(operation, step, outcome.reason, "The deadline has passed.", "deadline")
            return False
        step.state, step.reason, step.message = StepState.WAITING, outcome.reason, ""
        return _pause(operation, step, now + timedelta(seconds=outcome.seconds))
    step.state, step.reason, step.message, step.ended_at = StepState.DONE, "", "", now
    operation.facts = {**operation.facts, **outcome.facts}
    with transaction.atomic():
        _hold(operation, facts=operation.facts, queue="")
        step.save(update_fields=["state", "reason", "message", "ended_at", "failures"])
        step_changed.send(Step, step=step)
        if following is not None:
            _start(following)
    return True


def put_off(operation: Operation, step: Step, wait: Wait) -> bool:
    """Let go until its turn is expected. Such time is not the work's own: the deadline starts over behind it."""
    step.state, step.reason, step.message = StepState.WAITING, wait.reason, ""
    until = timezone.now() + timedelta(seconds=wait.seconds + turns.stagger(operation, wait.queue))
    deadline_at = max(operation.deadline_at, until + RECIPES[operation.kind].deadline)
    return _pause(operation, step, until, queue=wait.queue, deadline_at=deadline_at)


def back_off(operation: Operation, step: Step, code: str, message: str, retry_after: float | None, most: int) -> None:
    if code == circuit.WAITING or circuit.is_open(operation.workspace):
        _await_end_of_outage(operation, step)
        return
    step.failures += 1
    step.state, step.reason, step.message = StepState.WAITING, code, message
    logger.warning("Step %s: %s (%s), failure %d", step.code, message, code, step.failures)
    count_retry(operation, code)
    late = _is_late(operation, step)
    if late or step.failures >= most:
        fail(operation, step, code, message, "deadline" if late else "")
        return
    seconds = max(retry_after or 0.0, min(2.0**step.failures, LONGEST_BACKOFF))
    _pause(operation, step, timezone.now() + timedelta(seconds=seconds * random.uniform(1.0, 1.25)))  # noqa: S311


def fail(operation: Operation, step: Step, code: str, message: str, reason: str = "") -> None:
    step.state, step.reason, step.message, step.ended_at = StepState.FAILED, code, message, timezone.now()
    # in test mode it may be what was asked for
    level = logging.INFO if operation.workspace == TEST else logging.ERROR
    logger.log(level, "Operation failed at %s: %s (%s)", step.code, message, code)
    with transaction.atomic():
        _hold(operation)
        step.save(update_fields=["state", "reason", "message", "ended_at", "failures"])
        step_changed.send(Step, step=step)
        end(operation, OperationState.FAILED, reason or code, message, token=operation.lease_token)


def end(
    operation: Operation, state: OperationState, reason: str = "", message: str = "", *, token: str | None = None
) -> bool:
    rows = Operation.objects.active().filter(pk=operation.pk)
    if token is not None:
        rows = rows.filter(lease_token=token)
    changes = {
        "state": state,
        "reason": reason,
        "message": message,
        "ended_at": timezone.now(),
        "lease_token": "",
        "lease_expires_at": None,
    }
    with transaction.atomic():
        ended = rows.update(**changes)
        if ended:
            if token is None:
                operation.refresh_from_db()
            else:
                # who holds the lease knows the rest
                for name, value in changes.items():
                    setattr(operation, name, value)
            operation_changed.send(Operation, operation=operation)
    return bool(ended)


def count_retry(operation: Operation, code: str) -> None:
    if operation.workspace != TEST:
        tally.count("step_retries", code)


def ring(operation_id: int, priority: Priority = Priority.ORDINARY) -> None:
    transaction.on_commit(lambda: operation_due.send_robust(Operation, operation_id=operation_id, priority=priority))


def forgive_absence(operation: Operation) -> None:
    """What nobody did in time, because no worker was there or the clock jumped, is not taken from the deadline."""
    away = timezone.now() - operation.run_after
    if away > ABSENCE:
        step = operation.steps.exclude(state=StepState.DONE).order_by("position").first()
        # counted once, whatever becomes of this runner
        _forgive(operation, step, away, run_after=timezone.now())


def _start(step: Step) -> None:
    step.state = StepState.RUNNING
    step.attempts += 1
    step.started_at = step.started_at or timezone.now()
    step.save(update_fields=["state", "attempts", "started_at", "notes"])


def _forgive(operation: Operation, step: Step | None, away: timedelta, **changes: object) -> None:
    operation.deadline_at += away
    with transaction.atomic():
        _hold(operation, deadline_at=operation.deadline_at, **changes)
        if step is not None:
            step.notes["away"] = step.notes.get("away", 0.0) + away.total_seconds()
            step.save(update_fields=["notes"])


def _await_end_of_outage(operation: Operation, step: Step) -> None:
    """No attempt and no failure is counted; whoever ends the outage wakes those who wait for it."""
    step.attempts, step.failures = max(step.attempts - 1, 0), 0
    step.state, step.reason, step.message = StepState.WAITING, circuit.WAITING, ""
    wait = circuit.LONGEST_WAIT if circuit.is_open(operation.workspace, fresh=True) else 1.0
    _pause(operation, step, timezone.now() + timedelta(seconds=wait * random.uniform(1.0, 1.25)))  # noqa: S311


def _is_late(operation: Operation, step: Step) -> bool:
    """Past its deadline, which waits for as long as Railway does not answer or this machine stands still."""
    jump = lease.clock_jump(operation)
    if jump > ABSENCE:
        _forgive(operation, step, jump)
    return timezone.now() > operation.deadline_at and not circuit.is_open(operation.workspace, fresh=True)


def _pause(operation: Operation, step: Step, until: datetime, *, queue: str = "", **changes: object) -> bool:
    """Let go until then, unless somebody woke the operation while the step was running."""
    with transaction.atomic():
        mine = Operation.objects.active().filter(pk=operation.pk, lease_token=operation.lease_token)
        free = {"lease_token": "", "lease_expires_at": None, "queue": queue, **changes}
        undisturbed = mine.filter(wakes=operation.wakes).update(run_after=until, **free)
        now = timezone.now()
        if not undisturbed and not mine.update(run_after=now, rung_at=now, **free):
            raise LeaseLost
        step.save(update_fields=["state", "reason", "message", "failures", "attempts"])
        step_changed.send(Step, step=step)
    if not undisturbed:
        ring(operation.pk, Priority.AWAITED)
    return False


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
