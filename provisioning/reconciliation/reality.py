"""The inside of a project: what the ledger lists there, and whether it runs as the instance's state says."""

from collections.abc import Iterator
from datetime import datetime

from provisioning.railway.results import LatestDeployment, ServiceState, Stack
from provisioning.reconciliation.differences import Act, Difference, Hold, Kind
from provisioning.reconciliation.owned import Expected, Owned
from provisioning.steps.deployments import RUNNING
from provisioning.steps.desired_state import ODOO, POSTGRES


def compare_stack(owner: Owned, stack: Stack, workspace: str, *, oldest: datetime) -> Iterator[Difference]:
    """What is missing from the project, and what runs or stands still there against the instance's state.

    Nothing is to be done about a deployment that was made after ``oldest``.
    """
    present = {
        "service": {service.id for service in stack.services},
        "volume": {volume.id for volume in stack.volumes if not volume.pending_deletion},
        "domain": {domain.id for service in stack.services for domain in service.domains},
    }
    for kind, ids in present.items():
        for row in owner.living(kind):
            if row.external_id and row.external_id not in ids:
                yield owner.differs(Kind.VANISHED, workspace, f"{kind} {row.name}", external_id=row.external_id)
    for name in (POSTGRES, ODOO):
        known = owner.row("service", name)
        service = next((each for each in stack.services if known and each.id == known.external_id), None)
        if service is not None:
            yield from _compare_deployment(owner, name, service, workspace, oldest)


def _compare_deployment(
    owner: Owned, name: str, service: ServiceState, workspace: str, oldest: datetime
) -> Iterator[Difference]:
    latest, known = service.latest_deployment, owner.row("deployment", name)
    thing = f"deployment {name}"
    if owner.expected is Expected.STOPPED:
        for each in service.running:
            yield owner.differs(
                Kind.STILL_RUNNING,
                workspace,
                thing,
                external_id=each.id,
                detail=str(each.status),
                act=Act.STOP,
                hold=_hold(each, oldest),
            )
    if owner.expected is not Expected.RUNNING:
        return
    serving = next((each for each in service.running if each.status in RUNNING), None)
    if latest is None:
        yield owner.differs(Kind.VANISHED, workspace, thing, external_id=known.external_id if known else "")
    elif serving is None:
        yield owner.differs(Kind.NOT_RUNNING, workspace, thing, external_id=latest.id, detail=str(latest.status))
    elif known is None or known.external_id != serving.id:
        yield owner.differs(
            Kind.OTHER_DEPLOYMENT,
            workspace,
            thing,
            external_id=serving.id,
            act=Act.ADOPT,
            hold=_hold(serving, oldest),
        )


def _hold(deployment: LatestDeployment, oldest: datetime) -> Hold | None:
    settled = deployment.created_at is not None and deployment.created_at <= oldest
    return None if settled else Hold.YOUNG
