"""Removal: walk the ledger, let Railway delete the project, and prove that it is gone. Nothing unknown is touched."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from provisioning.errors import Permanent
from provisioning.models import Resource
from provisioning.outcomes import Done, Wait
from provisioning.railway.errors import NotAuthorized, NotFound, RailwayPermanent
from provisioning.steps import stopping
from provisioning.steps.context import Context
from provisioning.steps.project import find_own

# Railway deletes 48 hours after it was asked; asking earlier might begin them anew
LONGEST_DELETION = timedelta(hours=50)
# a fact of the deletion of a warm unit: the id of the instance that it was last to become, or ""
NOBODYS = "nobodys"


class UnitTaken(Permanent):
    code = "unit_taken"


def stop_what_runs(ctx: Context) -> Done | Wait:
    """Odoo first, then the database: Railway may keep services running while a deletion is pending."""
    wait = _settle_project(ctx)
    if wait:
        return wait
    _check_nobodys(ctx)
    _stop(ctx)
    return Done()


def delete_project(ctx: Context) -> Done:
    """Railway's scheduled deletion of the project that the ledger lists, and of a second one if there ever was one."""
    for project_id in _listed(ctx):
        ctx.railway.schedule_project_deletion(project_id)
    return Done()


def prove_gone(ctx: Context) -> Done | Wait:
    """Gone means that Railway no longer lists the project; only then are the ledger's rows closed."""
    listed = _listed(ctx)
    if listed:
        # until then Railway keeps running what somebody starts
        _stop(ctx)
        if ctx.is_time_to_ask_again(LONGEST_DELETION):
            for project_id in listed:
                ctx.railway.schedule_project_deletion(project_id)
        return Wait(timedelta(hours=1).total_seconds(), "waiting_for_deletion")
    for living in Resource.objects.filter(instance_id=ctx.operation.instance_id, gone_at=None):
        ctx.ledger.gone(living)
    return Done()


def _stop(ctx: Context) -> None:
    """As far as it goes: what cannot be stopped is deleted all the same. Raises TokenRefused and what is temporary."""
    try:
        stopping.stop(ctx, stopping.what_runs(ctx))
    except RailwayPermanent:
        ctx.railway.workspaces()


def _check_nobodys(ctx: Context) -> None:
    """A warm unit is deleted without being asked for: not when it has become somebody's, whatever our rows say.

    A database that was restored from a backup may not know of its order. Raises UnitTaken.
    """
    given = ctx.operation.facts.get(NOBODYS)
    project = ctx.ledger.get("project", "project")
    if given is None or project is None or not project.external_id:
        return
    try:
        told = ctx.railway.project(project.external_id)
    except (NotFound, NotAuthorized):
        # gone already, which the next steps prove
        return
    if told.description.strip() not in {ctx.spec.marker, f"eazynova-instance={given}"}:
        raise UnitTaken("The project of the warm unit has the marker of something else.")


def _settle_project(ctx: Context) -> Wait | None:
    """A project whose creation was never answered may exist: find it by its marker before deleting "nothing"."""
    row = ctx.ledger.get("project", "project")
    if row is None or row.external_id or row.attempted_at is None:
        return None
    found = find_own(ctx)
    if found is not None:
        ctx.ledger.record(row, found.id)
        ctx.ledger.adopt("environment", "production", found.environment_id)
        return None
    if timezone.now() < row.attempted_at + timedelta(seconds=settings.RAILWAY_SETTLE_SECONDS):
        return Wait(5, "looking_for_lost_answer")
    ctx.ledger.gone(row)
    return None


def _listed(ctx: Context) -> list[str]:
    """The ids of those of the ledger's projects that Railway lists."""
    ours = {row.external_id for row in ctx.ledger.living("project") if row.external_id}
    if not ours:
        return []
    return [project.id for project in ctx.railway.list_projects(ctx.workspace_id) if project.id in ours]
