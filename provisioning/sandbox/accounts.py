"""The queries about the workspace itself: who the token is, what is used, how the platform is."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from provisioning.sandbox.call import Call
from provisioning.sandbox.clock import timestamp
from provisioning.sandbox.containers import role
from provisioning.sandbox.lookup import Lookup
from provisioning.sandbox.queries import minutes_running
from provisioning.sandbox.records import Project, Service
from provisioning.sandbox.throttles import Budget
from provisioning.sandbox.views import REGION, SMALLEST_VOLUME_MB, Node
from provisioning.sandbox.workspace import Workspace

MONTH = 30 * 86_400.0
MINUTE = 60.0
# what a small, quiet instance uses while it runs: gigabytes of memory, processors
USED: Mapping[str, tuple[float, float]] = {"postgres": (0.15, 0.01), "odoo": (0.5, 0.05), "other": (0.1, 0.01)}


class Accounts:
    def __init__(self, workspace: Workspace, lookup: Lookup, budget: Budget) -> None:
        self._workspace = workspace
        self._lookup = lookup
        self._budget = budget

    def api_token(self, call: Call) -> Node:
        options = self._workspace.options
        return {"workspaces": [{"id": options.workspace_id, "name": options.workspace_name}]}

    def workspace(self, call: Call, workspace_id: str) -> Node:
        self._lookup.workspace(workspace_id)
        options, now = self._workspace.options, self._workspace.clock.now()
        return {
            "id": options.workspace_id,
            "name": options.workspace_name,
            "plan": "PRO",
            "preferredRegion": REGION,
            "createdAt": timestamp(0.0),
            "projectCount": lambda info, include_deleted=None: sum(
                1 for row in self._workspace.store.projects.values() if include_deleted or row.deleted_at is None
            ),
            "subscriptionPlanLimit": {"volumes": {"maxPerProject": 20}},
            "apiTokenRateLimit": {
                "remainingPoints": self._budget.remaining,
                "resetsAt": timestamp(self._budget.resets_at),
            },
            "customer": {
                "id": options.workspace_id,
                "state": "ACTIVE",
                "currentUsage": 0.0,
                "creditBalance": 0.0,
                "remainingUsageCreditBalance": 0.0,
                "billingPeriod": {"start": timestamp(now - now % MONTH), "end": timestamp(now - now % MONTH + MONTH)},
                "usageLimit": None,
            },
        }

    def platform_status(self, call: Call) -> Node:
        paused = self._workspace.faults.standing("paused", subject=lambda: "")
        incident = {
            "id": "sandbox-incident",
            "message": "Deployments are temporarily paused",
            "status": "INVESTIGATING",
            "url": "https://status.railway.com",
        }
        return {"isStable": paused is None, "incident": incident if paused else None, "maintenance": None}

    def usage(
        self,
        call: Call,
        measurements: Sequence[str],
        workspace_id: str | None = None,
        project_id: str | None = None,
        start_date: str | None = None,
        end_date: str | None = None,
        group_by: Sequence[str] | None = None,
        include_deleted: bool | None = None,
    ) -> Sequence[Node]:
        """From how long deployments ran and volumes existed; grouped by project and service, or by project alone."""
        now = self._workspace.clock.now()
        start, end = _moment(start_date, now - now % MONTH), min(_moment(end_date, now), now)
        by_service = "SERVICE_ID" in (group_by or ())
        totals: dict[tuple[str, str | None, str], float] = {}
        for project in self._projects(workspace_id, project_id, include_deleted):
            for service_id, measured in self._measured(project, start, end):
                for measurement in measurements:
                    key = project.id, service_id if by_service else None, measurement
                    totals[key] = totals.get(key, 0.0) + measured.get(measurement, 0.0)
        return [
            {
                "measurement": measurement,
                "value": round(value, 6),
                "tags": {"projectId": project, "serviceId": service},
            }
            for (project, service, measurement), value in totals.items()
        ]

    def estimated_usage(
        self,
        call: Call,
        measurements: Sequence[str],
        workspace_id: str | None = None,
        project_id: str | None = None,
        include_deleted: bool | None = None,
    ) -> Sequence[Node]:
        """The usage of this period, extrapolated to its end."""
        now = self._workspace.clock.now()
        share = max(now % MONTH, MINUTE) / MONTH
        used = self.usage(
            call, measurements, workspace_id=workspace_id, project_id=project_id, include_deleted=include_deleted
        )
        return [
            {
                "measurement": row["measurement"],
                "estimatedValue": round(row["value"] / share, 6),
                "projectId": row["tags"]["projectId"],
            }
            for row in used
        ]

    def _projects(
        self, workspace_id: str | None, project_id: str | None, include_deleted: bool | None
    ) -> list[Project]:
        if project_id:
            return [self._lookup.project(project_id)]
        self._lookup.workspace(workspace_id or "")
        rows = self._workspace.store.projects.values()
        return [row for row in rows if include_deleted or row.deleted_at is None]

    def _measured(self, project: Project, start: float, end: float) -> Iterator[tuple[str, dict[str, float]]]:
        for service in self._workspace.store.every_service_of(project.id):
            yield service.id, self._service_usage(service, start, end)

    def _service_usage(self, service: Service, start: float, end: float) -> dict[str, float]:
        store = self._workspace.store
        memory = processor = 0.0
        for deployment in store.deployments_of(service.id):
            minutes = minutes_running(deployment, start, end)
            gigabytes, processors = USED[role(deployment)]
            memory, processor = memory + minutes * gigabytes, processor + minutes * processors
        volume = store.volume_of(service)
        stored = max(0.0, end - max(start, volume.created_at)) / MINUTE if volume else 0.0
        return {
            "MEMORY_USAGE_GB": memory,
            "CPU_USAGE": processor,
            "DISK_USAGE_GB": stored * SMALLEST_VOLUME_MB / 1024,
        }


def _moment(value: Any, otherwise: float) -> float:
    return datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp() if isinstance(value, str) else otherwise
