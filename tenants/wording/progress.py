"""How far an operation is, in words and in percent, from its real steps; nothing is invented."""

import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median

from django.core.cache import cache
from django.utils.functional import Promise

from provisioning.engine.recipes import RECIPES, StepDefinition
from provisioning.gate import circuit
from provisioning.gate.turns import QueuePosition, position_of
from provisioning.models import Operation, Step
from provisioning.reasons import reason
from provisioning.spec import TEST
from provisioning.states import OperationState, StepState

REMEMBERED = 50
CACHED_SECONDS = 300
# how long this process believes what it last read of that
BELIEVED_SECONDS = 5.0
STEADY_MOST = 30.0
# so often, at most, a percentage moves because time has passed: whoever asks more often is told "unchanged" for little
TICK_SECONDS = 10.0
_read: dict[tuple[str, bool, bool], tuple[float, dict[str, float]]] = {}
# a step that takes longer than usual is thought to need this share of its usual time more
STILL = 0.15
# a step that has had so many times its usual time, and at least so long, is late: nobody knows when it will be done
LATE_TIMES = 3
LATE_LEAST = timedelta(minutes=2)
# what building the repository's image adds, until there is history
BUILD_SECONDS = 300


@dataclass(frozen=True)
class StepProgress:
    code: str
    label: str | Promise
    state: str
    note: str | Promise


@dataclass(frozen=True)
class Progress:
    """``percent`` is weighted by the usual duration of each step, and grows while one is under way, by ticks.

    ``estimated_end`` is None when the operation has ended or nobody can know: in an outage, or when it is ``late``.

    ``place`` is where the operation stands while it waits for its turn among others, which the estimate counts in.

    For ``steady_seconds``, if no row changes, the percentage stays what it is; at most STEADY_MOST, since the usual
    durations are measured anew from time to time.
    """

    percent: int
    steps: tuple[StepProgress, ...]
    current: StepProgress | None
    estimated_end: datetime | None
    late: bool
    place: QueuePosition | None
    steady_seconds: float = STEADY_MOST


def progress_of(operation: Operation, now: datetime) -> Progress:
    """Of work that only a newer version knows, begun before a rollback, nothing is told: it waits for that version."""
    if operation.kind not in RECIPES:
        return Progress(0, (), None, None, late=False, place=None)
    rows = {row.code: row for row in operation.steps.all()}
    # work of a former release lacks the steps that came later
    recipe = RECIPES[operation.kind].steps
    definitions = [each for each in recipe if each.code in rows] or recipe
    steps = tuple(_step(definition, rows.get(definition.code)) for definition in definitions)
    usual = _usual_of(operation)
    whole = sum(usual[step.code] for step in steps)
    current = next((step for step in steps if step.state != StepState.DONE), None)
    active = operation.state == OperationState.ACTIVE
    outage = active and circuit.is_open(operation.workspace)
    if outage and current is not None:
        # nobody knows when it ends, and this is the news, whatever the step last waited for
        told = replace(current, note=reason(circuit.WAITING).sentence)
        steps, current = tuple(told if step is current else step for step in steps), told
    going = active and not outage
    place = position_of(operation) if going else None
    left = left_to_tell = sum(usual[step.code] for step in steps if step.state != StepState.DONE)
    steady = STEADY_MOST
    if current is not None and place is None:
        had, told_of_it, steady = _had(rows.get(current.code), usual[current.code], operation, now)
        left, left_to_tell = left - had, left_to_tell - told_of_it
    late = False
    if current is not None and going and place is None:
        late = _is_late(operation, rows.values(), usual[current.code], now)
    start = max(place.starts_at, now) if place else now
    return Progress(
        percent=min(99, round(100 * (whole - left_to_tell) / whole)) if current else 100,
        steps=steps,
        current=current,
        estimated_end=start + timedelta(seconds=left) if going and current and not late else None,
        late=late,
        place=place,
        steady_seconds=steady,
    )


def usual_seconds(kind: str, *, built: bool, test: bool = False) -> dict[str, float]:
    """Each step's median over the last successful operations of this kind; the recipe's own figure without any.

    ``built``: from a repository, which takes Railway minutes longer than starting an image. ``test``: in test mode,
    where there is no Railway.
    """
    measured = _believed(kind, built=built, test=test)
    return {step.code: measured.get(step.code) or _guess(step, built=built) for step in RECIPES[kind].steps}


def _usual_of(operation: Operation) -> dict[str, float]:
    built, test = bool(operation.spec["source"]["repository"]), operation.workspace == TEST
    return usual_seconds(operation.kind, built=built, test=test)


def forget() -> None:
    """Let this process ask anew how long steps usually take."""
    _read.clear()


def _believed(kind: str, *, built: bool, test: bool) -> dict[str, float]:
    """What all processes share for five minutes; each asks for it every few seconds, not at every look."""
    now = time.monotonic()
    read_at, found = _read.get((kind, built, test), (-BELIEVED_SECONDS, {}))
    if now - read_at >= BELIEVED_SECONDS:
        name = f"usual-seconds:{kind}:{built}:{test}"
        found = cache.get_or_set(name, lambda: _measured(kind, built=built, test=test), CACHED_SECONDS) or {}
        _read[kind, built, test] = (now, found)
    return found


def _guess(step: StepDefinition, *, built: bool) -> float:
    return step.usual_seconds + (BUILD_SECONDS if built and step.code == "deploy_odoo" else 0)


def _measured(kind: str, *, built: bool, test: bool) -> dict[str, float]:
    those = Operation.objects.filter(instance__workspace=TEST) if test else Operation.objects.real()
    done = those.filter(kind=kind, state=OperationState.SUCCEEDED)
    source = {"spec__source__repository": ""}
    last = (done.exclude(**source) if built else done.filter(**source)).order_by("-pk")[:REMEMBERED]
    durations: dict[str, list[float]] = defaultdict(list)
    rows = Step.objects.filter(operation__in=list(last.values_list("pk", flat=True)), state=StepState.DONE)
    for code, start, end in rows.values_list("code", "started_at", "ended_at"):
        if start and end:
            durations[code].append((end - start).total_seconds())
    return {code: max(0.1, median(values)) for code, values in durations.items()}


def _had(row: Step | None, usual: float, operation: Operation, now: datetime) -> tuple[float, float, float]:
    """What the current step has had of its usual time, what is told of that, and for how many seconds the same is told.

    Never all of it, since nobody knows when it will be done.
    """
    if row is None or row.started_at is None:
        return 0.0, 0.0, STEADY_MOST
    spent, most = max(0.0, ((operation.ended_at or now) - row.started_at).total_seconds()), usual * (1 - STILL)
    into_tick = spent % TICK_SECONDS
    grows = operation.ended_at is None and spent - into_tick < most
    return min(spent, most), min(spent - into_tick, most), TICK_SECONDS - into_tick if grows else STEADY_MOST


def _is_late(operation: Operation, rows: Iterable[Step], usual: float, now: datetime) -> bool:
    """Also when nothing has begun where something should have: then whoever does the work is away."""
    # an outage moves the deadline, a retry sets it anew
    began = operation.deadline_at - RECIPES[operation.kind].deadline
    moments = [moment for row in rows for moment in (row.started_at, row.ended_at) if moment]
    return now - max([began, *moments]) > max(LATE_LEAST, timedelta(seconds=LATE_TIMES * usual))


def _step(definition: StepDefinition, row: Step | None) -> StepProgress:
    state = row.state if row else StepState.PENDING
    note = reason(row.reason).sentence if row and row.reason else ""
    return StepProgress(definition.code, definition.label, state, note)
