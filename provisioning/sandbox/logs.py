"""Plausible logs and events of a deployment, told from its history."""

from provisioning.sandbox.clock import timestamp
from provisioning.sandbox.containers import role
from provisioning.sandbox.records import Deployment
from provisioning.sandbox.views import Node

Line = tuple[float, str, str]
STEPS = {
    "BUILDING": ("SNAPSHOT_CODE", "BUILD_IMAGE", "PUBLISH_IMAGE"),
    "DEPLOYING": ("CREATE_CONTAINER", "CONFIGURE_NETWORK", "HEALTHCHECK"),
}
RUNNING = {
    "postgres": "database system is ready to accept connections",
    "odoo": "HTTP service (werkzeug) running on 0.0.0.0:8069",
    "other": "started",
}


def build_log(deployment: Deployment, limit: int | None, filter: str | None) -> list[Node]:
    """Of a repository's build; an image has none but its pull."""
    lines: list[Line] = []
    for moment, status in deployment.history:
        if status == "BUILDING":
            lines += [
                (moment, "info", f"Cloning {deployment.repo} ({deployment.branch or 'default branch'})"),
                (moment, "info", "Using Detected Dockerfile"),
            ]
        elif status == "DEPLOYING" and deployment.repo:
            lines.append((moment, "info", "Build time: image published"))
        elif status == "FAILED" and not deployment.healthcheck_path:
            lines.append((moment, "error", deployment.problem))
        elif status == "FAILED":
            lines += [
                (moment, "error", deployment.problem),
                (moment, "error", "1/1 replicas never became healthy!"),
                (moment, "error", "Healthcheck failed!"),
            ]
    return _entries(lines, limit, filter)


def run_log(deployment: Deployment, limit: int | None, filter: str | None) -> list[Node]:
    """What the container itself wrote."""
    lines: list[Line] = []
    for moment, status in deployment.history:
        if status == "DEPLOYING":
            lines.append((moment, "info", "Starting Container"))
        elif status == "SUCCESS":
            lines.append((moment, "info", RUNNING[role(deployment)]))
        elif status in ("FAILED", "CRASHED"):
            lines.append((moment, "error", deployment.problem))
        elif status == "REMOVING":
            lines.append((moment, "info", "Stopping Container"))
    return _entries(lines, limit, filter)


def events(deployment: Deployment) -> list[Node]:
    """The steps begun so far; the last one is open while the deployment goes on."""
    found: list[Node] = []
    for (moment, status), following in zip(deployment.history, [*deployment.history[1:], None], strict=True):
        completed = timestamp(following[0]) if following else None
        for step in STEPS.get(status, ()):
            if step.startswith(("SNAPSHOT", "BUILD", "PUBLISH")) and not deployment.repo:
                continue
            failed = step == "HEALTHCHECK" and following and following[1] in ("FAILED", "CRASHED")
            found.append(
                {
                    "id": f"{deployment.id}:{step}",
                    "step": step,
                    "createdAt": timestamp(moment),
                    "completedAt": completed,
                    "payload": {"error": deployment.problem or None} if failed else None,
                }
            )
    return found


def _entries(lines: list[Line], limit: int | None, filter: str | None) -> list[Node]:
    if filter and "@level:error" in filter:
        lines = [line for line in lines if line[1] == "error"]
    kept = lines[-limit:] if limit else lines
    return [
        {"timestamp": timestamp(moment), "severity": severity, "message": message, "attributes": []}
        for moment, severity, message in kept
    ]
