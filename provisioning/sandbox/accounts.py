"""The queries about the workspace itself: who the token is, what is used, how the platform is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from provisioning.sandbox.call import Call
from provisioning.sandbox.clock import timestamp
from provisioning.sandbox.errors import Refusal
from provisioning.sandbox.lookup import Lookup
from provisioning.sandbox.metering import Meter
from provisioning.sandbox.records import Project
from provisioning.sandbox.throttles import Budget
from provisioning.sandbox.views import REGION, Node
from provisioning.sandbox.workspace import Workspace

MONTH = 30 * 86_400.0
MINUTE = 60.0
MOST_PROJECTS = 50


class Accounts:
    def __init__(self, workspace: Workspace, lookup: Lookup, budget: Budget) -> None:
        self._workspace = workspace
        self._lookup = lookup
        self._budget = budget
        self._meter = Meter(workspace)

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
                "currentUsage": lambda info: round(self._meter.spent(now - now % MONTH, now), 6),
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
        return [
            row
            for project in self._projects(workspace_id, project_id, include_deleted)
            for row in self._rows(project, measurements, start, end, by_service=by_service)
        ]

    def project_service_usage(
        self,
        call: Call,
        workspace_id: str,
        start_date: str,
        end_date: str,
        measurements: Sequence[str],
        first: int | None = None,
        after: str | None = None,
        include_deleted: bool | None = None,
    ) -> Node:
        """Pages of projects, whose cursor is the id of the last one; those that used nothing tell nothing."""
        if first is not None and not 0 < first <= MOST_PROJECTS:
            raise Refusal(f"first must be between 1 and {MOST_PROJECTS}", "BAD_USER_INPUT")
        now = self._workspace.clock.now()
        start, end = _moment(start_date, now), min(_moment(end_date, now), now)
        projects = sorted(self._projects(workspace_id, None, include_deleted), key=lambda project: project.id)
        left = [project for project in projects if after is None or project.id > after]
        page = left[: first or MOST_PROJECTS]
        rows = [row for project in page for row in self._rows(project, measurements, start, end, by_service=True)]
        more = len(left) > len(page)
        return {
            "usage": [row for row in rows if row["value"]],
            "pageInfo": {"hasNextPage": more, "endCursor": page[-1].id if page else None},
        }

    def _rows(
        self, project: Project, measurements: Sequence[str], start: float, end: float, *, by_service: bool
    ) -> list[Node]:
        totals: dict[tuple[str | None, str], float] = {}
        for (service, measurement), value in self._meter.measure(project, start, end).items():
            if measurement in measurements:
                key = service if by_service else None, measurement
                totals[key] = totals.get(key, 0.0) + value
        return [
            {
                "measurement": measurement,
                "value": round(value, 6),
                "tags": {"projectId": project.id, "serviceId": service},
            }
            for (service, measurement), value in totals.items()
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


def _moment(value: Any, otherwise: float) -> float:
    return datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp() if isinstance(value, str) else otherwise
