"""The password that a welcome e-mail may tell."""

import logging

from provisioning.odoo.client import OdooClient
from provisioning.odoo.errors import LoginRefused, OdooError
from tenants.models import Instance

logger = logging.getLogger(__name__)
TIMEOUT_SECONDS = 10.0


def kept_password(instance: Instance, *, proven_just_now: bool) -> str | None:
    """The kept one. Unless it was proven just now Odoo is asked first: one that it refuses is forgotten, and None.

    While Odoo does not answer, what is kept is told: nothing says that it is wrong.
    """
    proven = instance.proven_access()
    password = proven.secrets().get("admin_password") if proven else None
    if proven is None or password is None or proven_just_now:
        return password
    try:
        OdooClient(instance.url, instance.database_name, TIMEOUT_SECONDS).authenticate(instance.admin_email, password)
    except LoginRefused:
        instance.forget_password(proven_by=proven.pk)
        return None
    except OdooError as error:
        logger.warning("The password of %s could not be tried before it is mailed: %s", instance, error.message)
    return password
