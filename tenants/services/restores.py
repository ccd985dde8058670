"""Use cases of bringing a backup back: into the instance that it is of, or into a new one."""

from typing import Any

from django.db import IntegrityError, transaction

from provisioning.backups import restores
from provisioning.models import Backup, Operation, Restore
from provisioning.states import OperationKind
from tenants.errors import NotConfirmed, UnknownBackup, WrongState
from tenants.models import AuditEntry, Instance, Partner
from tenants.services import instances, preconditions


def restore(instance: Instance, backup_id: str, *, confirmation: str) -> Operation:
    """Bring a good backup of this instance back: what it holds replaces what Odoo has now.

    The present state is backed up first and survives until the login is proven on the restored one; then the customer
    gets a new password. ``confirmation`` is the client name, typed. Raises UnknownBackup, NotConfirmed, WrongState,
    BackupsUnavailable or OperationInProgress; then nothing is written.
    """
    preconditions.require("restore", instance)
    backup = find(instance, backup_id)
    if confirmation != instance.client_name:
        raise NotConfirmed
    try:
        with transaction.atomic():
            asked = restores.ask(instance.pk, backup)
            operation = instances.start_work(
                instance,
                OperationKind.RESTORE,
                facts={"restore": asked.public_id, "backup_of": _moment(backup)},
                sealed={"admin_password": instances.generated_password()},
            )
            operation.facts = {**operation.facts, "access_revision": operation.reference}
            operation.save(update_fields=["facts"])
            told = {"backup": backup.public_id, "restore": asked.public_id, "taken_at": _moment(backup)}
            AuditEntry.write("restore_asked", instance.pk, after=told)
    except IntegrityError as error:
        raise WrongState from error
    return operation


def into_new(
    backup: Backup, mode: Restore.Mode, *, client_name: str, email: str, partner: Partner | None = None
) -> Instance:
    """A new instance that begins with what a backup holds: its plan, company and language are the former's.

    A copy is another database to Odoo and writes to nobody; a move stays what it was. The owner at ``email`` gets the
    administrator's login with a new password. ``partner`` is the former's unless given. Raises UnknownBackup and what
    `instances.create_instance` does; then nothing is written.
    """
    if backup.state != Backup.State.GOOD or backup.occasion == Backup.Occasion.SEED:
        raise UnknownBackup
    of = Instance.objects.select_related("plan", "tenant__partner").get(pk=backup.instance_id)
    with transaction.atomic():
        made = instances.create_instance(
            partner=partner or of.tenant.partner,
            client_name=client_name,
            email=email,
            company=of.tenant.company,
            plan_code=of.plan.code,
            language=of.language,
            seed=(backup, mode),
        )
        told = {"backup": backup.public_id, "mode": str(mode), "instance": of.public_id}
        AuditEntry.write("restored_into_new", made.pk, after=told)
    return made


def find(instance: Instance, backup_id: str) -> Backup:
    """A backup of this instance that can be brought back. Raises UnknownBackup."""
    found = Backup.objects.own().filter(instance=instance, public_id=backup_id, state=Backup.State.GOOD).first()
    if found is None:
        raise UnknownBackup
    return found


def restorable(instance: Instance) -> list[Backup]:
    """Those that there are, newest first."""
    return list(Backup.objects.own().filter(instance=instance, state=Backup.State.GOOD).order_by("-taken_at"))


def close(instance: Instance, operation: Operation) -> None:
    """The work has ended without success: a start that asks later is told that nothing is wanted any more."""
    open_one = Restore.objects.filter(instance=instance, public_id=operation.facts.get("restore", "")).first()
    if open_one:
        restores.give_up(open_one, operation.reason or "cancelled")


def end_with(instance: Instance) -> None:
    """The instance is no more: what was to be brought back into it holds no backup any longer."""
    restores.close_all(instance.pk)


def _moment(backup: Backup) -> Any:
    return backup.taken_at.isoformat() if backup.taken_at else ""
