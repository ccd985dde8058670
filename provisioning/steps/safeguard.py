"""A backup before Odoo stops, and the certainty of one before anything is deleted.

Only the agent beside Odoo can make one, and it lives as long as Odoo runs: a suspension therefore begins with it. What
is deleted must have left a copy as young as the last moment at which Odoo ran, or somebody has decided otherwise.
"""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from provisioning.backups import asking, bucket
from provisioning.models import Agent, Backup, Operation
from provisioning.outcomes import Done, Wait
from provisioning.spec import TEST
from provisioning.states import MAKING, OperationKind, OperationState, StepState
from provisioning.steps.context import Context

# how long a suspension waits for its backup; for one that makes progress, the longer time
LONGEST_WAIT = timedelta(minutes=45)
LONGEST_BACKUP = timedelta(hours=6)
# agents call every minute, and every five minutes it is written down
SILENCE = timedelta(minutes=15)
# a backup that is older than this when Odoo stops is not the last one
YOUNG = timedelta(hours=2)
# pause before another backup is asked for when all tries of one have failed
AGAIN = timedelta(hours=1)
SOON, LATER = 15.0, 600.0
STEPS = ("back_up", "last_backup")
# facts of the operation: the backup that was made; why there is none; that it goes on without, and why it was asked for
MADE, WITHOUT, WAIVED, OCCASION = "backup", "without_backup", "backup_waived", "backup_occasion"
_O, _S = Backup.Occasion, Backup.State


def back_up(ctx: Context) -> Done | Wait:
    """A backup while Odoo still runs. A suspension loses nothing: when none can be made it goes on and says why."""
    without = why_none(ctx.operation)
    if not without:
        if good := _good(ctx, _began(ctx), young=True):
            return Done({MADE: good.public_id})
        without = _hopeless(ctx)
    if without:
        return Done({WITHOUT: without})
    _ask(ctx, _O(ctx.operation.facts.get(OCCASION, _O.BEFORE_CHANGE)))
    return Wait(SOON, "making_backup", patient=True)


def last_backup(ctx: Context) -> Done | Wait:
    """Done once there is a good backup of all that Odoo ever held; without one it waits until a person decides."""
    if without := why_none(ctx.operation):
        return Done({WITHOUT: without})
    suspension = stopped_by(ctx.operation.instance_id)
    stopped_at = suspension.ended_at if suspension else None
    good = _good(ctx, stopped_at - YOUNG) if stopped_at else _good(ctx, _began(ctx), young=True)
    if good:
        return Done({MADE: good.public_id})
    if stopped_at:
        return Wait(LATER, "waiting_for_last_backup", patient=True)
    hopeless = _hopeless(ctx)
    _ask(ctx, _O.FINAL)
    return (
        Wait(LATER, "waiting_for_last_backup", patient=True) if hopeless else Wait(SOON, "making_backup", patient=True)
    )


def why_none(operation: Operation) -> str:
    """Why this operation needs no backup: nowhere to keep it, nothing to keep, or a person's decision; else empty."""
    if operation.facts.get(WAIVED):
        return "waived"
    if not bucket.configured() or operation.workspace == TEST:
        return "no_storage"
    proven = Operation.objects.filter(instance=operation.instance_id, kind__in=MAKING, state=OperationState.SUCCEEDED)
    return "" if proven.exists() else "never_ready"


def is_only_copy(operation: Operation) -> bool:
    """Whether no backup has what this operation found: none could be made, and nobody has decided to do without."""
    return bool(operation.facts.get(WITHOUT, "waived") != "waived")


def is_old(operation: Operation) -> bool:
    """Whether Odoo may have written much since the backup: it was not stopped, and a retry comes late."""
    if operation.steps.filter(code="stop_services", state=StepState.DONE).exists():
        return False
    made = Backup.objects.filter(public_id=operation.facts.get(MADE, ""), state=_S.GOOD)
    return not made.filter(ended_at__gt=timezone.now() - YOUNG).exists()


def stopped_by(instance_id: int) -> Operation | None:
    """The suspension since which Odoo has not run; None while it may run."""
    rows = Operation.objects.filter(instance=instance_id)
    last = rows.filter(kind=OperationKind.SUSPEND, state=OperationState.SUCCEEDED).order_by("-ended_at").first()
    if last is None or last.ended_at is None:
        return None
    others = rows.exclude(kind__in=(OperationKind.SUSPEND, OperationKind.DECOMMISSION))
    if others.filter(Q(ended_at=None) | Q(ended_at__gt=last.ended_at)).exists():
        return None
    # somebody may have started it at Railway
    spoke = Agent.objects.filter(instance=instance_id, reported_at__gt=last.ended_at).exists()
    return None if spoke else last


def _good(ctx: Context, since: datetime, *, young: bool = False) -> Backup | None:
    rows = Backup.objects.filter(instance=ctx.operation.instance_id, state=_S.GOOD, taken_at__gte=since)
    if young:
        rows = rows.filter(ended_at__gt=timezone.now() - YOUNG)
    return rows.order_by("-taken_at").first()


def _ask(ctx: Context, occasion: Backup.Occasion) -> None:
    """Once, and again when all tries have failed; what rests between two tries is hurried the first time only."""
    rows = Backup.objects.filter(instance=ctx.operation.instance_id)
    under_way = rows.filter(state__in=Backup.OPEN).exists()
    failed = rows.filter(state=_S.FAILED, ended_at__gt=timezone.now() - AGAIN).exists()
    if "asked_backup" not in ctx.step.notes or not (under_way or failed):
        asking.ask(ctx.operation.instance_id, occasion)
        ctx.note(asked_backup=1)


def _hopeless(ctx: Context) -> str:
    """Why no backup can be expected soon; empty while one can."""
    now, began = timezone.now(), _began(ctx)
    rows = Backup.objects.filter(instance=ctx.operation.instance_id)
    running = rows.filter(state=_S.RUNNING, lease_expires_at__gt=now)
    if (running | rows.filter(state=_S.CHECKING)).exists():
        return "late" if now > began + LONGEST_BACKUP else ""
    if not Agent.objects.filter(instance=ctx.operation.instance_id, reported_at__gt=now - SILENCE).exists():
        return "agent_silent"
    failed = rows.filter(state=_S.FAILED, ended_at__gt=began).exists()
    return "failed" if failed else "late" if now > began + LONGEST_WAIT else ""


def _began(ctx: Context) -> datetime:
    return ctx.step.started_at or ctx.operation.created_at
