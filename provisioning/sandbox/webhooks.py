"""Railway's webhooks: notification rules and the delivery of what happens to deployments."""

import json
import urllib.request
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from provisioning.sandbox.clock import timestamp
from provisioning.sandbox.records import Deployment
from provisioning.sandbox.workspace import Workspace

EVENTS: Mapping[str, str] = {
    "INITIALIZING": "Deployment.queued",
    "BUILDING": "Deployment.building",
    "DEPLOYING": "Deployment.deploying",
    "SUCCESS": "Deployment.deployed",
    "FAILED": "Deployment.failed",
    "CRASHED": "Deployment.crashed",
    "REMOVED": "Deployment.removed",
}
SEVERITIES: Mapping[str, str] = {"FAILED": "WARNING", "CRASHED": "CRITICAL"}
DELIVERY_SECONDS = 5.0
SENDERS = 4


class Webhooks:
    """Sends each event once to every rule that asks for it; a refused or lost delivery is not repeated."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._pool = ThreadPoolExecutor(SENDERS, thread_name_prefix="sandbox-webhook")
        # webhooks go to this machine or where the rule says, never through a proxy of the environment
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.delivered = 0
        self.failed = 0

    def announce(self, deployment: Deployment) -> None:
        """The deployment has come to a new status."""
        event = EVENTS.get(deployment.status)
        if event is None:
            return
        for rule in self._workspace.store.rules.values():
            wanted = {name.lower() for name in rule.event_types}
            if event.lower() in wanted and rule.project_id in (None, deployment.project_id):
                body = json.dumps(self._payload(event, deployment)).encode()
                for channel in rule.channels:
                    self._pool.submit(self._deliver, channel["config"], body)

    def stop(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _payload(self, event: str, deployment: Deployment) -> dict[str, Any]:
        options, store = self._workspace.options, self._workspace.store
        project, service = store.projects[deployment.project_id], store.services[deployment.service_id]
        return {
            "type": event,
            "details": {
                "id": deployment.id,
                "source": "GitHub" if deployment.repo else "Image",
                "status": deployment.status,
                "branch": deployment.branch,
            },
            "resource": {
                "workspace": {"id": options.workspace_id, "name": options.workspace_name},
                "project": {"id": project.id, "name": project.name},
                "environment": {"id": project.environment_id, "name": project.environment_name, "isEphemeral": False},
                "service": {"id": service.id, "name": service.name},
                "deployment": {"id": deployment.id},
            },
            "severity": SEVERITIES.get(deployment.status, "INFO"),
            "timestamp": timestamp(deployment.status_at),
        }

    def _deliver(self, config: Mapping[str, Any], body: bytes) -> None:
        try:
            headers = {"Content-Type": "application/json", "User-Agent": "Railway"} | dict(config.get("headers") or {})
            # only http and https: checked when the rule was made
            request = urllib.request.Request(config["url"], data=body, headers=headers, method="POST")  # noqa: S310
            with self._opener.open(request, timeout=DELIVERY_SECONDS):
                self.delivered += 1
        except (OSError, ValueError, KeyError):
            self.failed += 1
