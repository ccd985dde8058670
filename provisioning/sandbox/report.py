"""The sandbox's state as tests and people read it, without secrets and kept small."""

from collections import Counter
from typing import Any

from provisioning.sandbox.records import Deployment, Project, Service
from provisioning.sandbox.workspace import Workspace


def report(workspace: Workspace, wanted: str = "") -> dict[str, Any]:
    """All projects, or those with this id or name; deleted ones too."""
    store = workspace.store
    projects = [row for row in store.projects.values() if not wanted or wanted in (row.id, row.name)]
    return {
        "now": workspace.clock.now(),
        "requests": dict(workspace.requests),
        "projects": [_project(workspace, project) for project in projects],
        "rules": len(store.rules),
        "faults": [fault.as_dict() for fault in workspace.faults.all()],
    }


def _project(workspace: Workspace, project: Project) -> dict[str, Any]:
    store = workspace.store
    volumes = store.volumes_of(project.id)
    return {
        "id": project.id,
        "name": project.name,
        "description": project.description,
        "environmentId": project.environment_id,
        "deleted": project.deleted_at is not None,
        "deletionAt": project.deletion_at,
        "services": [_service(workspace, service) for service in store.every_service_of(project.id)],
        "volumes": [
            {
                "id": volume.id,
                "instanceId": volume.instance_id,
                "serviceId": volume.service_id,
                "mountPath": volume.mount_path,
                "schedules": [schedule["kind"] for schedule in volume.schedules],
                "backups": len(volume.backups),
            }
            for volume in volumes
        ],
    }


def _service(workspace: Workspace, service: Service) -> dict[str, Any]:
    store = workspace.store
    deployments = store.deployments_of(service.id)
    return {
        "id": service.id,
        "name": service.name,
        "deleted": service.deleted_at is not None,
        "image": service.image,
        "repo": service.repo,
        "autoDeploy": service.auto_deploy,
        "settings": service.settings,
        "limits": service.limits,
        "domains": [
            {
                "id": row.id,
                "label": row.label,
                "address": workspace.references.where(row),
            }
            for row in store.domains_of(service.id)
        ],
        "deploymentCount": len(deployments),
        "deploymentsByStatus": dict(Counter(row.status for row in deployments)),
        "deployments": [_deployment(row) for row in deployments],
    }


def _deployment(deployment: Deployment) -> dict[str, Any]:
    return {
        "id": deployment.id,
        "status": deployment.status,
        "createdAt": deployment.created_at,
        "statusAt": deployment.status_at,
        "problem": deployment.problem,
    }
