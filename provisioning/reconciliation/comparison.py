"""The comparison of one workspace: Railway is read first, then our rows, then Railway's inside; nothing is changed."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone

from provisioning.costs.prices import CURRENCY
from provisioning.errors import ProvisioningError
from provisioning.gate import clients
from provisioning.models import Operation
from provisioning.railway.client import RailwayClient
from provisioning.railway.errors import RailwayError
from provisioning.railway.results import EnvironmentRef, Project, Stack
from provisioning.reconciliation import cost
from provisioning.reconciliation.differences import Difference, Kind
from provisioning.reconciliation.drift import compare_details, compare_settings
from provisioning.reconciliation.owned import Expected, Owned
from provisioning.reconciliation.projects import PROJECT, ProjectComparison
from provisioning.reconciliation.reality import compare_stack
from provisioning.states import OperationState
from provisioning.steps.desired_state import ODOO, POSTGRES

LEAKS = frozenset({Kind.LEAK_ENDED, Kind.LEAK_DOUBLE, Kind.LEAK_UNKNOWN})
SETTLED = frozenset({Expected.RUNNING, Expected.STOPPED})


@dataclass(frozen=True)
class Comparison:
    """``listed`` counts all projects of the workspace, ``ours`` those with our marker or in our ledger."""

    workspace: str
    listing: Mapping[str, Project]
    ours: int
    differences: tuple[Difference, ...]

    @property
    def listed(self) -> int:
        return len(self.listing)


def compare(workspace: str, read_owned: Callable[[], Sequence[Owned]], *, older_than: timedelta) -> Comparison:
    """Every difference between the workspace and ``read_owned()``, whose instances all belong to it.

    Instances on which an operation works, or worked meanwhile, are left out. Raises RailwayError or UnknownWorkspace.
    """
    started = timezone.now()
    railway = clients.railway(workspace)
    listing = railway.list_projects(clients.workspace_id(workspace))
    owned = read_owned()
    oldest = started - older_than
    projects = ProjectComparison(workspace, listing, owned, oldest)
    found = [*projects.differences(), *_inside(railway, workspace, owned, listing, oldest)]
    quiet = _without_the_busy(found, started)
    return Comparison(
        workspace=workspace,
        listing={project.id: project for project in listing},
        ours=projects.ours,
        differences=tuple(_priced(railway, workspace, quiet, owned, listing)),
    )


def _inside(
    railway: RailwayClient, workspace: str, owned: Sequence[Owned], listing: Sequence[Project], oldest: datetime
) -> Iterator[Difference]:
    environments = {project.id: project.environment_id for project in listing}
    places: dict[EnvironmentRef, Owned] = {}
    for each in owned:
        row = each.row(PROJECT, PROJECT)
        if each.expected is not Expected.GONE and row is not None and row.external_id in environments:
            places[EnvironmentRef(row.external_id, environments[row.external_id])] = each
    stacks: dict[EnvironmentRef, Stack] = {}
    for place, told in railway.stacks(list(places)).items():
        if isinstance(told, RailwayError):
            yield _unreadable(places[place], workspace, PROJECT, told)
        else:
            stacks[place] = told
            yield from compare_stack(places[place], told, workspace, oldest=oldest)
    yield from _drift(railway, workspace, {place: (places[place], stack) for place, stack in stacks.items()})


def _drift(
    railway: RailwayClient, workspace: str, stacks: Mapping[EnvironmentRef, tuple[Owned, Stack]]
) -> Iterator[Difference]:
    services: dict[str, tuple[Owned, str]] = {}
    places: dict[str, EnvironmentRef] = {}
    for place, (owner, stack) in stacks.items():
        if owner.expected not in SETTLED:
            continue
        for name in (POSTGRES, ODOO):
            row = owner.row("service", name)
            service = next((each for each in stack.services if row and each.id == row.external_id), None)
            if service is not None:
                yield from compare_settings(owner, name, service, workspace)
                services[service.id], places[service.id] = (owner, name), place
    for service_id, told in railway.service_details(places).items():
        owner, name = services[service_id]
        if isinstance(told, RailwayError):
            yield _unreadable(owner, workspace, f"service {name}", told)
        else:
            yield from compare_details(owner, name, service_id, told, workspace)


def _unreadable(owner: Owned, workspace: str, thing: str, error: ProvisioningError) -> Difference:
    return owner.differs(Kind.UNREADABLE, workspace, thing, detail=error.code)


def _without_the_busy(found: Iterable[Difference], started: datetime) -> list[Difference]:
    found = list(found)
    busy = set(
        Operation.objects.filter(
            Q(state=OperationState.ACTIVE) | Q(ended_at__gte=started),
            instance_id__in={each.instance_pk for each in found if each.instance_pk},
        ).values_list("instance_id", flat=True)
    )
    return [each for each in found if each.instance_pk not in busy]


def _priced(
    railway: RailwayClient,
    workspace: str,
    found: Sequence[Difference],
    owned: Sequence[Owned],
    listing: Sequence[Project],
) -> list[Difference]:
    """Leaks with what they cost: as measured by Railway, else as estimated for the plan."""
    if not any(each.kind in LEAKS for each in found):
        return list(found)
    now = timezone.now()
    used = railway.usage(clients.workspace_id(workspace), now - cost.MONTH, now)
    measured = cost.monthly(used, listing, now)
    by_pk = {each.pk: each for each in owned}
    return [_with_cost(each, measured, by_pk) if each.kind in LEAKS else each for each in found]


def _with_cost(difference: Difference, measured: Mapping[str, Decimal], by_pk: Mapping[int, Owned]) -> Difference:
    amount = measured.get(difference.external_id)
    if amount is not None:
        return difference.costing(amount, CURRENCY)
    owner = by_pk.get(difference.instance_pk or 0)
    return difference.costing(owner.cost, owner.currency) if owner else difference
