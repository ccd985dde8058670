"""Use cases on seeds: one is made of a warm unit, a new instance begins with it, and it is erased in time."""

from django.db import transaction

from provisioning.backups import asking, bucket, restores, retention, upkeep
from provisioning.models import Backup, Operation, Restore
from provisioning.steps.restoring import SEED
from tenants.models import AuditEntry, Instance, Pool
from tenants.pool import seeds, units
from tenants.pool.keys import key_of


def tend(pool: Pool) -> None:
    """Have the seed made that the pool's key lacks; give up what is under way at a unit that waits no more."""
    if not bucket.configured():
        return
    for backup in seeds.orphaned().filter(instance__unit__pool=pool):
        upkeep.fail(backup, "seed_unit_taken", "Its unit waits no more.", for_good=True)
    with transaction.atomic():
        pool = Pool.objects.select_for_update(of=("self",)).select_related("plan__blueprint").get(pk=pool.pk)
        key = key_of(pool.plan, pool.language, pool.country)
        if pool.is_paused or not pool.size or not seeds.is_missing(pool, key):
            return
        unit = seeds.mother(key)
        if unit:
            backup = asking.ask(unit.pk, Backup.Occasion.SEED)
            AuditEntry.write("seed_asked", unit.pk, after={"backup": backup.public_id})


def begin_with(instance: Instance, *, renews: bool = False) -> dict[str, str]:
    """What a creation begins with, as its operation's facts: nothing where there is no seed; nobody waits for one.

    ``renews``: a seed whose successor is due is left aside, so that there is a unit to make that of.
    """
    if not bucket.configured() or instance.is_test:
        return {}
    key = key_of(instance.plan, instance.language, instance.country)
    seed = seeds.usable(key, units.REPLACED_AFTER if renews else restores.LONGEST_AGE_OF_SEED)
    return {SEED: restores.ask(instance.pk, seed, Restore.Mode.SEED).public_id} if seed else {}


def erase_spent() -> int:
    """Erase those that nobody begins with any more; returns how many. Raises the storage's errors.

    A creation that has ended holds none back: retried without its seed, it is installed.
    """
    good = Backup.objects.filter(occasion=Backup.Occasion.SEED, state=Backup.State.GOOD)
    active = Operation.objects.active().values("instance")
    in_use = Restore.objects.filter(state__in=Restore.OPEN, instance__in=active).values("backup")
    return sum(retention.erase(seed) for seed in good.exclude(pk__in=seeds.kept()).exclude(pk__in=in_use))
