"""The queries: reads of the workspace's rows."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from provisioning.sandbox import logs
from provisioning.sandbox.call import Call
from provisioning.sandbox.errors import NotAuthorized, Refusal
from provisioning.sandbox.lookup import Lookup
from provisioning.sandbox.records import Project, Service
from provisioning.sandbox.views import Node, Views, connection
from provisioning.sandbox.volumes import Input
from provisioning.sandbox.workspace import Workspace
from provisioning.sandbox.zones import SUFFIX

ORDERS: Mapping[str, tuple[Any, bool]] = {
    "CREATED_AT_DESC": (lambda project: project.created_at, True),
    "UPDATED_AT_DESC": (lambda project: project.created_at, True),
    "NAME_ASC": (lambda project: project.name, False),
}
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


class Queries:
    def __init__(self, workspace: Workspace, lookup: Lookup, views: Views) -> None:
        self._workspace = workspace
        self._store = workspace.store
        self._lookup = lookup
        self._views = views

    def projects(
        self,
        call: Call,
        workspace_id: str | None = None,
        user_id: str | None = None,
        include_deleted: bool | None = None,
        order_by: str | None = None,
        **page: Any,
    ) -> Node:
        """Empty without a workspaceId, as at Railway; oldest first unless asked otherwise."""
        rows: list[Project] = []
        if workspace_id:
            self._lookup.workspace(workspace_id)
            now = self._workspace.clock.now()
            rows = [
                project
                for project in self._store.projects.values()
                if (include_deleted or project.deleted_at is None) and project.visible_at <= now
            ]
        if order_by:
            key, descending = ORDERS[order_by]
            rows.sort(key=key, reverse=descending)
        return connection(rows, self._views.project, **page)

    def project(self, call: Call, id: str) -> Node:
        return self._views.project(self._lookup.project(id))

    def environment(self, call: Call, id: str, project_id: str | None = None) -> Node:
        return self._views.environment(self._lookup.environment(id, project_id))

    def service(self, call: Call, id: str) -> Node:
        return self._views.service(self._lookup.service(id))

    def service_instance(self, call: Call, service_id: str, environment_id: str) -> Node:
        return self._views.service_instance(self._lookup.visible_service(service_id))

    def limit_override(self, call: Call, service_id: str, environment_id: str) -> Node | None:
        """As in Railway's configuration as code; a gigabyte is 10^9 bytes there."""
        limits = self._lookup.service(service_id).limits
        if not limits:
            return None
        return {"containers": {"cpu": limits.get("v_cpus"), "memoryBytes": round(limits.get("memory_gb", 0) * 1e9)}}

    def variables(
        self,
        call: Call,
        project_id: str,
        environment_id: str,
        service_id: str | None = None,
        unrendered: bool | None = None,
    ) -> Mapping[str, str]:
        project = self._lookup.environment(environment_id, project_id)
        if service_id is None:
            return project.shared
        service = self._lookup.service(service_id)
        return service.variables if unrendered else self._workspace.references.rendered(service)

    def rendered_variables(
        self, call: Call, project_id: str, environment_id: str, service_id: str
    ) -> Mapping[str, str]:
        return self._workspace.references.rendered(self._lookup.service(service_id))

    def domain_available(self, call: Call, domain: str) -> Node:
        label, _, suffix = domain.partition(".")
        if suffix != SUFFIX or not LABEL.fullmatch(label):
            raise Refusal("Invalid domain", "BAD_USER_INPUT")
        available = label not in self._store.labels
        return {"available": available, "message": "Domain is available" if available else "Domain is not available"}

    def deployment(self, call: Call, id: str) -> Node:
        return self._views.deployment(self._lookup.deployment(id))

    def deployments(self, call: Call, input: Input, **page: Any) -> Node:
        """Newest first."""
        rows = [row for service in self._services(input) for row in self._store.deployments_of(service.id)]
        status = input.get("status") or {}
        wanted, unwanted = status.get("in"), status.get("not_in") or ()
        rows = [row for row in rows if (not wanted or row.status in wanted) and row.status not in unwanted]
        rows.sort(key=lambda row: row.created_at, reverse=True)
        return connection(rows, self._views.deployment, **page)

    def deployment_events(self, call: Call, id: str, first: int | None = None, **page: Any) -> Node:
        events = logs.events(self._lookup.deployment(id))[:first]
        edges = [{"cursor": event["id"], "node": event} for event in events]
        return {"edges": edges, "pageInfo": {"hasNextPage": False, "hasPreviousPage": False}}

    def build_logs(
        self, call: Call, deployment_id: str, limit: int | None = None, filter: str | None = None, **period: Any
    ) -> Sequence[Node]:
        return logs.build_log(self._lookup.deployment(deployment_id), limit, filter)

    def deployment_logs(
        self, call: Call, deployment_id: str, limit: int | None = None, filter: str | None = None, **period: Any
    ) -> Sequence[Node]:
        return logs.run_log(self._lookup.deployment(deployment_id), limit, filter)

    def notification_rules(self, call: Call, workspace_id: str, project_id: str | None = None) -> Sequence[Node]:
        self._lookup.workspace(workspace_id)
        rules = self._store.rules.values()
        return [self._views.rule(rule) for rule in rules if project_id in (None, rule.project_id)]

    def volume_instance(self, call: Call, id: str) -> Node:
        return self._views.volume_instance(self._lookup.volume_instance(id))

    def backups(self, call: Call, volume_instance_id: str) -> Sequence[Node]:
        return self._lookup.volume_instance(volume_instance_id).backups

    def backup_schedules(self, call: Call, volume_instance_id: str) -> Sequence[Node]:
        return self._lookup.volume_instance(volume_instance_id).schedules

    def workflow(self, call: Call, workflow_id: str) -> Node:
        known = any(backup["id"] == workflow_id for volume in self._store.volumes.values() for backup in volume.backups)
        return {"status": "Complete" if known else "NotFound"}

    def _services(self, input: Input) -> list[Service]:
        if input.get("service_id"):
            return [self._lookup.service(input["service_id"])]
        if input.get("environment_id"):
            return self._store.services_of(self._lookup.environment(input["environment_id"]).id)
        if input.get("project_id"):
            return self._store.services_of(self._lookup.project(input["project_id"]).id)
        raise NotAuthorized
