"""What may be done about a difference. Each act writes into the ledger first and may be repeated after any failure."""

from django.db import transaction
from django.utils import timezone

from provisioning.gate import clients
from provisioning.ledger.entries import Ledger
from provisioning.models import Resource
from provisioning.railway.results import Project, ServiceState
from provisioning.reconciliation.owned import DELETING, LEAK
from provisioning.states import ResourceState
from provisioning.steps.deployments import STOPPED
from provisioning.steps.desired_state import ODOO


class NotOurs(Exception):
    """The ledger says that this thing is another instance's, or the one that the instance lives in."""


def adopt_project(ledger: Ledger, project: Project) -> None:
    """Write a project of ours, whose creation was never recorded, into the ledger."""
    with transaction.atomic():
        _take(ledger, "project", "project", project.id)
        ledger.adopt("environment", "production", project.environment_id)


def adopt_deployment(ledger: Ledger, service: str, deployment_id: str) -> Resource:
    """Let the ledger name the deployment that Railway really runs for the service; the one before is over."""
    with transaction.atomic():
        before = ledger.get("deployment", service)
        if before is not None and before.external_id != deployment_id:
            ledger.gone(before)
        return _take(ledger, "deployment", service, deployment_id)


def stop_deployment(ledger: Ledger, service: str, deployment_id: str) -> None:
    """Stop what runs in a suspended instance; the data stays. Raises RailwayError."""
    row = adopt_deployment(ledger, service, deployment_id)
    clients.railway(ledger.workspace).remove_deployments([deployment_id])
    ledger.gone(row)


def delete_project(ledger: Ledger, project: Project) -> None:
    """Stop what runs in a leaked project and let Railway delete it after its 48 hours. Raises RailwayError or NotOurs.

    The row stays in the ledger until a later comparison finds the project gone.
    """
    row = _leak(ledger, project.id)
    railway = clients.railway(ledger.workspace)
    if project.environment_id:
        stack = railway.stack(project.id, project.environment_id)
        railway.remove_deployments(_running(stack.services))
    railway.schedule_project_deletion(project.id)
    row.status, row.attempted_at = DELETING, timezone.now()
    row.save(update_fields=["status", "attempted_at"])


def close(ledger: Ledger, external_id: str = "") -> None:
    """The thing, or everything that the ledger of the instance still lists, is proven gone."""
    rows = Resource.objects.filter(instance_id=ledger.instance_id, gone_at=None)
    with transaction.atomic():
        for row in rows.filter(external_id=external_id) if external_id else rows:
            ledger.gone(row)


def _leak(ledger: Ledger, project_id: str) -> Resource:
    """Its row under a name of its own: never the project in which the instance lives."""
    known = ledger.get("project", "project")
    if known is not None and known.external_id == project_id:
        raise NotOurs(f"The instance lives in the project {project_id}.")
    with transaction.atomic():
        name = f"{LEAK}{project_id[:8]}"
        Resource.objects.filter(instance_id=ledger.instance_id, kind="project", external_id=project_id).update(
            name=name
        )
        return _take(ledger, "project", name, project_id)


def _take(ledger: Ledger, kind: str, name: str, external_id: str) -> Resource:
    """The living row of this thing: its own one, opened again if it was closed, or a new one. Raises NotOurs."""
    row = Resource.objects.filter(kind=kind, external_id=external_id).first()
    if row is None:
        row = ledger.get(kind, name) or Resource(
            instance_id=ledger.instance_id, kind=kind, name=name, workspace=ledger.workspace
        )
    if row.instance_id != ledger.instance_id or row.external_id not in ("", external_id):
        raise NotOurs(f"The {kind} {external_id} stands in another ledger.")
    row.external_id, row.state, row.gone_at = external_id, ResourceState.PRESENT, None
    row.save()
    return row


def _running(services: tuple[ServiceState, ...]) -> list[str]:
    """Odoo's deployment first, so that nothing is cut off while it writes."""
    ordered = sorted(services, key=lambda service: service.name != ODOO)
    latest = [service.latest_deployment for service in ordered]
    return [each.id for each in latest if each is not None and not each.stopped and each.status not in STOPPED]
