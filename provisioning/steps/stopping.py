"""Stopping what Railway runs now, whoever started it, and the proof that nothing runs any more.

Railway's dashboard, its security updates and its moves to other machines start deployments that our ledger never asked
for: the service is asked, not our list.
"""

from datetime import timedelta

from django.db import transaction

from provisioning.outcomes import Done, Wait
from provisioning.railway.results import DeploymentStatus, LatestDeployment, ServiceState
from provisioning.steps.context import Context
from provisioning.steps.desired_state import ODOO, POSTGRES

# PostgreSQL has 60 seconds to stop
LONGEST_STOP = timedelta(minutes=2)
# Odoo first, then the database, so that nothing is cut off while it writes
ORDER = (ODOO, POSTGRES)
Running = tuple[str, LatestDeployment]


def stop_services(ctx: Context) -> Done:
    """Ask Railway to stop whatever runs of the two services; the data stays."""
    stop(ctx, what_runs(ctx))
    return Done()


def verify_stopped(ctx: Context) -> Done | Wait:
    """Suspended means that Railway itself says that nothing runs; what was started meanwhile is stopped too."""
    running = what_runs(ctx)
    if running:
        patience_is_over = ctx.is_time_to_ask_again(LONGEST_STOP)
        stop(ctx, [each for each in running if patience_is_over or not ctx.ledger.knows("deployment", each[1].id)])
        return Wait(5, "waiting_for_stop")
    if wait := max(ctx.ledger.unclear_for("deployment", name) for name in ORDER):
        # a request whose answer was lost may still start something
        return Wait(wait, "looking_for_lost_answer")
    for row in ctx.ledger.living("deployment"):
        ctx.ledger.gone(row)
    return Done()


def what_runs(ctx: Context) -> list[Running]:
    """What Railway runs now, or is about to, of the two services, in the order in which it should stop."""
    project, environment = ctx.ledger.get("project", "project"), ctx.ledger.get("environment", "production")
    if project is None or not project.external_id or environment is None:
        return []
    stack = ctx.stack()
    services = [(name, _service(ctx, stack.services, name)) for name in ORDER]
    return [(name, each) for name, service in services if service for each in service.running]


def stop(ctx: Context, running: list[Running]) -> None:
    """Stop these deployments, in one request; those that we did not start are ours from now on."""
    with transaction.atomic():
        # the newest of a service is the one that the ledger goes on naming
        for name, each in reversed(running):
            ctx.ledger.succeed("deployment", name, each.id, status=each.status)
    ctx.railway.remove_deployments([each.id for _, each in running if each.status != DeploymentStatus.REMOVING])


def _service(ctx: Context, services: tuple[ServiceState, ...], name: str) -> ServiceState | None:
    """By the id in the ledger, whatever somebody has renamed it to; by its name when a creation ended in doubt."""
    row = ctx.ledger.get("service", name)
    known = row.external_id if row else ""
    return next((each for each in services if each.id == known or (not known and each.name == name)), None)
