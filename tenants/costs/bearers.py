"""For whom a project ran on a day: the state in which its instance began it, or nobody's."""

from collections.abc import Collection, Iterator
from datetime import date

from provisioning.costs.reading import Bearing, begins
from provisioning.models import Bearer, Resource
from provisioning.reconciliation.differences import Kind
from tenants.lifecycle import InstanceState
from tenants.models import AuditEntry, Instance, Reconciliation, Unit

PROJECT = "project"
AT_ONCE = 5000
LEAKS = frozenset({Kind.LEAK_ENDED, Kind.LEAK_DOUBLE, Kind.LEAK_UNKNOWN})
BEARERS = {
    InstanceState.SUSPENDED: Bearer.SUSPENDED,
    InstanceState.DECOMMISSIONED: Bearer.LEAKED,
    InstanceState.WARM: Bearer.POOL,
}


def bearings(workspace: str, day: date, projects: Collection[str]) -> dict[str, Bearing]:
    """By project id; one that the ledger never had, and that bears no mark of ours, is left out."""
    owners = dict(_owners(list(projects)))
    states = _states_at_the_beginning(day, set(owners.values()))
    # that no customer has yet, or that are kept to be looked at
    units = set(Unit.objects.filter(pk__in=set(owners.values())).values_list("pk", flat=True))
    found = {
        project: Bearing(
            BEARERS.get(InstanceState(states[owner]), Bearer.POOL if owner in units else Bearer.CUSTOMER), owner
        )
        for project, owner in owners.items()
    }
    marked = _marked() if len(found) < len(projects) else {}
    return {
        each: Bearing(Bearer.LEAKED, marked[each]) for each in projects if each in marked and each not in found
    } | found


def _owners(projects: list[str]) -> Iterator[tuple[str, int]]:
    for start in range(0, len(projects), AT_ONCE):
        some = projects[start : start + AT_ONCE]
        rows = Resource.objects.filter(kind=PROJECT, external_id__in=some)
        yield from rows.values_list("external_id", "instance_id")


def _states_at_the_beginning(day: date, instances: set[int]) -> dict[int, str]:
    """What the first change since then changed it from; without one, what it is now."""
    pks = list(instances)
    states: dict[int, str] = {}
    for start in range(0, len(pks), AT_ONCE):
        rows = Instance.objects.filter(pk__in=pks[start : start + AT_ONCE])
        states |= dict(rows.values_list("pk", "state"))
    later = AuditEntry.objects.filter(act="state", at__gte=begins(day)).order_by("-pk")
    for pk, before in later.values_list("instance_id", "before"):
        if pk in states:
            states[pk] = before.get("state", states[pk])
    return states


def _marked() -> dict[str, int | None]:
    """Projects with our marker that the last comparison with Railway found, and of which instance."""
    last = Reconciliation.objects.order_by("-pk").first()
    leaks = {
        each["externalId"]: each["instanceId"]
        for each in (last.differences if last else ())
        if each["kind"] in LEAKS and each.get("externalId")
    }
    known = dict(Instance.objects.filter(public_id__in=set(leaks.values())).values_list("public_id", "pk"))
    return {project: known.get(public_id) for project, public_id in leaks.items()}
