"""The customer's own account in Odoo, changed over Odoo's API with the credentials that are kept."""

from provisioning.errors import Permanent
from provisioning.odoo.client import OdooClient
from provisioning.odoo.errors import LoginRefused
from provisioning.outcomes import Done
from provisioning.steps.context import Context


class PasswordNotKept(Permanent):
    """Without the customer's current password nobody can log in as the customer, and that is as it should be."""

    code = "password_not_kept"


def set_password(ctx: Context) -> Done:
    """Set the new password; done already when the new one logs in (a lost answer)."""
    client = OdooClient(ctx.operation.facts["url"], ctx.spec.database)
    new, current = ctx.secret("admin_password"), ctx.secret("current_password")
    if new is None or current is None:
        raise PasswordNotKept("The current password is not kept any more.")
    try:
        client.authenticate(ctx.spec.email, new)
    except LoginRefused:
        client.change_password(ctx.spec.email, current, new)
    return Done()


def set_email(ctx: Context) -> Done:
    """Set the new login and address; done already when the new login opens the account (a lost answer)."""
    client = OdooClient(ctx.operation.facts["url"], ctx.spec.database)
    password = ctx.secret("admin_password")
    if password is None:
        raise PasswordNotKept("The current password is not kept any more.")
    try:
        client.authenticate(ctx.spec.email, password)
    except LoginRefused:
        client.change_login(ctx.operation.facts["current_email"], password, ctx.spec.email)
    return Done()
