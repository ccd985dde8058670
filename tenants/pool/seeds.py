"""Seeds: the backup of a warm unit that a new instance of the same key begins with, instead of an installation.

Only a unit that was installed, proven and not yet given to anybody has one made, and its agent makes it only while
nobody else has an account there. Once it was read back, it stays good when its unit is taken: what it holds is older.
"""

from datetime import timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from provisioning.backups import restores
from provisioning.models import Agent, Backup, Restore
from tenants.lifecycle import InstanceState
from tenants.models import Pool, Unit
from tenants.pool import units
from tenants.pool.keys import key_of

# so often it may fail whoever begins with it
MOST_FAILURES = 2
# given up for these it says nothing about the seed
UNTRIED = ("cancelled", "seed_not_used", restores.SEED_TOO_OLD)
_M, _S = Restore.Mode, Restore.State
FAILURES = Count(
    "restores", filter=Q(restores__mode=_M.SEED, restores__state=_S.FAILED) & ~Q(restores__reason__in=UNTRIED)
)


def usable(key: str, longest: timedelta = restores.LONGEST_AGE_OF_SEED) -> Backup | None:
    """The newest one that may be used, no older than ``longest``."""
    untouched = Q(instance__unit__taken_at=None) | Q(instance__unit__taken_at__gt=F("ended_at"))
    good = _made(key).filter(untouched, state=Backup.State.GOOD, instance__unit__broken_at=None)
    young = good.filter(ended_at__gt=timezone.now() - longest).order_by("-ended_at")
    return young.annotate(failed=FAILURES).filter(failed__lt=MOST_FAILURES).first()


def is_missing(pool: Pool, key: str) -> bool:
    """Whether one should be made: there is none that lasts, none under way, and none was spoilt since the resuming."""
    under_way = Backup.objects.filter(
        occasion=Backup.Occasion.SEED, instance__unit__key=key, state__in=Backup.OPEN
    ).exists()
    return not (under_way or usable(key, units.REPLACED_AFTER) or spoilt(pool, key))


def spoilt(pool: Pool, key: str) -> "list[Backup]":
    """Those of this key that have failed too often since the pool was last resumed."""
    rows = _made(key).filter(ended_at__gt=pool.resumed_at).annotate(failed=FAILURES)
    return list(rows.filter(failed__gte=MOST_FAILURES).order_by("-ended_at"))


def mother(key: str) -> Unit | None:
    """Of which unit one can be made: one that waits, was installed itself, and was not asked yet."""
    rows = units.fitting(key).filter(Exists(Agent.objects.filter(instance=OuterRef("pk"))))
    grown = Restore.objects.filter(instance=OuterRef("pk"), mode=_M.SEED, state=_S.PROVEN)
    asked = Backup.objects.filter(instance=OuterRef("pk"), occasion=Backup.Occasion.SEED)
    return rows.filter(~Exists(grown), ~Exists(asked)).last()


def orphaned() -> "QuerySet[Backup]":
    """Those under way whose unit waits no more: nothing of what it is now may be kept."""
    rows = Backup.objects.filter(occasion=Backup.Occasion.SEED, state__in=Backup.OPEN)
    return rows.exclude(instance__state=InstanceState.WARM)


def kept() -> set[int]:
    """The numbers of those that somebody may still begin with: one a key that a pool has today."""
    keys = {key_of(pool.plan, pool.language, pool.country) for pool in Pool.objects.select_related("plan__blueprint")}
    return {seed.pk for seed in map(usable, keys) if seed}


def _made(key: str) -> "QuerySet[Backup]":
    return Backup.objects.filter(occasion=Backup.Occasion.SEED, instance__unit__key=key, ended_at__isnull=False)
