"""Use case: compare the ledger with Railway, report every difference, and put right what is proven ours."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from provisioning.errors import ProvisioningError
from provisioning.gate import clients
from provisioning.gate.workspaces import configured
from provisioning.ledger.entries import Ledger, NotOurs
from provisioning.models import Operation, Resource
from provisioning.railway.results import Project
from provisioning.reconciliation import repairs
from provisioning.reconciliation.comparison import Comparison, compare
from provisioning.reconciliation.differences import Act, Difference, Kind
from provisioning.reconciliation.owned import Expected, Owned
from provisioning.reconciliation.projects import PROJECT
from provisioning.spec import TEST, InstanceSpec
from provisioning.states import MAKING, OperationKind, OperationState, ResourceState
from tenants.audit import acting
from tenants.lifecycle import InstanceState
from tenants.models import AuditEntry, Instance, Plan, Reconciliation

logger = logging.getLogger(__name__)

DAY = timedelta(days=1)
KEPT = timedelta(days=90)
EXPECTED = {
    InstanceState.READY: Expected.RUNNING,
    InstanceState.SUSPENDED: Expected.STOPPED,
    InstanceState.DECOMMISSIONED: Expected.GONE,
    InstanceState.WARM: Expected.RUNNING,
}


@dataclass(frozen=True)
class Rules:
    """Nothing younger than ``older_than`` is touched; more than ``most`` or ``percent`` of our projects is refused."""

    older_than: timedelta
    most: int
    percent: float

    def limit(self, ours: int) -> int:
        """How many acts are allowed in a workspace with so many projects of ours; one always is."""
        return min(self.most, max(1, int(ours * self.percent / 100)))


def rules_of_the_settings() -> Rules:
    return Rules(
        timedelta(hours=settings.RECONCILE_OLDER_THAN_HOURS), settings.RECONCILE_MAX, settings.RECONCILE_MAX_PERCENT
    )


def workspaces() -> list[str]:
    """Every workspace that has, had or could have something of ours; not that of test mode."""
    used = {
        *Resource.objects.values_list("workspace", flat=True).distinct(),
        *(name for plan in Plan.objects.all() for name in plan.workspace_names()),
    }
    return sorted((used | set(configured())) - {TEST})


def reconcile(
    *,
    actor: str,
    rules: Rules,
    names: Sequence[str] = (),
    apply: bool = False,
    confirm: Callable[[Reconciliation], bool] = lambda run: True,
) -> Reconciliation:
    """Compare the named workspaces (all by default) and keep the result as a row.

    With ``apply`` what may be done is done, unless it is more than ``rules`` allow (then nothing is, and ``refusal``
    says why) or ``confirm``, which sees the differences first, says no. A workspace that cannot be read stands in
    ``errors`` and the others are compared all the same.
    """
    run = Reconciliation(actor=actor, started_at=timezone.now())
    comparisons = _compare(names or workspaces(), rules, run)
    found = [each for comparison in comparisons for each in comparison.differences]
    run.listed = sum(each.listed for each in comparisons)
    run.ours = sum(each.ours for each in comparisons)
    run.differences = [each.as_json() for each in found]
    planned = [each for each in found if each.can_be_acted_on]
    if apply and planned:
        run.refusal = _refusal(comparisons, rules)
        if not run.refusal and confirm(run):
            run.applied = True
            run.acts = [{**each.as_json(), "outcome": _carry_out(each, actor)} for each in planned]
    run.ended_at = timezone.now()
    run.save()
    if found:
        logger.warning("Reconciliation found %d differences, acted on %d", len(found), len(run.acts))
    return run


def reconcile_daily() -> Reconciliation | None:
    """The periodic comparison, once a day; one that could not read everything is repeated by the next call."""
    now = timezone.now()
    Reconciliation.objects.filter(started_at__lt=now - KEPT).delete()
    done = Reconciliation.objects.filter(started_at__gt=now - DAY, errors={}).exists()
    if done or not Resource.objects.exists():
        return None
    return reconcile(actor="reconcile", rules=rules_of_the_settings(), apply=settings.RECONCILE_APPLY)


def owned_in(workspace: str) -> list[Owned]:
    """Every instance that ever had something in this workspace, or whose plan puts it there."""
    rows: dict[int, list[Resource]] = defaultdict(list)
    for row in Resource.objects.filter(~Q(state=ResourceState.GONE) | Q(kind=PROJECT), workspace=workspace):
        rows[row.instance_id].append(row)
    known = Instance.objects.filter(Q(pk__in=rows) | Q(resources=None, workspace=workspace))
    specs = _specs(workspace)
    return [_owned(each, specs.get(each.pk), rows[each.pk]) for each in known.distinct()]


def _specs(workspace: str) -> dict[int, InstanceSpec]:
    """What each living instance was created with, or what its last change of plan has made of it."""
    changed = Q(kind=OperationKind.CHANGE_PLAN, state=OperationState.SUCCEEDED)
    made = Q(kind__in=MAKING) | Q(kind=OperationKind.PREPARE) | changed
    creations = Operation.objects.filter(made, instance__in=Instance.objects.live())
    return {
        pk: InstanceSpec.from_json(spec)
        for pk, spec in creations.order_by("pk").values_list("instance_id", "spec")
        if spec.get("workspace") == workspace
    }


def _owned(instance: Instance, spec: InstanceSpec | None, rows: Iterable[Resource]) -> Owned:
    return Owned(
        pk=instance.pk,
        public_id=instance.public_id,
        client_name=instance.client_name,
        expected=_expected(instance),
        spec=spec,
        resources=tuple(rows),
        cost=instance.estimated_cost,
        currency=instance.currency,
    )


def _expected(instance: Instance) -> Expected:
    return EXPECTED.get(InstanceState(instance.state), Expected.OPEN)


def _compare(names: Iterable[str], rules: Rules, run: Reconciliation) -> list[Comparison]:
    found = []
    for name in names:
        try:
            found.append(compare(name, partial(owned_in, name), older_than=rules.older_than))
        except ProvisioningError as error:
            run.errors[name] = f"{error.code}: {error.message}"
            logger.warning("Workspace %s could not be compared: %s", name, error.message)
    return found


def _refusal(comparisons: Iterable[Comparison], rules: Rules) -> str:
    """A sentence when a workspace would see more acts, or lacks more projects, than is believable; "" otherwise."""
    for each in comparisons:
        limit = rules.limit(each.ours)
        planned = sum(difference.can_be_acted_on for difference in each.differences)
        missing = sum(
            difference.kind == Kind.VANISHED and difference.thing == PROJECT for difference in each.differences
        )
        if max(planned, missing) > limit:
            return _(
                "Nothing was changed: in the workspace %(workspace)s %(planned)d changes would be made and %(missing)d "
                "projects are missing, but at most %(limit)d are believable at once. Look first, then allow more."
            ) % {"workspace": each.workspace, "planned": planned, "missing": missing, "limit": limit}
    return ""


def _carry_out(difference: Difference, actor: str) -> str:
    """Do it if it is still true; "done", or why not."""
    try:
        project = _listed_now(difference)
        if not _claim(difference, actor):
            return "changed meanwhile"
        return _act(difference, project)
    except NotOurs:
        return "not ours"
    except ProvisioningError as error:
        logger.warning("Could not %s %s: %s", difference.act, difference.thing, error.message)
        return error.code


def _claim(difference: Difference, actor: str) -> bool:
    """Whether the instance is as it was compared and nobody works on it; then the act stands in the audit trail."""
    with transaction.atomic(), acting(actor, str(Kind(difference.kind).label)):
        instance = Instance.objects.locked().get(pk=difference.instance_pk or 0)
        if _expected(instance) != difference.expected or instance.active_operation() is not None:
            return False
        AuditEntry.write(
            f"reconcile:{difference.act}",
            instance.pk,
            after={"thing": difference.thing, "external_id": difference.external_id},
        )
        return True


def _listed_now(difference: Difference) -> Project | None:
    """The project as Railway lists it at this moment: somebody may have taken minutes to confirm."""
    if difference.subject[0] != PROJECT:
        return None
    listing = clients.railway(difference.workspace).list_projects(clients.workspace_id(difference.workspace))
    return next((each for each in listing if each.id == difference.external_id), None)


def _act(difference: Difference, project: Project | None) -> str:
    ledger = Ledger(difference.instance_pk or 0, difference.workspace)
    kind, name = difference.subject
    match difference.act:
        case Act.CLOSE if project is None:
            repairs.close(ledger, difference.external_id)
        case Act.STOP:
            repairs.stop_deployment(ledger, name, difference.external_id)
        case Act.ADOPT if kind != PROJECT:
            repairs.adopt_deployment(ledger, name, difference.external_id)
        case Act.ADOPT if project is not None and _is_still(project, difference):
            repairs.adopt_project(ledger, project)
        case Act.DELETE if project is not None and _is_still(project, difference):
            repairs.delete_project(ledger, project)
        case _:
            return "changed meanwhile"
    return "done"


def _is_still(project: Project, difference: Difference) -> bool:
    """Name and description are still exactly ours."""
    return (
        project.name == difference.subject[1]
        and project.description.strip() == f"eazynova-instance={difference.instance_id}"
    )
