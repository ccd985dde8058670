"""The workspace's rows as GraphQL objects: plain dicts with Railway's field names."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from provisioning.sandbox.clock import timestamp
from provisioning.sandbox.containers import ODOO_MOUNT, UNFINISHED
from provisioning.sandbox.errors import Refusal
from provisioning.sandbox.records import Deployment, Domain, Project, Rule, Service, Volume
from provisioning.sandbox.workspace import Workspace
from provisioning.sandbox.zones import SUFFIX

Node = dict[str, Any]
Row = TypeVar("Row", Project, Service, Volume, Deployment)
Visible = TypeVar("Visible", Service, Volume)
REGION = "europe-west4-drams3a"
VOLUME_SIZE_MB = 50_000
SMALLEST_VOLUME_MB, ODOO_VOLUME_MB = 1_050.0, 1_300.0
CONTAINER_STATUS = {"SUCCESS": "RUNNING", "CRASHED": "CRASHED", "DEPLOYING": "INITIALIZING", "REMOVING": "REMOVING"}


def connection(
    rows: Sequence[Row],
    node: Callable[[Row], Node],
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Node:
    """A page of rows; a row's id is its cursor."""
    ids = [row.id for row in rows] if after or before else []
    if (after and after not in ids) or (before and before not in ids):
        raise Refusal("Invalid cursor", "BAD_USER_INPUT")
    start = ids.index(after) + 1 if after else 0
    end = ids.index(before) if before else len(rows)
    if first is not None:
        end = min(end, start + first)
    elif last is not None:
        start = max(start, end - last)
    nodes = [node(row) for row in rows[start:end]]
    edges = [{"cursor": found["id"], "node": found} for found in nodes]
    return {
        "edges": edges,
        "pageInfo": {
            "hasNextPage": end < len(rows),
            "hasPreviousPage": start > 0,
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
        },
    }


class Views:
    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._store = workspace.store

    def project(self, project: Project) -> Node:
        created = timestamp(project.created_at)
        return {
            "id": project.id,
            "name": project.name,
            "description": project.description,
            "workspaceId": self._workspace.options.workspace_id,
            "primaryEnvironmentId": project.environment_id,
            "isPublic": False,
            "prDeploys": False,
            "createdAt": created,
            "updatedAt": created,
            # set as soon as the deletion is scheduled: github.com/railwayapp/cli/issues/632
            "deletedAt": _moment(project.deleted_at or project.deletion_at),
            "environments": lambda info, **page: connection([project], self.environment, first=page.get("first")),
            "services": lambda info, **page: connection(self._store.services_of(project.id), self.service, **page),
            "volumes": lambda info, **page: connection(self._store.volumes_of(project.id), self.volume, **page),
        }

    def environment(self, project: Project) -> Node:
        created = timestamp(project.created_at)
        return {
            "id": project.environment_id,
            "name": project.environment_name,
            "projectId": project.id,
            "isEphemeral": False,
            "unmergedChangesCount": 0,
            "createdAt": created,
            "updatedAt": created,
            "deletedAt": _moment(project.deleted_at),
            "serviceInstances": lambda info, **page: connection(
                self._visible(self._store.services_of(project.id)), self.service_instance, **page
            ),
            "volumeInstances": lambda info, **page: connection(
                self._visible(self._store.volumes_of(project.id)), self.volume_instance, **page
            ),
        }

    def service(self, service: Service) -> Node:
        created = timestamp(service.created_at)
        return {
            "id": service.id,
            "name": service.name,
            "projectId": service.project_id,
            "createdAt": created,
            "updatedAt": created,
            "deletedAt": _moment(service.deleted_at),
        }

    def service_instance(self, service: Service) -> Node:
        settings, created = service.settings, timestamp(service.created_at)
        deployments = self._store.deployments_of(service.id)
        return {
            "id": service.instance_id,
            "serviceId": service.id,
            "serviceName": service.name,
            "environmentId": self._store.projects[service.project_id].environment_id,
            "source": {"image": service.image, "repo": service.repo} if service.image or service.repo else None,
            "startCommand": settings.get("start_command"),
            "buildCommand": settings.get("build_command"),
            "dockerfilePath": settings.get("dockerfile_path"),
            "rootDirectory": settings.get("root_directory"),
            "healthcheckPath": settings.get("healthcheck_path"),
            "healthcheckTimeout": settings.get("healthcheck_timeout"),
            "restartPolicyType": settings.get("restart_policy_type") or "ON_FAILURE",
            "restartPolicyMaxRetries": settings.get("restart_policy_max_retries") or 10,
            "drainingSeconds": settings.get("draining_seconds"),
            "overlapSeconds": settings.get("overlap_seconds"),
            "numReplicas": settings.get("num_replicas") or 1,
            "region": settings.get("region") or REGION,
            "sleepApplication": settings.get("sleep_application") or False,
            "createdAt": created,
            "updatedAt": created,
            "domains": lambda info: {
                "serviceDomains": [self.domain(domain) for domain in self._store.domains_of(service.id)],
                "customDomains": [],
            },
            "latestDeployment": lambda info: self.deployment(deployments[-1]) if deployments else None,
            "activeDeployments": lambda info: [self.deployment(row) for row in deployments if row.status == "SUCCESS"],
        }

    def domain(self, domain: Domain) -> Node:
        created = timestamp(domain.created_at)
        return {
            "id": domain.id,
            "domain": self._host(domain),
            "newDomainName": None if self._workspace.options.railway_names else f"{domain.label}.{SUFFIX}",
            "suffix": SUFFIX,
            "targetPort": domain.target_port,
            "syncStatus": "ACTIVE",
            "serviceId": domain.service_id,
            "environmentId": self._store.projects[domain.project_id].environment_id,
            "projectId": domain.project_id,
            "createdAt": created,
            "updatedAt": created,
        }

    def _host(self, domain: Domain) -> str:
        if self._workspace.options.railway_names:
            return f"{domain.label}.{SUFFIX}"
        return self._workspace.references.where(domain)

    def deployment(self, deployment: Deployment) -> Node:
        project = self._store.projects[deployment.project_id]
        address = self._workspace.references.public_domain(self._store.services[deployment.service_id])
        container = CONTAINER_STATUS.get(deployment.status, "CREATED" if deployment.status in UNFINISHED else "REMOVED")
        return {
            "id": deployment.id,
            "status": deployment.status,
            "statusUpdatedAt": timestamp(deployment.status_at),
            "createdAt": timestamp(deployment.created_at),
            "updatedAt": timestamp(deployment.status_at),
            "projectId": deployment.project_id,
            "environmentId": project.environment_id,
            "serviceId": deployment.service_id,
            "deploymentStopped": deployment.stopped,
            "canRedeploy": deployment.status not in UNFINISHED,
            "canRollback": False,
            "url": address or None,
            "staticUrl": address or None,
            "meta": {"image": deployment.image, "repo": deployment.repo, "branch": deployment.branch},
            "instances": [{"id": deployment.id, "status": container}],
        }

    def volume(self, volume: Volume) -> Node:
        return {
            "id": volume.id,
            "name": volume.name,
            "projectId": volume.project_id,
            "createdAt": timestamp(volume.created_at),
        }

    def volume_instance(self, volume: Volume) -> Node:
        return {
            "id": volume.instance_id,
            "volumeId": volume.id,
            "serviceId": volume.service_id,
            "environmentId": self._store.projects[volume.project_id].environment_id,
            "mountPath": volume.mount_path,
            "region": REGION,
            "state": "READY",
            "sizeMB": VOLUME_SIZE_MB,
            "currentSizeMB": ODOO_VOLUME_MB if volume.mount_path == ODOO_MOUNT else SMALLEST_VOLUME_MB,
            "isPendingDeletion": False,
            "createdAt": timestamp(volume.created_at),
        }

    def rule(self, rule: Rule) -> Node:
        created, updated = timestamp(rule.created_at), timestamp(rule.updated_at)
        return {
            "id": rule.id,
            "workspaceId": rule.workspace_id,
            "projectId": rule.project_id,
            "eventTypes": rule.event_types,
            "severities": rule.severities,
            "ephemeralEnvironments": rule.ephemeral,
            "createdAt": created,
            "updatedAt": updated,
            "channels": [
                # header values are secrets: Railway never shows them again
                {
                    "id": channel["id"],
                    "workspaceId": rule.workspace_id,
                    "createdAt": created,
                    "updatedAt": updated,
                    "config": {name: value for name, value in channel["config"].items() if name != "headers"},
                }
                for channel in rule.channels
            ],
        }

    def _visible(self, rows: list[Visible]) -> list[Visible]:
        now = self._workspace.clock.now()
        return [row for row in rows if row.visible_at <= now]


def _moment(moment: float | None) -> str | None:
    return None if moment is None else timestamp(moment)
