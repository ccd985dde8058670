"""A backup becomes the state of an instance, or its former state stays: these steps never end between.

What went wrong is kept in the operation's facts, under TROUBLE, and the steps behind bring the former state back and
prove it; only then the operation fails with its reason. The work itself is done by Odoo's own start
(`odoo.bootstrap.restoration`), which survives a kill at any moment.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from provisioning.backups import restores
from provisioning.errors import Permanent, ProvisioningError
from provisioning.models import Operation, Restore
from provisioning.odoo import container
from provisioning.outcomes import Done, Wait
from provisioning.steps import deployments, proof, safeguard
from provisioning.steps.context import Context
from provisioning.steps.desired_state import ODOO
from provisioning.steps.trouble import MESSAGE, TROUBLE, trouble

# facts of the operation: the restoration; of a creation, the restoration of its seed
RESTORE, SEED = "restore", "seed"
# a start that is fetching or loading speaks every half minute
SILENCE = timedelta(minutes=25)
LONGEST_LOADING = timedelta(hours=10)
LONGEST_PROOF = timedelta(minutes=15)
# an installation takes less
LONGEST_PROOF_OF_SEED = timedelta(minutes=3)
SOON = 5.0
_S = Restore.State


class RestoreFailed(Permanent):
    code = "restore_failed"


def load(ctx: Context) -> Done | Wait:
    """Start Odoo anew, told to bring the backup back."""
    try:
        return deployments.deploy_odoo(ctx)
    except (deployments.DeploymentCrashed, deployments.DeploymentFailed, deployments.DeploymentStuck) as error:
        return trouble(error.code, error.message)


def await_loaded(ctx: Context) -> Done | Wait:
    """Done when the start says that all is loaded, or why it cannot be."""
    restore, now = of(ctx.operation), timezone.now()
    if TROUBLE in ctx.operation.facts or restore.state == _S.LOADED:
        return Done()
    if restore.state not in (_S.WAITING, _S.LOADING):
        return trouble(restore.reason or RestoreFailed.code, restore.message)
    began = ctx.step.started_at or ctx.operation.created_at
    if now > max(began, restore.heard_at or began) + SILENCE:
        return trouble("restore_silent", "Odoo's start was not heard of.")
    if now > began + LONGEST_LOADING:
        return trouble("restore_late", "It took longer than it may.")
    return Wait(SOON, "loading_backup", patient=True)


def prove(ctx: Context) -> Done | Wait:
    """The owner logs in with the new password, and nobody else; what does not work in time is trouble."""
    if TROUBLE in ctx.operation.facts:
        return Done()
    began = ctx.step.started_at or ctx.operation.created_at
    try:
        return proof.prove_restored(ctx)
    except Permanent as error:
        return trouble(error.code, error.message)
    except ProvisioningError as error:
        if timezone.now() > began + LONGEST_PROOF:
            return trouble(error.code, error.message)
        raise


def start_created(ctx: Context) -> Done | Wait:
    """Start Odoo, which is installed, or begins with a backup; where a seed does not even start, it is installed."""
    _uproot_rejected(ctx)
    try:
        return deployments.deploy_odoo(ctx)
    except (deployments.DeploymentCrashed, deployments.DeploymentFailed, deployments.DeploymentStuck) as error:
        if not _has_open_seed(ctx) or deployments.postgres_is_lost(ctx.operation):
            raise
        restores.reject(of(ctx.operation, SEED), error.code, error.message)
        _uproot_rejected(ctx)
        return deployments.deploy_odoo(ctx)


def prove_created(ctx: Context) -> Done | Wait:
    """The last check of a creation; one that begins with a backup waits until that is loaded."""
    if SEED in ctx.operation.facts:
        return _prove_grown(ctx)
    if RESTORE not in ctx.operation.facts:
        return proof.prove_login(ctx)
    restore = of(ctx.operation)
    if restore.state in (_S.FAILED, _S.UNDONE):
        raise RestoreFailed(restore.message, code=restore.reason or RestoreFailed.code)
    if restore.state in (_S.WAITING, _S.LOADING):
        if timezone.now() > (restore.heard_at or ctx.step.started_at or ctx.operation.created_at) + SILENCE:
            # its container may have ended: then it starts anew
            deployments.check_running(ctx)
        return Wait(SOON, "loading_backup", patient=True)
    done = proof.prove_restored(ctx)
    restores.prove(restore)
    return done


def bring_back(ctx: Context) -> Done | Wait:
    """In trouble, start Odoo anew, told to bring the former state back; else all that it replaced may go."""
    restore = of(ctx.operation)
    if TROUBLE not in ctx.operation.facts:
        restores.prove(restore, keeps_former=safeguard.is_only_copy(ctx.operation))
        return Done()
    if restore.state == _S.FAILED and not ctx.step.notes.get("told"):
        # the start has said so itself, and serves what it had
        return Done()
    restores.give_up(restore, ctx.operation.facts[TROUBLE], ctx.operation.facts.get(MESSAGE, ""))
    if not ctx.step.notes.get("told"):
        _tell(ctx, container.undo_variables(restore.public_id))
        ctx.note(told=1)
    return deployments.deploy_odoo(ctx)


def prove_former(ctx: Context) -> Done:
    """In trouble, the former state answers and is closed to strangers."""
    return proof.prove_service(ctx) if TROUBLE in ctx.operation.facts else Done()


def conclude(ctx: Context) -> Done:
    """Raises RestoreFailed with the reason when the former state had to come back."""
    reason = ctx.operation.facts.get(TROUBLE)
    if not reason:
        return Done()
    message = ctx.operation.facts.get(MESSAGE, "")
    restores.undo(of(ctx.operation), reason, message)
    raise RestoreFailed(message or "The former state is back.", code=reason)


def _prove_grown(ctx: Context) -> Done | Wait:
    """As every creation, whether Odoo came of its seed or was installed; what came of it and is not proven goes again,
    and Odoo is installed.
    """
    began = ctx.step.started_at or ctx.operation.created_at
    seed = of(ctx.operation, SEED)
    if seed.state in Restore.OPEN:
        try:
            done = proof.prove_login(ctx)
        except ProvisioningError as error:
            if not isinstance(error, Permanent) and timezone.now() < began + LONGEST_PROOF_OF_SEED:
                raise
            restores.reject(seed, error.code, error.message)
        else:
            restores.prove(seed)
            # it was installed without asking for it
            restores.give_up(seed, "seed_not_used")
            return done
    _uproot_rejected(ctx)
    # a start that has said so itself has installed Odoo already
    outcome = deployments.deploy_odoo(ctx)
    if isinstance(outcome, Wait):
        return outcome
    done = proof.prove_login(ctx)
    restores.keep_grown(seed)
    return done


def _has_open_seed(ctx: Context) -> bool:
    return SEED in ctx.operation.facts and of(ctx.operation, SEED).state in Restore.OPEN


def _uproot_rejected(ctx: Context) -> None:
    """The next start takes away what came of a rejected seed, and installs.

    The seed was rejected before anything is told, for Railway may have heard what it did not answer: what may have been
    told to go is never proven. It is told again, whatever happened to us, until Railway has confirmed it.
    """
    seed = of(ctx.operation, SEED) if SEED in ctx.operation.facts else None
    if seed is not None and restores.is_rejected(seed):
        _tell(ctx, container.undo_variables(seed.public_id))
        restores.uproot(seed)


def of(operation: Operation, fact: str = RESTORE) -> Restore:
    """The restoration that this fact of the operation names. Raises LookupError."""
    found = Restore.objects.filter(public_id=operation.facts.get(fact, "")).first()
    if found is None:
        raise LookupError("The operation names no restoration.")
    return found


def _tell(ctx: Context, variables: dict[str, str]) -> None:
    """The next start reads them: what runs now is replaced."""
    ctx.railway.set_variables(
        project_id=ctx.project_id,
        environment_id=ctx.environment_id,
        service_id=ctx.ledger.id_of("service", ODOO),
        variables=variables,
    )
    with transaction.atomic():
        row = ctx.ledger.get("deployment", ODOO)
        if row is not None and row.external_id:
            ctx.ledger.gone(row)
