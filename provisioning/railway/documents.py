"""Every GraphQL document that is ever sent. Values travel as variables only; those for n things are built by count.

A document's operation name is its name in logs, metrics and errors.
"""

import re
from functools import lru_cache

_OPERATION = re.compile(r"\s*(query|mutation)\s+(\w+)")


@lru_cache(maxsize=1024)
def operation(document: str) -> tuple[str, bool]:
    """The document's operation name, and whether it is a mutation."""
    found = _OPERATION.match(document)
    if found is None:
        raise ValueError("A document needs a named query or mutation.")
    return found[2], found[1] == "mutation"


WHO_AM_I = "query WhoAmI { apiToken { workspaces { id name } } }"

WORKSPACE_INFO = """
query WorkspaceInfo($workspaceId: String!) {
  workspace(workspaceId: $workspaceId) {
    id name plan preferredRegion projectCount subscriptionPlanLimit
    apiTokenRateLimit { remainingPoints resetsAt }
    customer {
      currentUsage remainingUsageCreditBalance billingPeriod { start end }
      usageLimit { softLimit hardLimit isOverLimit }
    }
  }
}"""

# For a token that may not read billing: one refused non-null field would refuse the whole answer.
WORKSPACE_INFO_WITHOUT_BILLING = """
query WorkspaceInfoWithoutBilling($workspaceId: String!) {
  workspace(workspaceId: $workspaceId) {
    id name plan preferredRegion projectCount subscriptionPlanLimit
    apiTokenRateLimit { remainingPoints resetsAt }
  }
}"""

FIND_PROJECTS = """
query FindProjects($workspaceId: String!, $after: String, $includeDeleted: Boolean!) {
  projects(
    workspaceId: $workspaceId, includeDeleted: $includeDeleted, orderBy: CREATED_AT_DESC, first: 100, after: $after
  ) {
    edges { node { id name description createdAt deletedAt primaryEnvironmentId } }
    pageInfo { hasNextPage endCursor }
  }
}"""

PROJECT_STATE = """
query ProjectState($id: String!) {
  project(id: $id) { id name description createdAt deletedAt primaryEnvironmentId }
}"""

PROJECT_CREATE = """
mutation ProjectCreate($input: ProjectCreateInput!) {
  projectCreate(input: $input) {
    id name description createdAt deletedAt primaryEnvironmentId environments { edges { node { id name } } }
  }
}"""

PROJECT_SCHEDULE_DELETE = "mutation ProjectScheduleDelete($id: String!) { projectScheduleDelete(id: $id) }"
PROJECT_SCHEDULE_DELETE_CANCEL = (
    "mutation ProjectScheduleDeleteCancel($id: String!) { projectScheduleDeleteCancel(id: $id) }"
)
PROJECT_SCHEDULE_DELETE_FORCE = (
    "mutation ProjectScheduleDeleteForce($id: String!) { projectScheduleDeleteForce(id: $id) }"
)

_STACK = """{
    serviceInstances { edges { node {
      id serviceId serviceName source { image repo } startCommand healthcheckPath
      latestDeployment { id status deploymentStopped createdAt }
      activeDeployments { id status deploymentStopped createdAt }
      domains { serviceDomains { id domain newDomainName targetPort } }
    } } }
    volumeInstances { edges { node { id volumeId serviceId mountPath state isPendingDeletion } } }
  }"""

STACK_STATE = f"""
query StackState($projectId: String!, $environmentId: String!) {{
  environment(id: $environmentId, projectId: $projectId) {_STACK}
}}"""

UNIT_STATE = f"""
query UnitState($projectId: String!, $environmentId: String!) {{
  project(id: $projectId) {{ id name description createdAt deletedAt primaryEnvironmentId }}
  environment(id: $environmentId, projectId: $projectId) {_STACK}
}}"""

# The name that the domain wishes may be somebody's: it comes last, when the rest has been done.
HAND_OVER = """
mutation HandOver(
  $projectId: String!, $project: ProjectUpdateInput!
  $variables: VariableCollectionUpsertInput!, $domain: ServiceDomainUpdateInput!
) {
  project: projectUpdate(id: $projectId, input: $project) { id }
  variables: variableCollectionUpsert(input: $variables)
  domain: serviceDomainUpdate(input: $domain)
}"""

READ_VARIABLES = """
query ReadVariables($projectId: String!, $environmentId: String!, $serviceId: String!) {
  variables(projectId: $projectId, environmentId: $environmentId, serviceId: $serviceId, unrendered: true)
}"""

READ_RENDERED_VARIABLES = """
query ReadRenderedVariables($projectId: String!, $environmentId: String!, $serviceId: String!) {
  variables: variablesForServiceDeployment(
    projectId: $projectId, environmentId: $environmentId, serviceId: $serviceId
  )
}"""

SET_VARIABLES = """
mutation SetVariables($input: VariableCollectionUpsertInput!) { variableCollectionUpsert(input: $input) }"""

VOLUME_CREATE = "mutation VolumeCreate($input: VolumeCreateInput!) { volumeCreate(input: $input) { id } }"
VOLUME_DELETE = "mutation VolumeDelete($volumeId: String!) { volumeDelete(volumeId: $volumeId) }"

DOMAIN_FREE = "query DomainFree($domain: String!) { serviceDomainAvailable(domain: $domain) { available } }"
DOMAIN_CREATE = """
mutation DomainCreate($input: ServiceDomainCreateInput!) {
  serviceDomainCreate(input: $input) { id domain newDomainName targetPort }
}
"""
DOMAIN_RENAME = "mutation DomainRename($input: ServiceDomainUpdateInput!) { serviceDomainUpdate(input: $input) }"
DOMAIN_DELETE = "mutation DomainDelete($id: String!) { serviceDomainDelete(id: $id) }"

# The record that proves the ownership is not among dnsRecords: github.com/railwayapp/docs/issues/1125
_CUSTOM_DOMAIN = """{
    id domain targetPort
    status {
      verified verificationDnsHost verificationToken certificateStatus certificateErrorMessage certificateRetryable
      dnsRecords { recordType requiredValue purpose status }
    }
  }"""
# of a service: customDomain(id:) refuses tokens that this one does not
CUSTOM_DOMAINS = f"""
query CustomDomains($projectId: String!, $environmentId: String!, $serviceId: String!) {{
  domains(projectId: $projectId, environmentId: $environmentId, serviceId: $serviceId) {{
    customDomains {_CUSTOM_DOMAIN}
  }}
}}"""
CUSTOM_DOMAIN_CREATE = f"""
mutation CustomDomainCreate($input: CustomDomainCreateInput!) {{ customDomainCreate(input: $input) {_CUSTOM_DOMAIN} }}
"""
CUSTOM_DOMAIN_RETRY = "mutation CustomDomainRetry($id: String!) { customDomainIssueCertificate(id: $id) }"
CUSTOM_DOMAIN_DELETE = "mutation CustomDomainDelete($id: String!) { customDomainDelete(id: $id) }"

SERVICE_DELETE = """
mutation ServiceDelete($id: String!, $environmentId: String) { serviceDelete(id: $id, environmentId: $environmentId) }
"""

CONNECT_REPOSITORY = """
mutation ConnectRepository($id: String!, $input: ServiceConnectInput!) { serviceConnect(id: $id, input: $input) { id } }
"""
AUTO_DEPLOY_OFF = """
mutation AutoDeployOff($input: ServiceInstanceAutoDeployUpdateInput!) {
  serviceInstanceAutoDeployUpdate(input: $input) { enabled }
}"""

DEPLOY = """
mutation Deploy($serviceId: String!, $environmentId: String!) {
  serviceInstanceDeployV2(serviceId: $serviceId, environmentId: $environmentId)
}"""
DEPLOYMENT_CANCEL = "mutation DeploymentCancel($id: String!) { deploymentCancel(id: $id) }"
DEPLOYMENT_RESTART = "mutation DeploymentRestart($id: String!) { deploymentRestart(id: $id) }"
DEPLOYMENT_EVENTS = """
query DeploymentEvents($id: String!) {
  deploymentEvents(id: $id, first: 50) {
    edges { node { id step createdAt completedAt payload { error reason detail attempt maxAttempts skipped } } }
  }
}"""
LOGS = """
query Logs($id: String!, $limit: Int!, $filter: String) {
  build: buildLogs(deploymentId: $id, limit: $limit, filter: $filter) { timestamp severity message }
  run: deploymentLogs(deploymentId: $id, limit: $limit, filter: $filter) { timestamp severity message }
}"""

PLATFORM_STATUS = """
query PlatformStatus {
  platformStatus { isStable incident { message url } maintenance { message url } }
}"""

# Railway's own limit of projects a page is 50 (docs of the schema's field)
USAGE = """
query Usage(
  $workspaceId: String!, $start: DateTime!, $end: DateTime!, $measurements: [MetricMeasurement!]!, $after: String
) {
  projectServiceUsage(
    workspaceId: $workspaceId, startDate: $start, endDate: $end, measurements: $measurements
    first: 50, after: $after, includeDeleted: true
  ) { usage { measurement value tags { projectId serviceId } } pageInfo { hasNextPage endCursor } }
}"""

WEBHOOK_LIST = """
query WebhookList($workspaceId: String!, $projectId: String) {
  notificationRules(workspaceId: $workspaceId, projectId: $projectId) {
    id projectId eventTypes channels { config }
  }
}"""
WEBHOOK_CREATE = """
mutation WebhookCreate($input: CreateNotificationRuleInput!) {
  notificationRuleCreate(input: $input) { id projectId eventTypes channels { config } }
}"""
WEBHOOK_UPDATE = """
mutation WebhookUpdate($id: String!, $input: UpdateNotificationRuleInput!) {
  notificationRuleUpdate(id: $id, input: $input) { id projectId eventTypes channels { config } }
}"""
WEBHOOK_DELETE = "mutation WebhookDelete($id: String!) { notificationRuleDelete(id: $id) }"


@lru_cache(maxsize=64)
def deployments(count: int) -> str:
    """The state of ``count`` deployments: aliases d0, d1, ... with the ids in variables of the same names."""
    field = "deployment(id: $d#) { id status deploymentStopped updatedAt instances { status } }"
    return _aliased("query Deployments", "d", "String!", count, field)


@lru_cache(maxsize=64)
def stacks(count: int) -> str:
    """``count`` environments: aliases e0, e1, ... with variables e0 (the environment) and p0 (its project), ..."""
    declared = ", ".join(f"$e{n}: String!, $p{n}: String!" for n in range(count))
    fields = " ".join(f"e{n}: environment(id: $e{n}, projectId: $p{n}) {_STACK}" for n in range(count))
    return f"query Stacks({declared}) {{ {fields} }}"


@lru_cache(maxsize=64)
def service_details(count: int) -> str:
    """Variables (v0, ...) and own limits (l0, ...) of ``count`` services; variables s0, e0 and p0, ... name each."""
    declared = ", ".join(f"$s{n}: String!, $e{n}: String!, $p{n}: String!" for n in range(count))
    fields = " ".join(
        f"v{n}: variables(serviceId: $s{n}, environmentId: $e{n}, projectId: $p{n}, unrendered: true)"
        f" l{n}: serviceInstanceLimitOverride(serviceId: $s{n}, environmentId: $e{n})"
        for n in range(count)
    )
    return f"query ServiceDetails({declared}) {{ {fields} }}"


@lru_cache(maxsize=64)
def services_create(count: int) -> str:
    """``count`` services: aliases and variables s0, s1, ..."""
    return _aliased(
        "mutation ServicesCreate", "s", "ServiceCreateInput!", count, "serviceCreate(input: $s#) { id name }"
    )


@lru_cache(maxsize=64)
def deployments_remove(count: int) -> str:
    """``count`` deployments stopped in order: aliases and variables d0, d1, ..."""
    return _aliased("mutation DeploymentsRemove", "d", "String!", count, "deploymentRemove(id: $d#)")


@lru_cache(maxsize=64)
def configure(services: int, limits: int) -> str:
    """Settings of ``services`` services (variables id0, set0, ...) and limits of ``limits`` of them (limits0, ...)."""
    declared = [f"$id{n}: String!, $set{n}: ServiceInstanceUpdateInput!" for n in range(services)]
    declared += [f"$limits{n}: ServiceInstanceLimitsUpdateInput!" for n in range(limits)]
    fields = [
        f"set{n}: serviceInstanceUpdate(serviceId: $id{n}, environmentId: $environmentId, input: $set{n})"
        for n in range(services)
    ]
    fields += [f"limits{n}: serviceInstanceLimitsUpdate(input: $limits{n})" for n in range(limits)]
    return f"mutation Configure($environmentId: String!, {', '.join(declared)}) {{ {' '.join(fields)} }}"


@lru_cache(maxsize=64)
def backup_schedules(count: int) -> str:
    """The same backup schedules for ``count`` volume instances: aliases and variables v0, v1, ..."""
    declared = ", ".join(f"$v{n}: String!" for n in range(count))
    fields = " ".join(
        f"v{n}: volumeInstanceBackupScheduleUpdate(volumeInstanceId: $v{n}, kinds: $kinds)" for n in range(count)
    )
    kinds = "$kinds: [VolumeInstanceBackupScheduleKind!]!"
    return f"mutation BackupSchedules({kinds}, {declared}) {{ {fields} }}"


@lru_cache(maxsize=64)
def backup_kinds(count: int) -> str:
    """Which backups ``count`` volume instances have: aliases and variables v0, v1, ..."""
    field = "volumeInstanceBackupScheduleList(volumeInstanceId: $v#) { kind }"
    return _aliased("query BackupKinds", "v", "String!", count, field)


def _aliased(head: str, prefix: str, kind: str, count: int, field: str) -> str:
    """``count`` times the same root field, with its number for each ``#``."""
    declared = ", ".join(f"${prefix}{n}: {kind}" for n in range(count))
    fields = " ".join(f"{prefix}{n}: {field.replace('#', str(n))}" for n in range(count))
    return f"{head}({declared}) {{ {fields} }}"
