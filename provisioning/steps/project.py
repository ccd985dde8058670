"""The isolated project of one instance."""

from provisioning.errors import Permanent
from provisioning.outcomes import Done, Wait
from provisioning.railway.results import Project
from provisioning.steps.context import Context


class BeingDeleted(Permanent):
    """Somebody has scheduled the project's deletion at Railway, which keeps it for two days more."""

    code = "project_being_deleted"


def create_project(ctx: Context) -> Done | Wait:
    """One Railway project an instance, found again by the marker in its description."""
    known = ctx.ledger.get("project", "project")
    if known is None or not known.external_id:
        wait = ctx.turn("project_create")
        if wait:
            return wait
    project_id = ctx.ledger.ensure("project", "project", find=lambda: _found_id(ctx), create=lambda: _create(ctx).id)
    if ctx.ledger.get("environment", "production") is None:
        project = find_own(ctx)
        if project is None:
            return Wait(3, "looking_for_lost_answer")
        _record_environment(ctx, project)
    return Done({"project_id": project_id})


def check_kept(ctx: Context) -> None:
    """Nobody is told that an instance is ready which Railway is about to delete. Raises BeingDeleted."""
    if ctx.railway.project(ctx.project_id).deleted_at is not None:
        raise BeingDeleted("The project is scheduled for deletion at Railway.")


def find_own(ctx: Context) -> Project | None:
    """The project whose description is our marker and nothing else: whoever only quotes the marker keeps his own.

    Never one that another instance's ledger holds: a warm unit that could not be handed over may bear our marker until
    Railway has deleted it.
    """
    found = ctx.railway.find_projects(ctx.workspace_id, ctx.spec.marker)
    marked = [project for project in found if project.description.strip() == ctx.spec.marker]
    return next((project for project in marked if not ctx.ledger.is_of_another("project", project.id)), None)


def _found_id(ctx: Context) -> str | None:
    project = find_own(ctx)
    return project.id if project else None


def _create(ctx: Context) -> Project:
    project = ctx.railway.create_project(
        workspace_id=ctx.workspace_id, name=ctx.spec.project_name, description=ctx.spec.marker
    )
    _record_environment(ctx, project)
    return project


def _record_environment(ctx: Context, project: Project) -> None:
    ctx.ledger.adopt("environment", "production", project.environment_id)
