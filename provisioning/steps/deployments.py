"""Deployments: exactly one a service for each start, ordered once, watched together, judged here."""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeGuard

from django.utils import timezone

from provisioning.errors import Permanent, Temporary
from provisioning.gate import circuit
from provisioning.ledger import statuses
from provisioning.ledger.entries import Ledger
from provisioning.models import Operation, Resource
from provisioning.outcomes import Done, Wait
from provisioning.railway.errors import RailwayError, RailwayPermanent, UnknownRefusal
from provisioning.railway.results import ENDED, DeploymentStatus
from provisioning.steps import afterwards, brought
from provisioning.steps.context import Context
from provisioning.steps.desired_state import ODOO, POSTGRES

logger = logging.getLogger(__name__)

LONGEST_DEPLOYMENT = timedelta(minutes=20)
RUNNING = frozenset({DeploymentStatus.SUCCESS, DeploymentStatus.SLEEPING})
# what a newer deployment of the same service leaves behind
REPLACED = frozenset({DeploymentStatus.REMOVED, DeploymentStatus.REMOVING, DeploymentStatus.SKIPPED})
BAD = ENDED | {DeploymentStatus.REMOVING}


class DeploymentFailed(Permanent):
    code = "deployment_failed"


class DeploymentCrashed(Permanent):
    code = "deployment_crashed"


class DeploymentStuck(Permanent):
    code = "deployment_stuck"


def begin_postgres(ctx: Context) -> Done:
    """Start the database. Odoo's own start waits for it, so the two services start together."""
    _ordered(ctx, POSTGRES, lambda: _order(ctx, POSTGRES))
    return Done()


def deploy_postgres(ctx: Context) -> Done | Wait:
    """Start the database and wait until Railway says it runs."""
    row = _ordered(ctx, POSTGRES, lambda: _order(ctx, POSTGRES))
    _look(ctx, row)
    return _judge(ctx, row)


def deploy_odoo(ctx: Context) -> Done | Wait:
    """Start Odoo, from its image or from its repository, and wait until Railway says that both services run."""
    brought.bring(ctx, order=lambda: _order(ctx, ODOO), find=lambda: _unknown_deployment(ctx, ODOO))
    built = bool(ctx.spec.source.repository)
    row = _ordered(ctx, ODOO, (lambda: _order_from_repository(ctx)) if built else (lambda: _order(ctx, ODOO)))
    _look(ctx, row)
    if row.status not in RUNNING:
        _check_database(ctx)
    outcome = _judge(ctx, row)
    if isinstance(outcome, Done) and _is_unsettled(ctx.ledger.get("deployment", POSTGRES)):
        # Odoo answers, and so does its database: Railway is about to say it
        outcome = _wait_for(POSTGRES)
    if not built:
        return outcome
    if not ctx.step.notes.get("auto_deploy_off"):
        try:
            afterwards.stop_following_pushes(ctx.ledger, ctx.railway, ODOO)
        except RailwayError as error:
            # no customer waits for that: it is asked for again later
            logger.warning("The service still follows each push: %s", error)
        else:
            ctx.note(auto_deploy_off=1)
    return outcome


def restart_if_refused(ctx: Context) -> Done | Wait:
    """Where Odoo has refused the access that we kept, its next start takes the new one; else nothing is to be done."""
    return deploy_odoo(ctx) if ctx.operation.facts.get("access_revision") else Done()


def postgres_is_lost(operation: Operation) -> bool:
    """Whether the database must be started again: what ran has ended, or never did."""
    return _is_lost(operation, POSTGRES)


def odoo_is_lost(operation: Operation) -> bool:
    """The same of Odoo."""
    return _is_lost(operation, ODOO)


def check_running(ctx: Context) -> None:
    """Ask Railway whether what was started still runs. Raises DeploymentCrashed or DeploymentFailed."""
    dead = _dead(ctx)
    for row in dead:
        ctx.ledger.gone(row)
    if dead:
        raise _failure(dead[0])


def _ordered(ctx: Context, service: str, order: Callable[[], str]) -> Resource:
    if ctx.ledger.get("deployment", service) is None:
        _acknowledge(ctx, service)
    ctx.ledger.ensure("deployment", service, find=lambda: _unknown_deployment(ctx, service), create=order)
    row = ctx.ledger.get("deployment", service)
    if row is None:
        raise LookupError(f"The ledger lost the deployment of {service}.")
    return row


def _look(ctx: Context, row: Resource) -> None:
    """At all deployments, once nobody has looked at this one for long."""
    rows = [each for each in ctx.ledger.living("deployment") if each.external_id]
    stale = [each for each in rows if not statuses.is_fresh(each)]
    if row in stale:
        statuses.look(stale, workspace=ctx.spec.workspace)
        row.refresh_from_db()


def _is_unsettled(row: Resource | None) -> TypeGuard[Resource]:
    """Whether Railway has not said yet that it runs, or that it has ended."""
    return row is not None and row.status not in RUNNING | BAD


def _wait_for(service: str) -> Wait:
    return Wait(statuses.freshness().total_seconds(), f"waiting_for_{service.lower()}")


def _acknowledge(ctx: Context, service: str) -> None:
    """What somebody started meanwhile must not be taken for ours should the answer to our own order get lost."""
    if not brought.has_been_started(ctx, service):
        return
    former = _unknown_deployment(ctx, service)
    if former is not None:
        ctx.ledger.gone(ctx.ledger.take("deployment", service, former))


def _judge(ctx: Context, row: Resource) -> Done | Wait:
    if row.status in RUNNING:
        return Done()
    if row.status in BAD:
        if successor := _successor(ctx, row):
            return _judge(ctx, successor)
        # Odoo cannot start when its database has ended meanwhile, or never came: a retry must start both
        for dead in [row] if row.name == POSTGRES else [row, *_dead(ctx)]:
            ctx.ledger.gone(dead)
        database = ctx.ledger.get("deployment", POSTGRES)
        if _is_unsettled(database):
            _take_back(ctx, database)
        raise _failure(row)
    if _is_late(ctx, row):
        raise _stuck(ctx, row)
    return _wait_for(row.name)


def _is_late(ctx: Context, row: Resource) -> bool:
    since = row.attempted_at
    return since is not None and timezone.now() > since + LONGEST_DEPLOYMENT + _lost(ctx, since)


def _take_back(ctx: Context, row: Resource) -> None:
    """Railway may never have had it, whatever it answered."""
    with suppress(RailwayPermanent, UnknownRefusal):
        ctx.railway.cancel_deployment(row.external_id)
    ctx.ledger.gone(row)


def _stuck(ctx: Context, row: Resource) -> Permanent:
    _take_back(ctx, row)
    return DeploymentStuck(f"The deployment {row.external_id} of {row.name} stayed {row.status or 'silent'}.")


def _is_lost(operation: Operation, service: str) -> bool:
    return Ledger(operation.instance_id, operation.instance_spec.workspace).get("deployment", service) is None


def _dead(ctx: Context) -> list[Resource]:
    """Those of the ledger's deployments that Railway says have ended."""
    rows = [row for row in ctx.ledger.living("deployment") if row.external_id]
    statuses.look(rows, workspace=ctx.spec.workspace)
    return [row for row in rows if row.status in BAD and not _successor(ctx, row)]


def _check_database(ctx: Context) -> None:
    """Odoo waits for its database for as long as its health check may take: when that has ended, or does not come up,
    so has this start.
    """
    row = ctx.ledger.get("deployment", POSTGRES)
    if row is None:
        return
    if _is_unsettled(row):
        _look(ctx, row)
    is_stuck = _is_unsettled(row) and _is_late(ctx, row)
    if not is_stuck and (row.status not in BAD or _successor(ctx, row)):
        return
    odoo = ctx.ledger.get("deployment", ODOO)
    if odoo is not None:
        with suppress(RailwayError):
            ctx.railway.remove_deployments([odoo.external_id])
        ctx.ledger.gone(odoo)
    if is_stuck:
        raise _stuck(ctx, row)
    ctx.ledger.gone(row)
    raise _failure(row)


def _successor(ctx: Context, row: Resource) -> Resource | None:
    """The living deployment that has replaced this one, started by hand or by Railway itself: ours from now on."""
    if row.status not in REPLACED:
        return None
    running = ctx.stack().service(row.name).running
    newer = next((each for each in running if each.status not in BAD and each.id != row.external_id), None)
    return ctx.ledger.succeed("deployment", row.name, newer.id, status=newer.status) if newer else None


def _failure(row: Resource) -> Permanent:
    kind = DeploymentCrashed if row.status == DeploymentStatus.CRASHED else DeploymentFailed
    return kind(f"Railway says {row.status} for the deployment {row.external_id} of {row.name}.")


def _lost(ctx: Context, since: datetime) -> timedelta:
    """What an outage, or our own absence, took from the deployment's time; read only when that seems to be over."""
    if timezone.now() < since + LONGEST_DEPLOYMENT:
        return timedelta()
    return circuit.lost_time(ctx.spec.workspace, since) + timedelta(seconds=ctx.step.notes.get("away", 0.0))


def _order(ctx: Context, service: str) -> str:
    return ctx.railway.deploy(service_id=ctx.ledger.id_of("service", service), environment_id=ctx.environment_id)


def _order_from_repository(ctx: Context) -> str:
    """Connecting the repository deploys at once and does not say which deployment it made: look for it."""
    source = ctx.spec.source
    if ctx.stack().service(ODOO).repository == source.repository:
        return _order(ctx, ODOO)
    ctx.railway.connect_repository(
        service_id=ctx.ledger.id_of("service", ODOO), repository=source.repository, branch=source.branch
    )
    deployment_id = _unknown_deployment(ctx, ODOO)
    if deployment_id is None:
        raise Temporary("The deployment is not visible yet.", code="waiting_for_odoo", unclear=True, retry_after=3)
    return deployment_id


def _unknown_deployment(ctx: Context, service: str) -> str | None:
    """A deployment that Railway has and our ledger never had: the effect of a request whose answer was lost."""
    latest = ctx.stack().service(service).latest_deployment
    if latest is None or ctx.ledger.knows("deployment", latest.id):
        return None
    return latest.id
