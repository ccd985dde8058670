"""Which backups are kept: the newest of each of the last days, weeks and months, and never none."""

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import TypeVar

from django.db import transaction
from django.utils import timezone

from provisioning.backups import bucket
from provisioning.models import Backup
from provisioning.signals import backup_changed
from provisioning.storage.errors import ObjectLocked

Name = TypeVar("Name")
# an upload older than this belongs to no try that is still under way
ABANDONED = timedelta(days=2)
# the key of one try: see `jobs.offer`
TRY = re.compile(r"[^/]+/(BK-[^-/]+)-\d+\.zip")


@dataclass(frozen=True)
class RetentionPolicy:
    """How many days, weeks and months back one backup each is kept; ``final_days`` for the last one of an instance.

    What was made on demand or before a change is kept like a daily one.
    """

    days: int = 7
    weeks: int = 4
    months: int = 12
    final_days: int = 90


def kept(backups: Iterable[Backup], policy: RetentionPolicy, now: datetime) -> set[int]:
    """The numbers of those that are kept, of good backups of one instance. Without any newer one the last is kept.

    One that was believed whatever its size takes no other's place, and for as long as a daily one stays, so does the
    one before it: whoever believed it may have been wrong.
    """
    newest_first = sorted(
        (each for each in backups if each.taken_at), key=lambda each: each.taken_at or now, reverse=True
    )
    found: set[int] = {each.pk for each in newest_first[:1] if each.occasion != Backup.Occasion.FINAL}
    ordinary: list[tuple[int, datetime]] = []
    for backup, before in zip_longest(newest_first, newest_first[1:]):
        taken = backup.taken_at or now
        if backup.any_size:
            if now - taken < timedelta(days=policy.days):
                found |= {backup.pk, *([before.pk] if before else [])}
            continue
        if backup.occasion == Backup.Occasion.FINAL:
            found |= {backup.pk} if now - taken < timedelta(days=policy.final_days) else set()
            continue
        ordinary.append((backup.pk, taken))
        if backup.occasion != Backup.Occasion.DAILY and now - taken < timedelta(days=policy.days):
            found.add(backup.pk)
    return found | newest_of_each(ordinary, policy, now)


def newest_of_each(newest_first: Iterable[tuple[Name, datetime]], policy: RetentionPolicy, now: datetime) -> set[Name]:
    """The names of those that are the newest of one of the last days, weeks or months."""
    found: set[Name] = set()
    seen: set[tuple[int, ...]] = set()
    for name, moment in newest_first:
        taken = timezone.localtime(moment)
        periods = (
            (timedelta(days=policy.days), (1, taken.toordinal())),
            (timedelta(weeks=policy.weeks), (2, *taken.isocalendar()[:2])),
            (timedelta(days=31 * policy.months), (3, taken.year, taken.month)),
        )
        for span, period in periods:
            if now - taken < span and period not in seen:
                seen.add(period)
                found.add(name)
    return found


def erase(backup: Backup) -> bool:
    """Erase it in the storage, then say so in its row; False while a lock keeps it. Raises the storage's errors."""
    try:
        bucket.storage().delete(backup.key)
    except ObjectLocked:
        return False
    with transaction.atomic():
        gone = Backup.objects.filter(pk=backup.pk, state=Backup.State.GOOD)
        if gone.update(state=Backup.State.ERASED, erased_at=timezone.now()):
            backup.refresh_from_db()
            backup_changed.send(Backup, backup=backup)
    return True


def clear_strays() -> int:
    """Erase what tries left behind that came to nothing: complete objects that no row means any more.

    Only what is named as a try of a backup that we know, and that is over, is ours to erase. Returns how many.
    """
    storage, before = bucket.storage(), timezone.now() - ABANDONED
    found = {
        each.key: known for each in storage.list("") if each.modified < before and (known := TRY.fullmatch(each.key))
    }
    over = Backup.objects.exclude(state__in=Backup.OPEN).filter(public_id__in={known[1] for known in found.values()})
    meant = {
        public_id: key if state == Backup.State.GOOD else ""
        for public_id, key, state in over.values_list("public_id", "key", "state")
    }
    strays = [key for key, known in found.items() if meant.get(known[1], key) != key]
    for key in strays:
        # what a lock keeps is found again
        with suppress(ObjectLocked):
            storage.delete(key)
    return len(strays)


def clear_unfinished() -> int:
    """Abort uploads that nobody will complete: their parts cost money. Returns how many."""
    storage, before = bucket.storage(), timezone.now() - ABANDONED
    abandoned = [upload for upload in storage.unfinished("") if upload.begun < before]
    for upload in abandoned:
        storage.abort(upload.key, upload.id)
    return len(abandoned)
