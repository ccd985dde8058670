"""What a customer does in Odoo with the account that was handed over, so that the kept access no longer opens it."""

from collections.abc import Callable

from provisioning.odoo.client import OdooClient
from tenants.models import Instance

ADMINISTRATOR = 2


def change_password(instance: Instance) -> None:
    OdooClient(instance.url, instance.database_name).change_password(
        instance.admin_email, instance.admin_password() or "", "her-own-Passw0rd"
    )


def rename_login(instance: Instance) -> None:
    with OdooClient(instance.url, instance.database_name).session(*_known(instance)) as session:
        session.call("res.users", "write", [ADMINISTRATOR], {"login": "boss"})


def set_up_second_factor(instance: Instance) -> None:
    with OdooClient(instance.url, instance.database_name).session(*_known(instance)) as session:
        wizard = session.call("auth_totp.wizard", "create", {"user_id": ADMINISTRATOR, "secret": "JBSWY3DPEHPK3PXP"})
        session.call("auth_totp.wizard", "enable", [wizard])


def _known(instance: Instance) -> tuple[str, str]:
    return instance.admin_email, instance.admin_password() or ""


CHANGES: dict[str, Callable[[Instance], None]] = {
    "password": change_password,
    "login": rename_login,
    "second factor": set_up_second_factor,
}
