"""What happens to a backup between its agent and its end: tried again, rung for, given up with a reason."""

import logging
from contextlib import suppress
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from provisioning.backups import bucket, reach
from provisioning.errors import ProvisioningError
from provisioning.models import Backup
from provisioning.signals import backup_changed, backup_due

logger = logging.getLogger(__name__)
# after the first, second, … failure; when they are used up it has failed
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 180))
_S = Backup.State


def ring(backup_id: int) -> None:
    """Somebody should check it now."""
    transaction.on_commit(lambda: backup_due.send(Backup, backup_id=backup_id))


def fail(backup: Backup, reason: str, message: str, *, for_good: bool = False) -> None:
    """This try is over: another one later, or the end. What was sent of it is thrown away."""
    now = timezone.now()
    over = for_good or backup.attempts > len(PAUSES)
    changes: dict[str, object] = {"state": _S.FAILED, "ended_at": now}
    if not over:
        changes = {"state": _S.WAITING, "run_after": now + PAUSES[max(backup.attempts - 1, 0)]}
    with transaction.atomic():
        mine = Backup.objects.filter(pk=backup.pk, state=backup.state, attempts=backup.attempts)
        if not mine.update(**changes, reason=reason, message=message[:500], lease_expires_at=None):
            return
        backup.refresh_from_db()
        backup_changed.send(Backup, backup=backup)
    logger.warning("Backup %s of instance %s: %s %s", backup.public_id, backup.instance_id, reason, message)
    _throw_away(backup.key, backup.upload_id)


def sweep() -> list[int]:
    """Take back what silent agents hold, and ring for what nobody checked; returns those that were rung for."""
    now = timezone.now()
    lost = Backup.objects.filter(lease_expires_at__lt=now)
    for backup in lost.filter(state=_S.RUNNING):
        fail(backup, "backup_agent_silent", "The agent began and was not heard of again.")
    unchecked = list(lost.filter(state=_S.CHECKING).values_list("pk", flat=True))
    for backup_id in unchecked:
        ring(backup_id)
    return unchecked


def _throw_away(key: str, upload_id: str) -> None:
    """What cannot be thrown away now is found later by `retention.clear_unfinished` and `clear_strays`."""
    if not upload_id:
        return
    with suppress(ProvisioningError), reach.attempt() as granted:
        if granted:
            storage = bucket.storage(hurried=True)
            storage.abort(key, upload_id)
            # it may have been completed before it was found bad
            storage.delete(key)
