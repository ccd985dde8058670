"""Use cases on the pools of warm units: filling, retiring, pausing, draining; and making one."""

import logging
import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from provisioning.engine import running
from provisioning.models import Operation
from provisioning.states import OperationKind
from provisioning.steps.removal import NOBODYS
from tenants import client_names
from tenants.errors import DomainError, InvalidInput, NoRoom, UnknownLanguage
from tenants.models import AuditEntry, Instance, Pool, Unit
from tenants.models.pool import UnitState
from tenants.pool import counting, units
from tenants.pool.keys import key_of
from tenants.services import instances, partners, seeds, workspaces

logger = logging.getLogger(__name__)

LARGEST = 200
# the rest waits for these: what fails fails three times, not thirty times
AT_A_TIME = 3
# the last places of a workspace are for whoever orders what no unit is like
LEFT_TO_ORDERS = 5
BROKEN_KEPT = timedelta(days=3)
NAME_LENGTH = 10
COMPANY = "EAZYNOVA"
NOBODYS_ADDRESS = "pool.invalid"


def pool_of(plan_code: str, language: str = "fr") -> Pool:
    """The pool of this plan and language, made when there is none. Raises UnknownPlan or UnknownLanguage."""
    plan = instances.find_plan(plan_code)
    if language not in instances.COUNTRIES:
        raise UnknownLanguage
    return Pool.objects.get_or_create(plan=plan, language=language, country=instances.COUNTRIES[language])[0]


def resize(pool: Pool, size: int) -> None:
    """Let it hold so many warm units from now on. Raises InvalidInput."""
    if not 0 <= size <= LARGEST:
        raise InvalidInput(_("A pool holds 0 to %(most)d warm units.") % {"most": LARGEST})
    _change(pool, size=size)
    tend(pool)


def pause(pool: Pool) -> None:
    """Make no unit; those that are warm are still handed out."""
    _change(pool, is_paused=True)


def resume(pool: Pool) -> None:
    """Make units again; what failed before counts no more, and what was kept to be looked at goes."""
    _change(pool, is_paused=False, resumed_at=timezone.now())
    tend(pool)


def drain(pool: Pool) -> int:
    """Delete its units, whatever their state, but those that were handed out; returns how many."""
    for operation in Operation.objects.active().filter(kind=OperationKind.PREPARE, instance__unit__pool=pool):
        running.cancel(operation)
    rows = Unit.objects.filter(pool=pool).in_state(UnitState.WARM, UnitState.BROKEN)
    return sum(_retire(unit) for unit in rows.select_related("instance"))


def tend_all() -> None:
    """What the clock brings: units grow old, keys change, what failed is tried again."""
    for pool in Pool.objects.select_related("plan__blueprint"):
        tend(pool)


def tend(pool: Pool) -> None:
    fill(pool)
    retire(pool)
    seeds.tend(pool)


def fill(pool: Pool) -> int:
    """Begin the units that are wanted and missing, a few at a time; returns how many.

    None while it is paused, its plan takes no orders, or the last three of its key could not be made.
    """
    with transaction.atomic():
        pool = Pool.objects.select_for_update(of=("self",)).select_related("plan__blueprint").get(pk=pool.pk)
        if pool.is_paused or not pool.size or not pool.plan.takes_orders:
            return 0
        key = key_of(pool.plan, pool.language, pool.country)
        failures = counting.failures_in_a_row(pool, key)
        if failures >= counting.MOST_FAILURES:
            return 0
        under_way = Unit.objects.filter(pool=pool, key=key).in_state(UnitState.PREPARING).count()
        lasting = units.fitting(key).filter(pool=pool, warm_at__gt=timezone.now() - units.REPLACED_AFTER).count()
        at_a_time = 1 if failures else AT_A_TIME
        missing = min(pool.size - lasting - under_way, at_a_time - under_way)
        begun = 0
        for _number in range(missing):
            try:
                _make(pool, key)
            except NoRoom:
                break
            begun += 1
        return begun


def retire(pool: Pool) -> int:
    """Delete what shall not or need not be handed out: old ones, former keys, too many, broken ones; how many."""
    return sum(_retire(unit) for unit in _superfluous(pool))


def _superfluous(pool: Pool) -> list[Unit]:
    now, rows = timezone.now(), Unit.objects.filter(pool=pool).select_related("instance")
    fit = units.fitting(key_of(pool.plan, pool.language, pool.country)).filter(pool=pool)
    warm, kept = rows.in_state(UnitState.WARM), list(fit.order_by("-warm_at").values_list("pk", flat=True))
    # the youngest stay; one that is soon too old goes when its successor is there
    superfluous = list(warm.exclude(pk__in=kept[: pool.size]))
    broken = list(rows.in_state(UnitState.BROKEN).exclude(instance__operations__state="active"))
    last = broken[0] if broken else None
    for unit in broken:
        # one is kept for people to look at
        is_news = (
            unit is last and unit.broken_at is not None and unit.broken_at > max(now - BROKEN_KEPT, pool.resumed_at)
        )
        superfluous += [] if is_news else [unit]
    return superfluous


def _retire(unit: Unit) -> bool:
    """Unless an order has taken it at this moment: the two exclude each other."""
    try:
        instances.start_work(unit.instance, OperationKind.DECOMMISSION, facts={NOBODYS: unit.last_for})
    except DomainError as error:
        logger.info("The unit %s is not deleted: %s", unit.instance.client_name, error)
        return False
    return True


def _make(pool: Pool, key: str) -> Unit:
    """An ordinary instance of the house, with an owner that nobody knows. Raises NoRoom."""
    plan = pool.plan
    name = "".join(secrets.choice(client_names.SUFFIX_ALPHABET) for _ in range(NAME_LENGTH))
    tenant = instances.customer(partners.house(), f"nobody@{NOBODYS_ADDRESS}", COMPANY, pool.language)
    instance = Instance(
        tenant=tenant,
        plan=plan,
        workspace=workspaces.with_room(plan, left_free=LEFT_TO_ORDERS),
        client_name=f"warm-{name}",
        public_id=Instance.new_public_id(f"warm-{name}"),
        admin_email=f"{name}@{NOBODYS_ADDRESS}",
        database_name=f"odoo_{name}",
        language=pool.language,
        country=pool.country,
        time_zone=instances.TIMEZONES[pool.language],
        price_per_month=0,
        estimated_cost=counting.IDLE_COST,
        currency="USD",
    )
    instance.save(force_insert=True)
    unit = Unit.objects.create(instance=instance, pool=pool, key=key)
    instances.start_work(
        instance,
        OperationKind.PREPARE,
        facts=seeds.begin_with(instance, renews=True),
        sealed={"admin_password": instances.generated_password()},
    )
    return unit


def _change(pool: Pool, **values: object) -> None:
    before = {name: getattr(pool, name) for name in values}
    with transaction.atomic():
        Pool.objects.filter(pk=pool.pk).update(**values)
        for name, value in values.items():
            setattr(pool, name, value)
        AuditEntry.write("pool:changed", None, subject=str(pool), before=_plain(before), after=_plain(values))


def _plain(values: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if name != "resumed_at"}
