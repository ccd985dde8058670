"""What may be done about a difference. Each act writes into the ledger first and may be repeated after any failure."""

from django.db import transaction
from django.utils import timezone

from provisioning.gate import clients
from provisioning.ledger.entries import Ledger, NotOurs
from provisioning.models import Resource
from provisioning.railway.results import Project, ServiceState
from provisioning.reconciliation.owned import DELETING, LEAK
from provisioning.steps.desired_state import ODOO


def adopt_project(ledger: Ledger, project: Project) -> None:
    """Write a project of ours, whose creation was never recorded, into the ledger."""
    with transaction.atomic():
        ledger.take("project", "project", project.id)
        ledger.adopt("environment", "production", project.environment_id)


def adopt_deployment(ledger: Ledger, service: str, deployment_id: str) -> Resource:
    """Let the ledger name the deployment that Railway really runs for the service; the one before is over."""
    return ledger.succeed("deployment", service, deployment_id)


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
        return ledger.take("project", name, project_id)


def _running(services: tuple[ServiceState, ...]) -> list[str]:
    """Odoo's deployments first, so that nothing is cut off while it writes."""
    ordered = sorted(services, key=lambda service: service.name != ODOO)
    return [each.id for service in ordered for each in service.running]
