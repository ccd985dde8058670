"""What the client can ask Railway. A read may be repeated freely; the client itself repeats it once at most."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from provisioning.railway import decoding, documents
from provisioning.railway.domains import CustomDomain
from provisioning.railway.errors import NotAuthorized, RailwayError, TokenRefused
from provisioning.railway.results import (
    USAGE_MEASUREMENTS,
    Deployment,
    DeploymentEvent,
    Logs,
    NotificationRule,
    PlatformStatus,
    Project,
    Stack,
    Usage,
    Workspace,
    WorkspaceInfo,
)
from provisioning.railway.transport import Transport

DEPLOYMENTS_A_REQUEST = 50
MOST_LOG_LINES = 5000


class Reads:
    """Every method raises RailwayError; those of its kinds that a caller should expect are named."""

    _transport: Transport

    def workspaces(self) -> tuple[Workspace, ...]:
        """The workspaces that the token can act on. Raises TokenRefused for a bad token."""
        try:
            return self._transport.ask(documents.WHO_AM_I, {}, decoding.workspaces)
        except NotAuthorized as error:
            refused = TokenRefused("Railway refuses the token")
            refused.locate(document=error.document, status=error.status, trace_id=error.trace_id)
            raise refused from error

    def check_token(self) -> None:
        """Tell a bad token from a missing right or object after NotAuthorized. Raises TokenRefused."""
        self.workspaces()

    def workspace(self, workspace_id: str) -> WorkspaceInfo:
        """Plan, limits and remaining budget; without billing when the token may not read that."""
        variables = {"workspaceId": workspace_id}
        try:
            return self._transport.ask(documents.WORKSPACE_INFO, variables, decoding.workspace_info)
        except NotAuthorized:
            return self._transport.ask(documents.WORKSPACE_INFO_WITHOUT_BILLING, variables, decoding.workspace_info)

    def find_projects(
        self, workspace_id: str, marker: str, *, created_after: datetime | None = None
    ) -> tuple[Project, ...]:
        """The living projects whose description has ``marker`` as one of its words, newest first.

        ``created_after`` (aware) spares the pages of older projects: the answer may then miss those.
        """
        found = []
        for page in self._project_pages(workspace_id, include_deleted=False):
            found += [each for each in page if marker in each.description.split() and each.deleted_at is None]
            oldest = page[-1].created_at if page else None
            if created_after and oldest and oldest < created_after:
                break
        return tuple(found)

    def list_projects(self, workspace_id: str, include_deleted: bool = False) -> tuple[Project, ...]:
        """All projects of the workspace, newest first."""
        pages = self._project_pages(workspace_id, include_deleted=include_deleted)
        return tuple(project for page in pages for project in page)

    def project(self, project_id: str) -> Project:
        """Raises NotFound or NotAuthorized for one that is gone; one whose deletion is scheduled is told so."""
        return self._transport.ask(
            documents.PROJECT_STATE, {"id": project_id}, lambda data: decoding.project(data["project"])
        )

    def stack(self, project_id: str, environment_id: str) -> Stack:
        """Services and volumes of an environment; things made in the last minute may be missing."""
        variables = {"projectId": project_id, "environmentId": environment_id}
        return self._transport.ask(documents.STACK_STATE, variables, lambda data: decoding.stack(data["environment"]))

    def unit_state(self, project_id: str, environment_id: str) -> tuple[Project, Stack]:
        """The project and its inside in one request. Raises NotFound or NotAuthorized for one that is gone."""
        return self._transport.ask(
            documents.UNIT_STATE,
            {"projectId": project_id, "environmentId": environment_id},
            lambda data: (decoding.project(data["project"]), decoding.stack(data["environment"])),
        )

    def deployments(self, ids: Sequence[str]) -> dict[str, Deployment | RailwayError]:
        """The state of each deployment, or why Railway does not tell it, by id; 50 in one request.

        Raises TokenRefused when the token is the reason, and RailwayError when a request fails as a whole.
        """
        told: dict[str, Deployment | RailwayError] = {}
        unique = list(dict.fromkeys(ids))
        for start in range(0, len(unique), DEPLOYMENTS_A_REQUEST):
            told |= self._deployments(unique[start : start + DEPLOYMENTS_A_REQUEST])
        return told

    def backup_kinds(self, volume_instance_ids: Sequence[str]) -> dict[str, frozenset[str]]:
        """The kinds of backup that are scheduled for each volume instance, by id."""
        if not volume_instance_ids:
            return {}
        ids = {f"v{n}": each for n, each in enumerate(volume_instance_ids)}
        return self._transport.ask(
            documents.backup_kinds(len(ids)),
            ids,
            lambda data: {ids[alias]: frozenset(row["kind"] for row in rows) for alias, rows in data.items()},
        )

    def deployment_events(self, deployment_id: str) -> tuple[DeploymentEvent, ...]:
        """The steps of a deployment so far, for a progress display."""
        return self._transport.ask(documents.DEPLOYMENT_EVENTS, {"id": deployment_id}, decoding.deployment_events)

    def logs(self, deployment_id: str, limit: int = 500, filter: str | None = None) -> Logs:
        """The newest ``limit`` lines (at most 5000) of both logs; ``filter`` in Railway's syntax: ``@level:error``."""
        wanted = min(limit, MOST_LOG_LINES)
        variables = {"id": deployment_id, "limit": wanted, "filter": filter}
        return self._transport.ask(documents.LOGS, variables, lambda data: decoding.logs(data, wanted))

    def variables(
        self, project_id: str, environment_id: str, service_id: str, rendered: bool = False
    ) -> dict[str, str]:
        """A service's variables, secrets among them; ``rendered`` resolves their references to other variables."""
        document = documents.READ_RENDERED_VARIABLES if rendered else documents.READ_VARIABLES
        return self._transport.ask(
            document,
            {"projectId": project_id, "environmentId": environment_id, "serviceId": service_id},
            lambda data: {name: str(value) for name, value in data["variables"].items()},
        )

    def domain_available(self, name: str) -> bool:
        """Whether the whole host name is free at this moment."""
        return self._transport.ask(
            documents.DOMAIN_FREE, {"domain": name}, lambda data: bool(data["serviceDomainAvailable"]["available"])
        )

    def custom_domains(self, *, project_id: str, environment_id: str, service_id: str) -> tuple[CustomDomain, ...]:
        """The customer's own names at a service, each with the records that it wants and its certificate."""
        return self._transport.ask(
            documents.CUSTOM_DOMAINS,
            {"projectId": project_id, "environmentId": environment_id, "serviceId": service_id},
            lambda data: tuple(decoding.custom_domain(node) for node in data["domains"]["customDomains"]),
        )

    def platform_status(self) -> PlatformStatus:
        """What Railway says about itself."""
        return self._transport.ask(documents.PLATFORM_STATUS, {}, decoding.platform_status)

    def notification_rules(self, workspace_id: str, project_id: str | None = None) -> tuple[NotificationRule, ...]:
        """The webhooks of the workspace, or of one project in it."""
        return self._transport.ask(
            documents.WEBHOOK_LIST,
            {"workspaceId": workspace_id, "projectId": project_id},
            lambda data: tuple(decoding.notification_rule(rule) for rule in data["notificationRules"]),
        )

    def usage(self, workspace_id: str, start: datetime, end: datetime) -> tuple[Usage, ...]:
        """What each service used between two (aware) times, deleted projects included; may lag behind.

        One request for every 50 projects.
        """
        variables: dict[str, Any] = {
            "workspaceId": workspace_id,
            "start": start.isoformat(),
            "end": end.isoformat(),
            "measurements": list(USAGE_MEASUREMENTS),
        }
        used: list[Usage] = []
        after: str | None = None
        while True:
            page, following = self._transport.ask(documents.USAGE, variables | {"after": after}, decoding.usage_page)
            used += page
            if following is None or following == after:
                return tuple(used)
            after = following

    def _project_pages(self, workspace_id: str, *, include_deleted: bool) -> Iterator[list[Project]]:
        after: str | None = None
        while True:
            variables = {"workspaceId": workspace_id, "includeDeleted": include_deleted, "after": after}
            page, following = self._transport.ask(documents.FIND_PROJECTS, variables, decoding.project_page)
            yield page
            if following is None or following == after:
                return
            after = following

    def _deployments(self, ids: Sequence[str]) -> dict[str, Deployment | RailwayError]:
        """One unknown deployment empties Railway's whole answer, so the others are asked about again without it."""
        told: dict[str, Deployment | RailwayError] = {}
        token_checked = False
        while left := [each for each in ids if each not in told]:
            by_alias = {f"d{n}": each for n, each in enumerate(left)}
            answers = self._transport.ask_each(documents.deployments(len(left)), by_alias, decoding.deployment)
            if not token_checked and any(isinstance(answer, NotAuthorized) for answer in answers.values()):
                self.check_token()
                token_checked = True
            told |= {by_alias[alias]: answer for alias, answer in answers.items()}
        return told
