"""The customer's own account in Odoo, changed over Odoo's API with the credentials that are kept.

When Odoo does not take those, because the customer has changed the password or the login or has set up a second factor,
the same work goes on with Odoo's own start, which needs none (:func:`deployments.restart_if_refused`).
"""

from provisioning.errors import Permanent
from provisioning.odoo.client import OdooClient
from provisioning.odoo.errors import LoginRefused
from provisioning.outcomes import Done
from provisioning.steps.context import Context

# once one of these is done, the password that was kept before opens nothing: it was replaced, or Odoo refused it
REPLACING = ("set_password", "set_email")


class PasswordNotKept(Permanent):
    """The operation does not hold the new password any more, which nobody can do without."""

    code = "password_not_kept"


def set_password(ctx: Context) -> Done:
    """Set the new password; done already when the new one logs in (a lost answer)."""
    return _give(ctx, ctx.spec.email)


def set_email(ctx: Context) -> Done:
    """Set the new login, address and password; done already when they open the account (a lost answer)."""
    return _give(ctx, ctx.operation.facts["current_email"])


def _give(ctx: Context, former_login: str) -> Done:
    client = OdooClient(ctx.operation.facts["url"], ctx.spec.database)
    new = ctx.secret("admin_password")
    if new is None:
        raise PasswordNotKept("The new password is not kept any more.")
    # what an older release began holds one password for both
    current = ctx.secret("current_password") or new
    if _opens(client, ctx.spec.email, new):
        return Done()
    try:
        client.change_access(former_login, current, ctx.spec.email, new)
    except LoginRefused:
        return Done({"access_revision": ctx.operation.reference})
    return Done()


def _opens(client: OdooClient, login: str, password: str) -> bool:
    try:
        client.authenticate(login, password)
    except LoginRefused as refused:
        return refused.asks_for_more
    return True
