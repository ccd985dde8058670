"""Ready is proven at the customer's door; Railway's SUCCESS alone proves nothing."""

from provisioning.context import Context
from provisioning.odoo import proof
from provisioning.outcomes import Done


def prove_login(ctx: Context) -> Done:
    """The customer's own login works, wrong ones and admin/admin are refused, nothing else is open."""
    return _prove(ctx, ctx.secret("admin_password"))


def prove_access(ctx: Context) -> Done:
    """The new login and password work and the former login does not; company and language are the customer's by now."""
    spec, facts = ctx.spec, ctx.operation.facts
    evidence = proof.prove(
        facts["url"],
        spec.database,
        spec.email,
        ctx.secret("admin_password"),
        former_login=facts.get("current_email", ""),
    )
    return Done({"odoo_version": evidence.version})


def prove_service(ctx: Context) -> Done:
    """The same without the customer's password, which is not kept: Odoo answers and is closed to strangers."""
    return _prove(ctx, None)


def _prove(ctx: Context, password: str | None) -> Done:
    spec = ctx.spec
    evidence = proof.prove(
        ctx.operation.facts["url"],
        spec.database,
        spec.email,
        password,
        company=spec.company,
        language=spec.language,
    )
    return Done({"odoo_version": evidence.version})
