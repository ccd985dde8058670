"""In which Railway workspace a new instance will live: chosen once, from its plan's wish and the room there is."""

import logging

from provisioning.gate.workspaces import configured, test_mode
from provisioning.models import Slot
from tenants.errors import NoRoom
from tenants.models import Instance, Plan

logger = logging.getLogger(__name__)


def with_room(plan: Plan, *, moving: Instance | None = None, left_free: int = 0, test: bool = False) -> str:
    """The first of the plan's workspaces that has room for one more project, and ``left_free`` after it. Raises NoRoom.

    An order in ``test`` mode has one workspace whatever its plan says, and no other order has that one.
    An instance that is ``moving`` takes no second place, and stays where it is when there is room nowhere. Inside the
    transaction that writes the instance: until it ends, others that want the same room wait.
    """
    known = test_mode() if test else configured()
    for name in known if test else plan.workspace_names():
        if name not in known:
            logger.error("The plan %s names the Railway workspace %s, which is not configured", plan.code, name)
        elif not known[name].capacity or _is_free(name, known[name].capacity - left_free, moving):
            return name
    if moving is not None:
        return moving.workspace
    if not left_free:
        logger.error("No Railway workspace of the plan %s has room for one more instance", plan.code)
    raise NoRoom


def _is_free(name: str, capacity: int, moving: Instance | None) -> bool:
    Slot.objects.get_or_create(key=f"room:{name}")
    Slot.objects.select_for_update().get(key=f"room:{name}")
    there = Instance.objects.live().filter(workspace=name)
    if moving is not None:
        there = there.exclude(pk=moving.pk)
    return there.count() < capacity
