"""The life of deployments: INITIALIZING, BUILDING for a repository, DEPLOYING, SUCCESS, and every bad end."""

import uuid
from collections.abc import Callable, Collection
from functools import partial

from provisioning.sandbox import containers
from provisioning.sandbox.errors import Refusal
from provisioning.sandbox.faults import DEPLOYMENT
from provisioning.sandbox.records import Deployment, Service
from provisioning.sandbox.store import shared_values
from provisioning.sandbox.webhooks import Webhooks
from provisioning.sandbox.workspace import Workspace

Plan = tuple[tuple[float, str], ...]
IMAGE_PLAN: Plan = ((0.0, "INITIALIZING"), (0.2, "DEPLOYING"), (1.0, "STARTED"))
REPOSITORY_PLAN: Plan = ((0.0, "INITIALIZING"), (0.1, "BUILDING"), (0.7, "DEPLOYING"), (1.0, "STARTED"))
RESTART_PLAN: Plan = ((0.0, "DEPLOYING"), (0.3, "STARTED"))
REMOVAL_SHARE = 0.1
# between two looks of a start at what it waits for
AGAIN_SECONDS = 0.5


class Deployments:
    """Starts, stops and ends deployments. ``changed`` is called after each change of a status."""

    def __init__(self, workspace: Workspace, webhooks: Webhooks) -> None:
        self._workspace = workspace
        self._webhooks = webhooks
        self.changed: Callable[[Deployment], None] = lambda deployment: None

    def resume(self) -> None:
        """Go on with what was under way when the sandbox was stopped."""
        for deployment in self._workspace.store.deployments.values():
            self._schedule(deployment)
            if deployment.status == "SUCCESS" and deployment.crash_after is not None:
                self._schedule_crash(deployment)

    def start(self, service: Service, names: Collection[str]) -> Deployment:
        """Deploy the service as it is now. ``names`` are what faults may call the request that asked for it."""
        workspace = self._workspace
        if not service.image and not service.repo:
            raise Refusal("Cannot deploy: the service has no source")
        self._refuse_when_paused(service)
        now = workspace.clock.now()
        deployment = Deployment(
            id=str(uuid.uuid4()),
            project_id=service.project_id,
            service_id=service.id,
            created_at=now,
            status="QUEUED",
            status_at=now,
            image=service.image,
            repo=service.repo,
            branch=service.branch,
            variables=shared_values(workspace.references.rendered(service)),
            start_command=service.settings.get("start_command") or "",
            healthcheck_path=service.settings.get("healthcheck_path") or "",
        )
        self._plan(deployment, service, names)
        workspace.store.add(deployment)
        self._schedule(deployment)
        workspace.timeline.run_due()
        return deployment

    def remove(self, deployment: Deployment) -> None:
        """Stop it and move it to history; nothing happens to one that has ended."""
        if deployment.status in ("REMOVED", "REMOVING"):
            return
        deployment.plan = []
        now = self._workspace.clock.now()
        self._enter(deployment, now, "REMOVING")
        deployment.plan = [(now + self._workspace.options.deploy_seconds * REMOVAL_SHARE, "REMOVED")]
        self._schedule(deployment)
        self._workspace.timeline.run_due()

    def cancel(self, deployment: Deployment) -> None:
        if deployment.status not in containers.UNFINISHED:
            raise Refusal("Deployment cannot be cancelled: it is not in progress")
        self.remove(deployment)

    def restart(self, deployment: Deployment) -> None:
        """Start its container again, with the variables that it had."""
        if deployment.status not in ("SUCCESS", "CRASHED"):
            raise Refusal("Deployment cannot be restarted")
        deployment.crash_after = None
        deployment.destiny = None
        now, seconds = self._workspace.clock.now(), self._workspace.options.deploy_seconds
        deployment.plan = [(now + share * seconds, status) for share, status in RESTART_PLAN]
        self._schedule(deployment)
        self._workspace.timeline.run_due()

    def _refuse_when_paused(self, service: Service) -> None:
        project = self._workspace.store.projects[service.project_id]
        paused = self._workspace.faults.claim({"paused"}, subject=lambda: self._workspace.subject(project))
        if paused:
            raise Refusal(paused.text("message", "Deploys have been temporarily paused"))

    def _plan(self, deployment: Deployment, service: Service, names: Collection[str]) -> None:
        workspace = self._workspace
        project = workspace.store.projects[service.project_id]
        seconds = workspace.options.deploy_seconds
        steps = REPOSITORY_PLAN if deployment.repo else IMAGE_PLAN
        number = len(workspace.store.deployments_of(service.id)) + 1
        fault = workspace.faults.claim(
            DEPLOYMENT,
            names=names,
            service=service.name,
            subject=lambda: f"deployment-{number} {workspace.subject(project)}",
        )
        if fault and fault.kind == "stuck":
            steps = REPOSITORY_PLAN[:2]
        elif fault and fault.kind == "slow":
            seconds = fault.number("seconds", 60.0)
        elif fault and fault.kind == "crashed_later":
            deployment.crash_after = fault.number("seconds", 0.0)
        elif fault:
            deployment.destiny = fault.kind.upper()
            deployment.problem = fault.text("message", "")
        deployment.plan = [(deployment.created_at + share * seconds, status) for share, status in steps]

    def _schedule(self, deployment: Deployment) -> None:
        for moment, status in deployment.plan:
            self._workspace.timeline.at(moment, partial(self._reach, deployment, moment, status))

    def _reach(self, deployment: Deployment, moment: float, status: str) -> None:
        if (moment, status) not in map(tuple, deployment.plan):
            return
        deployment.plan = [step for step in deployment.plan if tuple(step) != (moment, status)]
        if status == "DEPLOYING" and self._has_volume(deployment):
            # no two deployments mount one volume
            self._replace_older(deployment)
        if status == "STARTED":
            outcome = self._outcome(deployment)
            if outcome is None:
                deployment.plan = [(moment + AGAIN_SECONDS, status)]
                self._schedule(deployment)
                return
            status = outcome
        self._enter(deployment, moment, status)
        if deployment.status == "SUCCESS":
            self._replace_older(deployment)
            if deployment.crash_after is not None:
                self._schedule_crash(deployment)

    def _outcome(self, deployment: Deployment) -> str | None:
        """None while it waits for what is being started beside it."""
        if deployment.destiny:
            deployment.problem = deployment.problem or "Error: the sandbox was told to let this deployment fail"
            return deployment.destiny
        try:
            containers.start(self._workspace.store, deployment)
        except containers.NotYet:
            return None
        except containers.CannotStart as reason:
            deployment.problem = str(reason)
            return "FAILED" if deployment.healthcheck_path else "CRASHED"
        return "SUCCESS"

    def _enter(self, deployment: Deployment, moment: float, status: str) -> None:
        deployment.status, deployment.status_at = status, moment
        deployment.stopped = status in containers.ENDED
        deployment.history.append((moment, status))
        self._workspace.store.save(deployment)
        self.changed(deployment)
        self._webhooks.announce(deployment)

    def _schedule_crash(self, deployment: Deployment) -> None:
        moment = deployment.status_at + (deployment.crash_after or 0.0)
        self._workspace.timeline.at(moment, lambda: self._crash(deployment, moment))

    def _crash(self, deployment: Deployment, moment: float) -> None:
        if deployment.status == "SUCCESS" and deployment.crash_after is not None:
            deployment.problem = "Error: the process ended with exit code 137"
            self._enter(deployment, moment, "CRASHED")

    def _has_volume(self, deployment: Deployment) -> bool:
        return self._workspace.store.volume_of(self._workspace.store.services[deployment.service_id]) is not None

    def _replace_older(self, deployment: Deployment) -> None:
        for older in self._workspace.store.deployments_of(deployment.service_id):
            if older is not deployment and older.status in ("SUCCESS", "CRASHED"):
                self.remove(older)
