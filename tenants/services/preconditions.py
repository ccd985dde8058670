"""What can be done with an instance now, and if not, why: asked by the services before they act and by whoever shows
buttons."""

from collections.abc import Callable

from django.utils.translation import gettext as _

from provisioning.backups import asking, bucket
from provisioning.models import Agent, Backup, Operation, Restore
from provisioning.states import MAKING, OperationKind, OperationState, StepState
from provisioning.steps import safeguard
from tenants.errors import BackupsUnavailable, DomainError, NoBackup, OperationInProgress, PasswordNotKept, WrongState
from tenants.lifecycle import InstanceState
from tenants.models import Instance, PlanChange
from tenants.services import whose_end

_S = InstanceState
ENDABLE = (_S.READY, _S.SUSPENDED, _S.FAILED)
TOWARDS_THE_END = frozenset({OperationKind.SUSPEND, OperationKind.DECOMMISSION})
STOPPED_WORK = (OperationState.FAILED, OperationState.CANCELLED)


def why_not(action: str, instance: Instance) -> DomainError | None:
    """None when ``action`` (a name of CHECKS) is possible now, else the error that it would raise."""
    try:
        CHECKS[action](instance)
    except DomainError as error:
        return error
    return None


def require(action: str, instance: Instance) -> None:
    """Raises WrongState, OperationInProgress or PasswordNotKept when ``action`` is not possible now."""
    CHECKS[action](instance)


def retryable(instance: Instance) -> Operation | None:
    """What would go on if it were retried: an unfinished restoration, else the last work if it failed or was cancelled.

    While the instance's deletion is scheduled, only a suspension or the deletion itself goes on: a customer must not be
    given what is about to be deleted. Once that is undone, a creation that had failed goes on.
    """
    if instance.decommission_after is None and (restoration := _unfinished_restoration(instance)):
        return restoration
    work = Operation.objects.filter(instance=instance).order_by("-pk")
    if instance.state == _S.FAILED and instance.decommission_after is None:
        work = work.filter(kind__in=(*MAKING, OperationKind.CHANGE_PLAN))
    last = work.first()
    if last is None or last.state not in STOPPED_WORK:
        return None
    if last.kind == OperationKind.DECOMMISSION and instance.state != _S.DECOMMISSIONING:
        # it had not begun to delete: who wants it orders it again
        return None
    if last.kind == OperationKind.RESTORE or (last.kind == OperationKind.CHANGE_PLAN and instance.state != _S.FAILED):
        # it has ended, with the state of before: who wants it orders it again
        return None
    return last if instance.decommission_after is None or last.kind in TOWARDS_THE_END else None


def _unfinished_restoration(instance: Instance) -> Operation | None:
    """The one that has stopped between two states, whatever was done since: nothing else can be brought back before."""
    unfinished = Restore.objects.filter(instance=instance, mode=Restore.Mode.SAME, state__in=Restore.OPEN).first()
    work = Operation.objects.filter(instance=instance, kind=OperationKind.RESTORE, state__in=STOPPED_WORK)
    return work.filter(facts__restore=unfinished.public_id).first() if unfinished else None


def _idle(instance: Instance) -> None:
    if instance.active_operation() is not None:
        raise OperationInProgress


def _in(*states: InstanceState) -> Callable[[Instance], None]:
    def check(instance: Instance) -> None:
        _idle(instance)
        if instance.state not in states:
            wanted = ", ".join(str(state.label) for state in states)
            raise WrongState(
                _("The instance is in the state “%(state)s”; for this it must be in: %(wanted)s.")
                % {"state": instance.get_state_display(), "wanted": wanted}
            )

    return check


def _unscheduled(instance: Instance) -> None:
    if instance.decommission_after is not None:
        raise WrongState(_("Its decommissioning is scheduled: undo that first."))


def _retry(instance: Instance) -> None:
    _idle(instance)
    if retryable(instance) is None:
        if instance.decommission_after is not None:
            _unscheduled(instance)
        raise WrongState(_("Nothing has failed or was cancelled here."))


def _resend(instance: Instance) -> None:
    if instance.state != _S.READY:
        _in(_S.READY)(instance)
    if instance.admin_password() is None:
        raise PasswordNotKept


def _cancel(instance: Instance) -> None:
    if instance.active_operation() is None:
        raise WrongState(_("No work is under way."))


def _change_plan(instance: Instance) -> None:
    _all(_in(_S.READY), _unscheduled, _restored, _plan_unchanged)(instance)
    if whose_end.has_own_end(instance):
        raise WrongState(_("A day was chosen on which it ends: take that back first."))


def _add_domain(instance: Instance) -> None:
    if instance.is_test:
        # the name belongs to somebody real
        raise WrongState(_("There are no own domains in test mode."))
    _all(_in(_S.READY), _unscheduled)(instance)


def _plan_unchanged(instance: Instance) -> None:
    if instance.plan_changes.unfinished().exists():
        raise WrongState(_("Another plan is agreed already: take that back first."))


def _undo_plan_change(instance: Instance) -> None:
    if not instance.plan_changes.filter(state=PlanChange.State.SCHEDULED).exists():
        raise WrongState(_("No change of plan waits for its day."))


def _created(instance: Instance) -> None:
    """What has stopped between two plans is no creation that a retry begins with other inputs."""
    if instance.state == _S.FAILED and instance.ready_at is not None:
        _in(_S.READY)(instance)


def _back_up(instance: Instance) -> None:
    if instance.state != _S.READY:
        _in(_S.READY)(instance)
    no_agent = instance.is_test or not Agent.objects.filter(instance=instance).exists()
    if no_agent or not bucket.configured():
        raise BackupsUnavailable


def _believe_backup(instance: Instance) -> None:
    _back_up(instance)
    newest = Backup.objects.filter(instance=instance).exclude(state__in=Backup.OPEN).order_by("-pk").first()
    if newest is None or newest.reason != "backup_implausible":
        raise WrongState(_("Its last backup was not refused for its size."))


def _export(instance: Instance) -> None:
    """In every state: who has left may take their data along for as long as there is a backup."""
    if not bucket.configured():
        raise BackupsUnavailable
    if asking.newest_good(instance.pk) is None:
        raise NoBackup


def _restore(instance: Instance) -> None:
    _all(_in(_S.READY), _unscheduled)(instance)
    if not bucket.configured() or not Backup.objects.filter(instance=instance, state=Backup.State.GOOD).exists():
        raise BackupsUnavailable
    _restored(instance)


def _restored(instance: Instance) -> None:
    """Of an earlier restoration the former state is back, or nothing is needed of it any more."""
    if Restore.objects.filter(instance=instance, state__in=Restore.OPEN).exists():
        raise WrongState(_("An earlier restoration has not ended: retry it first."))


def waiting_for_backup(instance: Instance) -> Operation | None:
    """The work of this instance that goes no further than a backup, because there is none."""
    waiting = Operation.objects.active().filter(
        instance=instance, steps__code__in=safeguard.STEPS, steps__state=StepState.WAITING
    )
    return waiting.first()


def _without_backup(instance: Instance) -> None:
    if waiting_for_backup(instance) is None:
        raise WrongState(_("No work waits for a backup."))


def _scheduled(instance: Instance) -> None:
    if instance.decommission_after is None or instance.state not in ENDABLE:
        raise WrongState(_("No decommissioning is scheduled that could be undone."))


def _living(instance: Instance) -> None:
    if instance.state == _S.DECOMMISSIONED:
        raise WrongState(_("It is decommissioned: its links show nothing any more."))


def _all(*checks: Callable[[Instance], None]) -> Callable[[Instance], None]:
    def check(instance: Instance) -> None:
        for each in checks:
            each(instance)

    return check


CHECKS: dict[str, Callable[[Instance], None]] = {
    "retry": _retry,
    "resend": _resend,
    "cancel": _cancel,
    "suspend": _in(_S.READY),
    "resume": _all(_in(_S.SUSPENDED), _unscheduled),
    "reset_password": _in(_S.READY),
    "change_email": _all(_in(_S.READY, _S.FAILED), _created),
    "change_expiry": _all(_in(_S.READY, _S.SUSPENDED), _unscheduled),
    "add_domain": _add_domain,
    "choose_end": _all(_in(_S.READY), _unscheduled, _plan_unchanged),
    "change_plan": _change_plan,
    "undo_plan_change": _undo_plan_change,
    "back_up": _back_up,
    "believe_backup": _believe_backup,
    "export": _export,
    "restore": _restore,
    "into_new": _export,
    "without_backup": _without_backup,
    "decommission": _all(_in(*ENDABLE), _unscheduled),
    "decommission_now": _in(_S.REQUESTED, *ENDABLE),
    "undo_decommission": _scheduled,
    "revoke_links": _living,
}
