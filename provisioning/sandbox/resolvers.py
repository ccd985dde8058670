"""Which method answers which root field of the schema."""

from collections.abc import Callable, Mapping
from typing import Any

from provisioning.sandbox.accounts import Accounts
from provisioning.sandbox.call import Call
from provisioning.sandbox.custom_domains import CustomDomains
from provisioning.sandbox.deployments import Deployments
from provisioning.sandbox.lookup import Lookup
from provisioning.sandbox.mutations import DomainMutations, ServiceMutations
from provisioning.sandbox.projects import ProjectMutations
from provisioning.sandbox.queries import Queries
from provisioning.sandbox.records import Deployment, Service
from provisioning.sandbox.throttles import Budget
from provisioning.sandbox.views import Node, Views
from provisioning.sandbox.volumes import RuleMutations, VolumeMutations
from provisioning.sandbox.workspace import Workspace

Resolver = Callable[..., Any]


class DeploymentMutations:
    def __init__(self, lookup: Lookup, views: Views, deployments: Deployments) -> None:
        self._lookup = lookup
        self._views = views
        self._deployments = deployments

    def remove(self, call: Call, id: str) -> bool:
        self._deployments.remove(self._lookup.deployment(id))
        return True

    def cancel(self, call: Call, id: str) -> bool:
        self._deployments.cancel(self._lookup.deployment(id))
        return True

    def restart(self, call: Call, id: str) -> bool:
        self._deployments.restart(self._lookup.deployment(id))
        return True

    def redeploy(self, call: Call, id: str, use_previous_image_tag: bool | None = None) -> Node:
        """The dashboard's button: a new deployment of the service, replacing this one."""
        return self._views.deployment(self._again(call, self._lookup.deployment(id).service_id))

    def redeploy_service(self, call: Call, service_id: str, environment_id: str) -> bool:
        self._again(call, service_id)
        return True

    def _again(self, call: Call, service_id: str) -> Deployment:
        return self._deployments.start(self._lookup.visible_service(service_id), call.names)


class Resolvers:
    """``changed`` is called with a service that has got or lost an address."""

    def __init__(
        self, workspace: Workspace, deployments: Deployments, budget: Budget, changed: Callable[[Service], None]
    ) -> None:
        lookup, views = Lookup(workspace), Views(workspace)
        self.projects = ProjectMutations(workspace, lookup, views, deployments)
        self.by_field: Mapping[str, Resolver] = {
            **_queries(Queries(workspace, lookup, views), Accounts(workspace, lookup, budget)),
            **_project_mutations(self.projects),
            **_service_mutations(ServiceMutations(workspace, lookup, views, deployments)),
            **_domain_mutations(DomainMutations(workspace, lookup, views, changed)),
            **_custom_domains(CustomDomains(workspace, lookup)),
            **_deployment_mutations(DeploymentMutations(lookup, views, deployments)),
            **_volume_mutations(VolumeMutations(workspace, lookup, views)),
            **_rule_mutations(RuleMutations(workspace, lookup, views)),
        }


def _queries(queries: Queries, accounts: Accounts) -> Mapping[str, Resolver]:
    return {
        "apiToken": accounts.api_token,
        "workspace": accounts.workspace,
        "platformStatus": accounts.platform_status,
        "usage": accounts.usage,
        "projectServiceUsage": accounts.project_service_usage,
        "estimatedUsage": accounts.estimated_usage,
        "projects": queries.projects,
        "project": queries.project,
        "environment": queries.environment,
        "service": queries.service,
        "serviceInstance": queries.service_instance,
        "serviceInstanceLimitOverride": queries.limit_override,
        "variables": queries.variables,
        "variablesForServiceDeployment": queries.rendered_variables,
        "serviceDomainAvailable": queries.domain_available,
        "deployment": queries.deployment,
        "deployments": queries.deployments,
        "deploymentEvents": queries.deployment_events,
        "buildLogs": queries.build_logs,
        "deploymentLogs": queries.deployment_logs,
        "notificationRules": queries.notification_rules,
        "volumeInstance": queries.volume_instance,
        "volumeInstanceBackupList": queries.backups,
        "volumeInstanceBackupScheduleList": queries.backup_schedules,
        "workflowStatus": queries.workflow,
    }


def _project_mutations(projects: ProjectMutations) -> Mapping[str, Resolver]:
    return {
        "projectCreate": projects.create,
        "projectUpdate": projects.update,
        "projectDelete": projects.delete,
        "projectScheduleDelete": projects.schedule_delete,
        "projectScheduleDeleteCancel": projects.cancel_delete,
        "projectScheduleDeleteForce": projects.force_delete,
    }


def _service_mutations(services: ServiceMutations) -> Mapping[str, Resolver]:
    return {
        "serviceCreate": services.create,
        "serviceConnect": services.connect,
        "serviceDelete": services.delete,
        "serviceInstanceUpdate": services.update_instance,
        "serviceInstanceLimitsUpdate": services.update_limits,
        "serviceInstanceAutoDeployUpdate": services.update_auto_deploy,
        "serviceInstanceDeployV2": services.deploy,
        "variableUpsert": services.upsert_variable,
        "variableCollectionUpsert": services.upsert_variables,
        "variableDelete": services.delete_variable,
    }


def _domain_mutations(domains: DomainMutations) -> Mapping[str, Resolver]:
    return {
        "serviceDomainCreate": domains.create,
        "serviceDomainUpdate": domains.update,
        "serviceDomainDelete": domains.delete,
    }


def _custom_domains(domains: CustomDomains) -> Mapping[str, Resolver]:
    return {
        "domains": domains.of_service,
        "customDomainCreate": domains.create,
        "customDomainDelete": domains.delete,
        "customDomainIssueCertificate": domains.issue,
    }


def _deployment_mutations(deployments: DeploymentMutations) -> Mapping[str, Resolver]:
    return {
        "deploymentRemove": deployments.remove,
        "deploymentStop": deployments.remove,
        "deploymentCancel": deployments.cancel,
        "deploymentRestart": deployments.restart,
        "deploymentRedeploy": deployments.redeploy,
        "serviceInstanceRedeploy": deployments.redeploy_service,
    }


def _volume_mutations(volumes: VolumeMutations) -> Mapping[str, Resolver]:
    return {
        "volumeCreate": volumes.create,
        "volumeUpdate": volumes.update,
        "volumeDelete": volumes.delete,
        "volumeInstanceBackupScheduleUpdate": volumes.schedule_backups,
        "volumeInstanceBackupCreate": volumes.create_backup,
    }


def _rule_mutations(rules: RuleMutations) -> Mapping[str, Resolver]:
    return {
        "notificationRuleCreate": rules.create,
        "notificationRuleUpdate": rules.update,
        "notificationRuleDelete": rules.delete,
    }
