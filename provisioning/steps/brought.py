"""What the next start of Odoo brings along: another access, and the present bootstrap."""

from collections.abc import Callable

from django.db import transaction

from provisioning.agents import variables as agent_variables
from provisioning.models import Resource
from provisioning.odoo import container
from provisioning.railway.errors import RailwayError
from provisioning.railway.results import EnvironmentRef
from provisioning.steps.context import Context
from provisioning.steps.desired_state import ODOO, generated_password
from provisioning.steps.trouble import TROUBLE


def bring(ctx: Context, *, order: Callable[[], str], find: Callable[[], str | None]) -> None:
    """Give Odoo's service what the operation has for it. ``order`` deploys it, ``find`` finds what such a request made
    whose answer was lost.
    """
    if _access_is_to_be_renewed(ctx):
        _renew_access(ctx, order, find)
    _bring_bootstrap(ctx)


def has_been_started(ctx: Context, service: str) -> bool:
    return Resource.objects.filter(instance_id=ctx.operation.instance_id, kind="deployment", name=service).exists()


def _access_is_to_be_renewed(ctx: Context) -> bool:
    told: dict[str, object] = ctx.operation.facts
    if told.get(TROUBLE):
        # what comes back has the access that it had
        return False
    return bool(told.get("access_revision", "") != ctx.step.notes.get("access_revision", ""))


def _renew_access(ctx: Context, order: Callable[[], str], find: Callable[[], str | None]) -> None:
    """Tell the next start the new login and password; a deployment that has started without them is replaced."""
    password = ctx.secret("admin_password")
    if password is None:
        raise LookupError("The operation holds no admin password.")
    row = ctx.ledger.get("deployment", ODOO)
    if row is not None and row.attempted_at and not row.external_id:
        # a lost answer: find what was made before it is replaced
        ctx.ledger.ensure("deployment", ODOO, find=find, create=order)
        row = ctx.ledger.get("deployment", ODOO)
    revision = ctx.operation.facts["access_revision"]
    ctx.railway.set_variables(
        project_id=ctx.project_id,
        environment_id=ctx.environment_id,
        service_id=ctx.ledger.id_of("service", ODOO),
        variables=container.access_variables(ctx.spec.email, container.password_hash(password), revision)
        | (container.restore_variables(ctx.operation.facts["restore"]) if "restore" in ctx.operation.facts else {}),
    )
    with transaction.atomic():
        if row is not None and row.external_id:
            ctx.ledger.gone(row)
        ctx.note(access_revision=revision)


def _bring_bootstrap(ctx: Context) -> None:
    """What a release has mended in the bootstrap reaches the instances of earlier ones at their next start.

    The secret of an instance that has one stays: PostgreSQL's passwords are made from it.
    """
    if ctx.step.notes.get("bootstrap_brought") or ctx.ledger.get("deployment", ODOO):
        return
    if not has_been_started(ctx, ODOO):
        return
    service_id = ctx.ledger.id_of("service", ODOO)
    place = EnvironmentRef(ctx.project_id, ctx.environment_id)
    told = ctx.railway.service_details({service_id: place})[service_id]
    if isinstance(told, RailwayError):
        raise told
    secret = {} if container.SECRET_VARIABLE in told.variables else {container.SECRET_VARIABLE: generated_password()}
    ctx.railway.set_variables(
        project_id=ctx.project_id,
        environment_id=ctx.environment_id,
        service_id=service_id,
        variables=container.bootstrap_variables() | secret | agent_variables.renewed(ctx.operation.instance_id),
    )
    ctx.note(bootstrap_brought=1)
