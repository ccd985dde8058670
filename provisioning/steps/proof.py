"""Ready is proven at the customer's door; Railway's SUCCESS alone proves nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

from provisioning.odoo import proof
from provisioning.odoo.errors import NotReachable, NotReady
from provisioning.outcomes import Done
from provisioning.states import OperationKind
from provisioning.steps import deployments
from provisioning.steps.context import Context

DEPLOYING = (
    OperationKind.CREATE,
    OperationKind.PREPARE,
    OperationKind.RESUME,
    OperationKind.RENEW_ACCESS,
    OperationKind.RESTORE,
    OperationKind.CHANGE_PLAN,
)
# Odoo may need a moment after Railway's success before it answers
MOMENTS = 2


def prove_login(ctx: Context) -> Done:
    """The customer's own login works, wrong ones and admin/admin are refused, nothing else is open."""
    return _prove(ctx, ctx.secret("admin_password"))


def prove_access(ctx: Context) -> Done:
    """The new login and password work and the former login does not; company and language are the customer's by now."""
    spec, facts = ctx.spec, ctx.operation.facts
    with _noticing_its_end(ctx):
        evidence = proof.prove(
            facts["url"],
            spec.database,
            spec.email,
            ctx.secret("admin_password"),
            former_login=facts.get("current_email", ""),
            second_factor=True,
        )
    return Done({"odoo_version": evidence.version})


def prove_restored(ctx: Context) -> Done:
    """The new password works on what was restored, whose company and language are those of then."""
    return prove_unchanged(ctx, ctx.secret("admin_password"))


def prove_unchanged(ctx: Context, password: str | None) -> Done:
    """What opened it before still does, whatever the customer has named there; without a password, its door."""
    spec = ctx.spec
    with _noticing_its_end(ctx):
        evidence = proof.prove(ctx.operation.facts["url"], spec.database, spec.email, password, second_factor=True)
    return Done({"odoo_version": evidence.version})


def prove_service(ctx: Context) -> Done:
    """The same without the customer's password, which is not kept: Odoo answers and is closed to strangers."""
    return _prove(ctx, None)


def _prove(ctx: Context, password: str | None) -> Done:
    spec = ctx.spec
    with _noticing_its_end(ctx):
        evidence = proof.prove(
            ctx.operation.facts["url"],
            spec.database,
            spec.email,
            password,
            company=spec.company,
            language=spec.language,
        )
    return Done({"odoo_version": evidence.version})


@contextmanager
def _noticing_its_end(ctx: Context) -> Iterator[None]:
    """What this operation has started and what still does not answer may have ended since: then it starts anew."""
    try:
        yield
    except (NotReachable, NotReady):
        deployed = ctx.operation.kind in DEPLOYING or "access_revision" in ctx.operation.facts
        if deployed and ctx.step.failures >= MOMENTS:
            deployments.check_running(ctx)
        raise
