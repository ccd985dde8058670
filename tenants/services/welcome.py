"""Use case: the welcome e-mail once more."""

from django.db import transaction

from tenants.errors import PasswordNotKept, WrongState
from tenants.lifecycle import InstanceState
from tenants.mails import outbox
from tenants.models import Instance, Mail


def resend_welcome(instance: Instance) -> Mail:
    """Write the welcome e-mail again, to the present address. Raises WrongState or PasswordNotKept."""
    if instance.state != InstanceState.READY:
        raise WrongState
    if instance.admin_password() is None:
        raise PasswordNotKept
    with transaction.atomic():
        return outbox.write_welcome_again(instance)
