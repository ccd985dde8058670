"""Taking a unit for an order and giving it back: each one conditional write, so that of many only one succeeds."""

from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from provisioning.models import Agent, Resource
from tenants.errors import WrongState
from tenants.lifecycle import InstanceState
from tenants.models import AuditEntry, Instance, Plan, Unit
from tenants.models.pool import UnitQuerySet
from tenants.pool.keys import key_of

# Odoo's images are a few weeks apart, and its sessions end after seven days
LONGEST_AGE = timedelta(days=7)
# from then on its successor is made
REPLACED_AFTER = timedelta(days=6)
CANDIDATES = 3


def fitting(key: str) -> UnitQuerySet:
    """What may be handed out now under this key, the oldest first."""
    young = timezone.now() - LONGEST_AGE
    return Unit.objects.filter(key=key, instance__state=InstanceState.WARM, warm_at__gt=young).order_by("warm_at")


def is_fit(unit: Unit) -> bool:
    """Whether one that was taken may still be handed over: young enough, and what is sold today is made like it."""
    mine = key_of(unit.pool.plan, unit.pool.language, unit.pool.country)
    return unit.key == mine and unit.warm_at is not None and unit.warm_at > timezone.now() - LONGEST_AGE


def take(plan: Plan, language: str, country: str) -> Unit | None:
    """A warm unit that is the caller's from now on; None when there is none: then the instance is made as usual.

    Inside the order's own transaction: what is rolled back was not taken. A unit that another order, or its
    retirement, holds at this moment is passed over.
    """
    if not Unit.objects.filter(pool__plan=plan, instance__state=InstanceState.WARM).exists():
        return None
    rows = fitting(key_of(plan, language, country)).filter(instance__workspace__in=plan.workspace_names())
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True, of=("self",))
    tried: list[int] = []
    for _candidate in range(CANDIDATES):
        unit = rows.exclude(pk__in=tried).select_related("instance", "pool").first()
        if unit is None:
            return None
        try:
            unit.instance.transition_to(InstanceState.TAKEN)
        except WrongState:
            tried.append(unit.pk)
        else:
            return unit
    return None


def hand(unit: Unit, instance: Instance) -> None:
    """What the unit owns at Railway, and the agent beside its Odoo, are the customer's; in the order's transaction."""
    _move(unit.instance, instance)
    unit.handed_to, unit.last_for, unit.taken_at = instance, instance.public_id, timezone.now()
    unit.save(update_fields=["handed_to", "last_for", "taken_at"])
    AuditEntry.write("handed_over", instance.pk, after={"unit": unit.instance.client_name})


def give_back(unit: Unit, instance: Instance, reason: str) -> None:
    """It was not handed over, for this reason ("": it has become too old): all that it owns is its own again. Nobody
    else gets it.
    """
    with transaction.atomic():
        _move(instance, unit.instance)
        unit.handed_to, unit.broken_by, unit.broken_at = None, reason, timezone.now() if reason else None
        unit.save(update_fields=["handed_to", "broken_by", "broken_at"])
        unit.instance.transition_to(InstanceState.FAILED)


def _move(former: Instance, owner: Instance) -> None:
    Resource.objects.filter(instance=former).update(instance=owner)
    Agent.objects.filter(instance=former).update(instance=owner)
