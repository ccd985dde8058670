"""How far an operation is, in words and in percent, from its real steps; nothing is invented."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise

from provisioning.models import Operation, Step
from provisioning.reasons import reason
from provisioning.recipes import RECIPES, StepDefinition
from provisioning.states import OperationState, StepState


@dataclass(frozen=True)
class StepProgress:
    code: str
    label: str | Promise
    state: str
    note: str | Promise


@dataclass(frozen=True)
class Progress:
    """``percent`` is weighted by the usual duration of each step; ``estimated_end`` is None when it has ended."""

    percent: int
    steps: tuple[StepProgress, ...]
    current: StepProgress | None
    estimated_end: datetime | None


def progress_of(operation: Operation, now: datetime) -> Progress:
    rows = {row.code: row for row in operation.steps.all()}
    definitions = RECIPES[operation.kind].steps
    steps = tuple(_step(definition, rows.get(definition.code)) for definition in definitions)
    left = sum(
        definition.usual_seconds
        for definition, step in zip(definitions, steps, strict=True)
        if step.state != StepState.DONE
    )
    usual = sum(definition.usual_seconds for definition in definitions)
    current = next((step for step in steps if step.state != StepState.DONE), None)
    active = operation.state == OperationState.ACTIVE
    return Progress(
        percent=round(100 * (usual - left) / usual),
        steps=steps,
        current=current,
        estimated_end=now + timedelta(seconds=left) if active else None,
    )


def _step(definition: StepDefinition, row: Step | None) -> StepProgress:
    state = row.state if row else StepState.PENDING
    note = reason(row.reason).sentence if row and row.reason else ""
    return StepProgress(definition.code, definition.label, state, note)
