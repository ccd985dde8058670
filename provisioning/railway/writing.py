"""What the client can make and change at Railway. No mutation is ever sent twice by itself.

An error with ``unclear`` set says that the change may have happened: look before asking again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from provisioning.railway import decoding, documents
from provisioning.railway.domains import CustomDomain, Domain
from provisioning.railway.results import (
    BackupKind,
    NewService,
    NotificationRule,
    Project,
    ServiceSettings,
)
from provisioning.railway.transport import Transport


class Writes:
    """Every method raises RailwayError; one that returns None has been told by Railway that it was done."""

    _transport: Transport

    def create_project(self, *, workspace_id: str, name: str, description: str) -> Project:
        """A project with one environment, ``production``. Raises ProjectThrottled within 30 seconds of another."""
        new = {
            "workspaceId": workspace_id,
            "name": name,
            "description": description,
            "defaultEnvironmentName": "production",
            "prDeploys": False,
            "isPublic": False,
        }
        return self._transport.ask(
            documents.PROJECT_CREATE, {"input": new}, lambda data: decoding.project(data["projectCreate"])
        )

    def create_services(
        self, *, project_id: str, environment_id: str, services: Sequence[NewService]
    ) -> dict[str, str]:
        """Services without a source, so that nothing is deployed yet, in one request; their ids by name.

        Raises PartialAnswer when some were created: find those by name.
        """
        if not services:
            return {}
        common = {"projectId": project_id, "environmentId": environment_id}
        variables = {
            f"s{n}": {**common, "name": service.name, "variables": dict(service.variables)}
            for n, service in enumerate(services)
        }
        return self._transport.ask(
            documents.services_create(len(services)),
            variables,
            lambda data: {service.name: str(data[f"s{n}"]["id"]) for n, service in enumerate(services)},
        )

    def create_volume(self, *, project_id: str, environment_id: str, service_id: str, mount_path: str) -> str:
        """The new volume's id. Raises VolumeThrottled when the last one was created moments ago."""
        new = {
            "projectId": project_id,
            "environmentId": environment_id,
            "serviceId": service_id,
            "mountPath": mount_path,
        }
        return self._transport.ask(
            documents.VOLUME_CREATE, {"input": new}, lambda data: str(data["volumeCreate"]["id"])
        )

    def create_domain(self, *, service_id: str, environment_id: str, target_port: int) -> Domain:
        """A public host name of Railway's choice that leads to the service's port."""
        new = {"serviceId": service_id, "environmentId": environment_id, "targetPort": target_port}
        return self._transport.ask(
            documents.DOMAIN_CREATE, {"input": new}, lambda data: decoding.domain(data["serviceDomainCreate"])
        )

    def rename_domain(
        self, *, domain_id: str, service_id: str, environment_id: str, domain: str, target_port: int
    ) -> None:
        """Give the domain the whole host name ``domain``. Raises AlreadyExists when somebody has it."""
        change = _domain(domain_id, service_id, environment_id, domain, target_port)
        self._transport.do(documents.DOMAIN_RENAME, {"input": change})

    def create_custom_domain(
        self, *, project_id: str, environment_id: str, service_id: str, domain: str, target_port: int
    ) -> CustomDomain:
        """Let a name of the customer's lead to the service. Nothing is deployed, and it applies at once.

        Raises AlreadyExists when a service of anybody's has it, PlanLimit when the service has too many.
        """
        new = {
            "projectId": project_id,
            "environmentId": environment_id,
            "serviceId": service_id,
            "domain": domain,
            "targetPort": target_port,
        }
        return self._transport.ask(
            documents.CUSTOM_DOMAIN_CREATE,
            {"input": new},
            lambda data: decoding.custom_domain(data["customDomainCreate"]),
        )

    def retry_certificate(self, domain_id: str) -> None:
        """Have the certificate of a custom domain asked for once more; its authority allows five a week."""
        self._transport.do(documents.CUSTOM_DOMAIN_RETRY, {"id": domain_id})

    def hand_over(
        self,
        *,
        project_id: str,
        environment_id: str,
        service_id: str,
        domain_id: str,
        name: str,
        description: str,
        domain: str,
        target_port: int,
        variables: Mapping[str, str],
    ) -> None:
        """Another project's name and description, variables of a service and its host name, in one request.

        Nothing is deployed. Raises AlreadyExists when somebody has the host name; then the rest was done all the same.
        """
        place = {"projectId": project_id, "environmentId": environment_id, "serviceId": service_id}
        self._transport.ask(
            documents.HAND_OVER,
            {
                "projectId": project_id,
                "project": {"name": name, "description": description},
                "variables": {**place, "variables": dict(variables), "replace": False, "skipDeploys": True},
                "domain": _domain(domain_id, service_id, environment_id, domain, target_port),
            },
            lambda _: None,
        )

    def configure(self, *, environment_id: str, services: Mapping[str, ServiceSettings]) -> None:
        """Settings and limits of services, by service id, in one request; deploys nothing.

        Railway may confirm a change of a service that is not visible yet and change nothing: read it back.
        """
        if not services:
            return
        variables: dict[str, Any] = {"environmentId": environment_id}
        limited = 0
        for n, (service_id, settings) in enumerate(services.items()):
            variables |= {f"id{n}": service_id, f"set{n}": _settings(settings)}
            if settings.limits:
                variables[f"limits{limited}"] = {
                    "serviceId": service_id,
                    "environmentId": environment_id,
                    "memoryGB": settings.limits.memory_gb,
                    "vCPUs": settings.limits.vcpus,
                }
                limited += 1
        self._transport.do(documents.configure(len(services), limited), variables)

    def set_variables(
        self,
        *,
        project_id: str,
        environment_id: str,
        service_id: str,
        variables: Mapping[str, str],
        skip_deploys: bool = True,
    ) -> None:
        """Add or replace some variables of a service; without ``skip_deploys`` that deploys it."""
        change = {
            "projectId": project_id,
            "environmentId": environment_id,
            "serviceId": service_id,
            "variables": dict(variables),
            "replace": False,
            "skipDeploys": skip_deploys,
        }
        self._transport.do(documents.SET_VARIABLES, {"input": change})

    def deploy(self, *, service_id: str, environment_id: str) -> str:
        """Deploy the service with its present settings; the new deployment's id."""
        return self._transport.ask(
            documents.DEPLOY,
            {"serviceId": service_id, "environmentId": environment_id},
            lambda data: str(data["serviceInstanceDeployV2"]),
        )

    def connect_repository(self, *, service_id: str, repository: str, branch: str) -> None:
        """Make a GitHub branch (``owner/name``) the source. Deploys at once, and again at each push."""
        source = {"repo": repository, "branch": branch}
        self._transport.ask(documents.CONNECT_REPOSITORY, {"id": service_id, "input": source}, lambda _: None)

    def disable_auto_deploy(self, *, project_id: str, service_id: str, environment_id: str) -> None:
        """No deployment at a push any more."""
        change = {
            "projectId": project_id,
            "serviceId": service_id,
            "environmentId": environment_id,
            "enabled": False,
        }
        self._transport.ask(documents.AUTO_DEPLOY_OFF, {"input": change}, lambda _: None)

    def cancel_deployment(self, deployment_id: str) -> None:
        """Stop a deployment that is still being built or started."""
        self._transport.do(documents.DEPLOYMENT_CANCEL, {"id": deployment_id})

    def restart_deployment(self, deployment_id: str) -> None:
        """Restart the containers of a deployment as they are, without its service's newer settings."""
        self._transport.do(documents.DEPLOYMENT_RESTART, {"id": deployment_id})

    def schedule_backups(self, volume_instance_ids: Sequence[str], kinds: Sequence[BackupKind]) -> None:
        """Exactly these kinds of backup for each volume instance; none of them ends the backups."""
        if volume_instance_ids:
            ids = {f"v{n}": each for n, each in enumerate(volume_instance_ids)}
            self._transport.do(documents.backup_schedules(len(ids)), {"kinds": list(kinds), **ids})

    def create_notification_rule(
        self,
        *,
        workspace_id: str,
        url: str,
        event_types: Sequence[str],
        headers: Mapping[str, str] | None = None,
        project_id: str | None = None,
    ) -> NotificationRule:
        """A webhook for these events (``Deployment.failed``) of one project, or of the whole workspace."""
        new = {
            "workspaceId": workspace_id,
            "projectId": project_id,
            "ephemeralEnvironments": False,
            "eventTypes": list(event_types),
            "channelConfigs": [_webhook(url, headers)],
        }
        return self._transport.ask(
            documents.WEBHOOK_CREATE,
            {"input": new},
            lambda data: decoding.notification_rule(data["notificationRuleCreate"]),
        )

    def update_notification_rule(
        self, rule_id: str, *, url: str, event_types: Sequence[str], headers: Mapping[str, str] | None = None
    ) -> NotificationRule:
        """Replace address, headers and events of a webhook."""
        change = {"eventTypes": list(event_types), "channelConfigs": [_webhook(url, headers)]}
        return self._transport.ask(
            documents.WEBHOOK_UPDATE,
            {"id": rule_id, "input": change},
            lambda data: decoding.notification_rule(data["notificationRuleUpdate"]),
        )


def _domain(domain_id: str, service_id: str, environment_id: str, domain: str, target_port: int) -> dict[str, Any]:
    return {
        "serviceDomainId": domain_id,
        "serviceId": service_id,
        "environmentId": environment_id,
        "domain": domain,
        "targetPort": target_port,
    }


def _webhook(url: str, headers: Mapping[str, str] | None) -> dict[str, Any]:
    return {"type": "webhook", "url": url, **({"headers": dict(headers)} if headers else {})}


def _settings(settings: ServiceSettings) -> dict[str, Any]:
    wanted = {
        "source": {"image": settings.image} if settings.image else None,
        "startCommand": settings.start_command,
        "healthcheckPath": settings.healthcheck_path,
        "healthcheckTimeout": settings.healthcheck_timeout,
        "restartPolicyType": settings.restart_policy,
        "restartPolicyMaxRetries": settings.restart_retries,
        "drainingSeconds": settings.draining_seconds,
    }
    return {name: value for name, value in wanted.items() if value is not None}
