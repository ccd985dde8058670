"""Use cases of the customer's access to Odoo: a new password, a corrected e-mail address."""

from typing import Any

from django.db import transaction

from provisioning.models import Operation, Resource
from provisioning.states import MAKING, OperationKind
from tenants import addresses
from tenants.errors import OperationInProgress, SameEmail, WrongState
from tenants.lifecycle import InstanceState
from tenants.mails import outbox
from tenants.models import AuditEntry, Instance
from tenants.services import customer_sessions, instances, links, preconditions


def reset_password(instance: Instance) -> Operation:
    """Give the customer's account a new password: over Odoo's API while the present one is kept, else by a restart.

    Raises WrongState or OperationInProgress.
    """
    preconditions.require("reset_password", instance)
    current = instance.admin_password()
    if current is None:
        return _renew_access(instance, instance.admin_email)
    return instances.start_work(instance, OperationKind.RESET_PASSWORD, sealed=_new_password(current))


def change_email(instance: Instance, email: str) -> Operation | None:
    """Correct the administrator's address, which is also the login; returns the work that began, if any.

    Whoever has the former address keeps nothing: the password becomes another one and the status links end. A ready
    instance changes it in Odoo, proves it, and then mails both addresses; without a kept password that takes a restart.
    A creation that failed uses it when it is retried. Raises InvalidEmail, SameEmail, WrongState or
    OperationInProgress.
    """
    email = addresses.normal(email)
    preconditions.require("change_email", instance)
    if email == instance.admin_email:
        raise SameEmail
    with transaction.atomic():
        AuditEntry.write("change_email", instance.pk, before={"email": instance.admin_email}, after={"email": email})
        if instance.state == InstanceState.FAILED:
            _correct_creation(instance, email)
            return None
        password = instance.admin_password()
        if password is None:
            return _renew_access(instance, email)
        return instances.start_work(
            instance,
            OperationKind.CHANGE_EMAIL,
            email=email,
            facts={"current_email": instance.admin_email},
            sealed=_new_password(password),
        )


def _new_password(current: str) -> dict[str, str]:
    return {"admin_password": instances.generated_password(), "current_password": current}


def _renew_access(instance: Instance, email: str) -> Operation:
    with transaction.atomic():
        operation = instances.start_work(
            instance,
            OperationKind.RENEW_ACCESS,
            email=email,
            facts={"current_email": instance.admin_email},
            sealed={"admin_password": instances.generated_password()},
        )
        _set_facts(operation, access_revision=operation.reference)
    return operation


def _correct_creation(instance: Instance, email: str) -> None:
    """Its frozen inputs are corrected; where the services exist already, the next start of Odoo is told too."""
    current = Instance.objects.locked().get(pk=instance.pk)
    creation = Operation.objects.select_for_update().filter(instance=current, kind__in=MAKING).first()
    if current.state != InstanceState.FAILED or creation is None:
        raise WrongState
    if current.active_operation() is not None:
        raise OperationInProgress
    creation.spec = {**creation.spec, "email": email}
    # the hash of the former password goes with it
    kept = {name: value for name, value in creation.secrets().items() if not name.startswith("admin_password")}
    creation.seal(kept | {"admin_password": instances.generated_password()})
    creation.save(update_fields=["spec", "sealed"])
    if Resource.objects.filter(instance=current, kind="service", attempted_at__isnull=False).exists():
        number = AuditEntry.objects.filter(instance=current, act="change_email").count()
        _set_facts(creation, access_revision=f"{creation.reference}-{number}")
    outbox.supersede(current, current.admin_email)
    customer_sessions.end_of_address(current.admin_email, current)
    current.admin_email = email
    current.save(update_fields=["admin_email"])
    links.renew(current)
    instance.refresh_from_db(fields=["admin_email", "link_revision"])


def _set_facts(operation: Operation, **facts: Any) -> None:
    operation.facts = {**operation.facts, **facts}
    operation.save(update_fields=["facts"])
