"""From the data of an answer to results. A missing member raises KeyError, TypeError or ValueError."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from provisioning.railway import domains, results

Json = Mapping[str, Any]
GIGABYTE = 1_000_000_000
# docs.railway.com/networking/domains/working-with-domains
PROOF_LABEL, PROOF_PREFIX = "_railway-verify", "railway-verify="


def workspaces(data: Json) -> tuple[results.Workspace, ...]:
    return tuple(results.Workspace(each["id"], each["name"]) for each in data["apiToken"]["workspaces"])


def workspace_info(data: Json) -> results.WorkspaceInfo:
    found = data["workspace"]
    limits, points = found["subscriptionPlanLimit"], found["apiTokenRateLimit"] or {}
    return results.WorkspaceInfo(
        id=found["id"],
        name=found["name"],
        plan=found["plan"],
        region=found["preferredRegion"],
        project_count=found["projectCount"],
        plan_limits=limits if isinstance(limits, Mapping) else {},
        remaining_points=points.get("remainingPoints"),
        points_reset_at=points.get("resetsAt"),
        billing=_billing(found["customer"]) if found.get("customer") else None,
    )


def _billing(customer: Json) -> results.Billing:
    limit = customer["usageLimit"] or {}
    return results.Billing(
        current_usage=customer["currentUsage"],
        remaining_credit=customer["remainingUsageCreditBalance"],
        soft_limit=limit.get("softLimit"),
        hard_limit=limit.get("hardLimit"),
        over_limit=bool(limit.get("isOverLimit")),
        period_start=datetime.fromisoformat(customer["billingPeriod"]["start"]),
        period_end=datetime.fromisoformat(customer["billingPeriod"]["end"]),
    )


def project(node: Json) -> results.Project:
    made = node.get("environments")
    environments = [edge["node"]["id"] for edge in made["edges"]] if made else []
    return results.Project(
        id=node["id"],
        name=node["name"],
        environment_id=node["primaryEnvironmentId"] or next(iter(environments), ""),
        description=node["description"] or "",
        created_at=moment(node["createdAt"]),
        deleted_at=moment(node["deletedAt"]),
    )


def project_page(data: Json) -> tuple[list[results.Project], str | None]:
    """The projects of one page and the cursor of the next, None on the last."""
    page = data["projects"]
    info = page["pageInfo"]
    return [project(node) for node in _nodes(page)], info["endCursor"] if info["hasNextPage"] else None


def stack(environment: Json) -> results.Stack:
    return results.Stack(
        services=tuple(_service(node) for node in _nodes(environment["serviceInstances"])),
        volumes=tuple(_volume(node) for node in _nodes(environment["volumeInstances"])),
    )


def _service(node: Json) -> results.ServiceState:
    latest, source = node["latestDeployment"], node["source"] or {}
    return results.ServiceState(
        id=node["serviceId"],
        instance_id=node["id"],
        name=node["serviceName"],
        image=source.get("image"),
        repository=source.get("repo"),
        start_command=node["startCommand"],
        healthcheck_path=node["healthcheckPath"],
        latest_deployment=latest and _latest(latest),
        domains=tuple(domain(each) for each in node["domains"]["serviceDomains"]),
        active_deployments=tuple(_latest(each) for each in node["activeDeployments"]),
    )


def _latest(node: Json) -> results.LatestDeployment:
    return results.LatestDeployment(
        id=node["id"],
        status=results.DeploymentStatus(node["status"]),
        stopped=bool(node["deploymentStopped"]),
        created_at=moment(node.get("createdAt")),
    )


def _volume(node: Json) -> results.VolumeState:
    return results.VolumeState(
        id=node["volumeId"],
        instance_id=node["id"],
        service_id=node["serviceId"],
        mount_path=node["mountPath"],
        state=node["state"],
        pending_deletion=bool(node["isPendingDeletion"]),
    )


def limits(override: Json | None) -> results.Limits | None:
    """Railway's schema does not tell the shape: that of its configuration as code is read, nested or flat."""
    members = (override or {}).get("containers") or override or {}
    if not members.get("cpu") or not members.get("memoryBytes"):
        return None
    return results.Limits(memory_gb=members["memoryBytes"] / GIGABYTE, vcpus=float(members["cpu"]))


def domain(node: Json) -> domains.Domain:
    return domains.Domain(node["id"], node["domain"], node["newDomainName"] or node["domain"], node["targetPort"])


def custom_domain(node: Json) -> domains.CustomDomain:
    """``verificationDnsHost`` was seen whole, and as a label of the zone: the proof always lies just below the name."""
    status = node["status"]
    route = _route(status["dnsRecords"])
    token, label = status["verificationToken"] or "", (status["verificationDnsHost"] or "").partition(".")[0]
    return domains.CustomDomain(
        id=node["id"],
        domain=node["domain"],
        target=(route.get("requiredValue") or "").removesuffix(".").lower(),
        routed=route.get("status") == "DNS_RECORD_STATUS_PROPAGATED",
        proof_host=f"{label or PROOF_LABEL}.{node['domain']}",
        proof=token if not token or token.startswith(PROOF_PREFIX) else f"{PROOF_PREFIX}{token}",
        verified=bool(status["verified"]),
        certificate=domains.CertificateStatus(status["certificateStatus"].removeprefix("CERTIFICATE_STATUS_TYPE_")),
        certificate_error=status["certificateErrorMessage"] or "",
        certificate_retryable=bool(status["certificateRetryable"]),
    )


def _route(records: Sequence[Json]) -> Json:
    """The record that leads visitors to Railway; older answers do not name its purpose."""
    routes = [each for each in records if each["purpose"] == "DNS_RECORD_PURPOSE_TRAFFIC_ROUTE"]
    others = [each for each in records if each["recordType"] == "DNS_RECORD_TYPE_CNAME"]
    return next(iter(routes or others), {})


def deployment(node: Json) -> results.Deployment:
    return results.Deployment(
        id=node["id"],
        status=results.DeploymentStatus(node["status"]),
        stopped=bool(node["deploymentStopped"]),
        updated_at=moment(node["updatedAt"]),
        instance_statuses=tuple(instance["status"] for instance in node["instances"]),
    )


def deployment_events(data: Json) -> tuple[results.DeploymentEvent, ...]:
    return tuple(_event(node) for node in _nodes(data["deploymentEvents"]))


def _event(node: Json) -> results.DeploymentEvent:
    payload = node["payload"] or {}
    return results.DeploymentEvent(
        id=node["id"],
        step=node["step"],
        created_at=datetime.fromisoformat(node["createdAt"]),
        completed_at=moment(node["completedAt"]),
        error=payload.get("error") or payload.get("reason") or payload.get("detail"),
        attempt=payload.get("attempt"),
        max_attempts=payload.get("maxAttempts"),
        skipped=bool(payload.get("skipped")),
    )


def logs(data: Json, limit: int) -> results.Logs:
    """Railway returns one line more than asked for: the newest ``limit`` are kept."""
    return results.Logs(build=_lines(data["build"], limit), run=_lines(data["run"], limit))


def _lines(lines: Sequence[Json], limit: int) -> tuple[results.LogLine, ...]:
    newest = lines[max(len(lines) - limit, 0) :]
    return tuple(results.LogLine(line["timestamp"], line["severity"] or "", line["message"]) for line in newest)


def platform_status(data: Json) -> results.PlatformStatus:
    status = data["platformStatus"]
    notice = status["incident"] or status["maintenance"] or {}
    return results.PlatformStatus(
        stable=bool(status["isStable"]), notice=notice.get("message", ""), url=notice.get("url", "")
    )


def notification_rule(node: Json) -> results.NotificationRule:
    configs = [channel["config"] for channel in node["channels"]]
    return results.NotificationRule(
        id=node["id"],
        project_id=node["projectId"],
        event_types=tuple(node["eventTypes"]),
        urls=tuple(config["url"] for config in configs if isinstance(config, Mapping) and config.get("url")),
    )


def usage_page(data: Json) -> tuple[list[results.Usage], str | None]:
    """What one page tells and the cursor of the next, None on the last."""
    page = data["projectServiceUsage"]
    info = page["pageInfo"]
    used = [
        results.Usage(each["measurement"], each["value"], each["tags"]["projectId"], each["tags"]["serviceId"])
        for each in page["usage"]
    ]
    return used, info["endCursor"] if info["hasNextPage"] else None


def moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def _nodes(connection: Json) -> list[Json]:
    return [edge["node"] for edge in connection["edges"]]
