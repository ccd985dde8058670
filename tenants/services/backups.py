"""Use cases on backups: on demand, every day in the customer's night, and erased when their time is over."""

import logging
import zlib
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from provisioning.backups import asking, bucket, retention
from provisioning.backups.retention import RetentionPolicy
from provisioning.errors import ProvisioningError
from provisioning.models import Backup, Restore
from tenants.models import AuditEntry, Instance
from tenants.services import preconditions, seeds

logger = logging.getLogger(__name__)
# the customer's night, in whole hours of the local clock
NIGHT = range(1, 5)
_S = Backup.State


def back_up(instance: Instance, *, any_size: bool = False) -> Backup:
    """A backup now; one that is under way is returned. Raises WrongState, or BackupsUnavailable without a storage.

    ``any_size`` is for an instance whose backups are refused because they are much smaller than the last good one.
    """
    preconditions.require("believe_backup" if any_size else "back_up", instance)
    backup = asking.ask(instance.pk, Backup.Occasion.MANUAL, any_size=any_size)
    AuditEntry.write("backup_asked", instance.pk, after={"backup": backup.public_id})
    return backup


def order_due() -> int:
    """Ask for the daily backup of whoever's night it is, and of whoever has gone without for too long."""
    if not bucket.configured():
        return 0
    now = timezone.now()
    without = Instance.objects.real().without_backup_since(now - _interval()).filter(agent__isnull=False)
    due = [instance for instance in without.select_related("tenant") if _is_time(instance, now)]
    for instance in due:
        asking.ask(instance.pk, Backup.Occasion.DAILY)
    return len(due)


def erase_due() -> int:
    """Erase what no policy keeps; returns how many. What a lock keeps is tried again the next time."""
    if not bucket.configured():
        return 0
    erased = 0
    owners = Instance.objects.filter(Exists(Backup.objects.own().filter(instance=OuterRef("pk"), state=_S.GOOD)))
    for instance in owners.select_related("plan").iterator():
        try:
            erased += _erase_of(instance)
        except ProvisioningError as error:
            logger.warning("Backups of %s could not be erased: %s", instance.public_id, error.message)
    try:
        erased += seeds.erase_spent()
    except ProvisioningError as error:
        logger.warning("Seeds could not be erased: %s", error.message)
    retention.clear_unfinished()
    retention.clear_strays()
    return erased


def policy_of(instance: Instance) -> RetentionPolicy:
    plan = instance.plan
    return RetentionPolicy(plan.backup_days, plan.backup_weeks, plan.backup_months, settings.BACKUP_FINAL_DAYS)


def _erase_of(instance: Instance) -> int:
    now = timezone.now()
    good = list(Backup.objects.own().filter(instance=instance, state=_S.GOOD))
    kept = retention.kept(good, policy_of(instance), now)
    if instance.ended_at is None or instance.ended_at > now - timedelta(days=settings.BACKUP_FINAL_DAYS):
        # whatever it was made for: until then it is the only copy
        kept |= {backup.pk for backup in sorted(good, key=lambda backup: backup.taken_at or backup.created_at)[-1:]}
    else:
        kept = set()
    # what is being brought back, or could have to be again
    kept |= set(
        Restore.objects.filter(backup__instance=instance, state__in=Restore.OPEN).values_list("backup", flat=True)
    )
    return sum(retention.erase(backup) for backup in good if backup.pk not in kept)


def _is_time(instance: Instance, now: datetime) -> bool:
    """In its night, at a minute of its own, so that a thousand do not begin together; too late is any time."""
    last = asking.newest_good(instance.pk)
    if last and last.taken_at and last.taken_at < now - 2 * _interval():
        return True
    local = now.astimezone(ZoneInfo(instance.time_zone))
    minute = zlib.crc32(instance.public_id.encode()) % (60 * len(NIGHT))
    return local.hour in NIGHT and (local.hour - NIGHT.start) * 60 + local.minute >= minute


def _interval() -> timedelta:
    # a little less, so that the same minute of every night is late enough
    return timedelta(hours=settings.BACKUP_INTERVAL_HOURS) - timedelta(minutes=30)
