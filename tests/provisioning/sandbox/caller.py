"""Talks to a sandbox from outside as any client would: documents in, JSON out."""

import base64
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from provisioning.sandbox import Sandbox

PASSWORD = "Un mot de passe 42"
LOGIN = "zoé@acme.fr"
COMPANY = "L'Étoile <d'Or> & Fils"
POSTGRES_IMAGE = "ghcr.io/railwayapp-templates/postgres-ssl:17"
START = '/bin/sh -c "exec python3 /tmp/bootstrap"'

PROJECT_CREATE = """mutation ProjectCreate($input: ProjectCreateInput!) {
  projectCreate(input: $input) { id name primaryEnvironmentId environments { edges { node { id name } } } } }"""
SERVICES_CREATE = """mutation ServicesCreate($pg: ServiceCreateInput!, $odoo: ServiceCreateInput!) {
  postgres: serviceCreate(input: $pg) { id name } odoo: serviceCreate(input: $odoo) { id name } }"""
VOLUME_CREATE = "mutation VolumeCreate($input: VolumeCreateInput!) { volumeCreate(input: $input) { id name } }"
DOMAIN_CREATE = """mutation DomainCreate($input: ServiceDomainCreateInput!) {
  serviceDomainCreate(input: $input) { id domain suffix targetPort syncStatus } }"""
DOMAIN_RENAME = "mutation DomainRename($input: ServiceDomainUpdateInput!) { serviceDomainUpdate(input: $input) }"
CONFIGURE = """mutation Configure($environmentId: String!, $pg: String!, $odoo: String!,
  $pgIn: ServiceInstanceUpdateInput!, $odooIn: ServiceInstanceUpdateInput!) {
  pgSet: serviceInstanceUpdate(serviceId: $pg, environmentId: $environmentId, input: $pgIn)
  odooSet: serviceInstanceUpdate(serviceId: $odoo, environmentId: $environmentId, input: $odooIn) }"""
DEPLOY = """mutation Deploy($serviceId: String!, $environmentId: String!) {
  serviceInstanceDeployV2(serviceId: $serviceId, environmentId: $environmentId) }"""
STACK_STATE = """query StackState($projectId: String!, $environmentId: String!) {
  environment(id: $environmentId, projectId: $projectId) {
    id name unmergedChangesCount
    serviceInstances { edges { node {
      id serviceId serviceName source { image repo } startCommand healthcheckPath
      latestDeployment { id status statusUpdatedAt deploymentStopped instances { id status } }
      domains { serviceDomains { id domain suffix targetPort syncStatus } customDomains { id domain } } } } }
    volumeInstances { edges { node { id volumeId serviceId mountPath state sizeMB currentSizeMB } } } } }"""
DEPLOYMENT = "query Deployment($id: String!) { deployment(id: $id) { id status deploymentStopped url } }"
REMOVE = "mutation Remove($id: String!) { deploymentRemove(id: $id) }"
WHO_AM_I = "query WhoAmI { apiToken { workspaces { id name } } }"
FIND_PROJECTS = """query FindProjects($workspaceId: String!, $first: Int, $after: String, $includeDeleted: Boolean) {
  projects(workspaceId: $workspaceId, first: $first, after: $after, includeDeleted: $includeDeleted) {
    edges { node { id name description deletedAt } } pageInfo { hasNextPage endCursor } } }"""


def get(url: str) -> httpx.Response:
    """A visitor's request, on a connection of its own."""
    with httpx.Client(trust_env=False, verify=False, timeout=20) as http:
        return http.get(url)


def post(url: str, *, json: object, headers: dict[str, str] | None = None) -> httpx.Response:
    with httpx.Client(trust_env=False, verify=False, timeout=20) as http:
        return http.post(url, json=json, headers=headers)


def quick_hash(password: str) -> str:
    """In Odoo's format, with too few rounds to take time."""
    salt = b"sixteen bytes ok"
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 10)

    def encoded(data: bytes) -> str:
        return base64.b64encode(data, altchars=b"./").rstrip(b"=").decode()

    return f"$pbkdf2-sha512$10${encoded(salt)}${encoded(digest)}"


def eventually(what: Callable[[], Any], seconds: float = 10.0) -> Any:
    """The first true result; an assertion when none comes in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.02)
    raise AssertionError("It did not happen in time.")


@dataclass
class Stack:
    """A project with a configured Postgres and Odoo."""

    project: str = ""
    environment: str = ""
    postgres: str = ""
    odoo: str = ""
    domain: str = ""
    address: str = ""
    volumes: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{self.address}"


class Caller:
    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        headers = {"Authorization": f"Bearer {sandbox.token}"}
        self.http = httpx.Client(timeout=20, trust_env=False, verify=False, headers=headers)

    def close(self) -> None:
        self.http.close()
        self.sandbox.stop()

    def send(self, query: str, **variables: Any) -> httpx.Response:
        return self.http.post(self.sandbox.url + "?source=test", json={"query": query, "variables": variables})

    def data(self, query: str, **variables: Any) -> dict[str, Any]:
        body = self.send(query, **variables).json()
        assert "errors" not in body, body["errors"]
        found: dict[str, Any] = body["data"]
        return found

    def message(self, query: str, **variables: Any) -> str:
        """The first error's message."""
        return str(self.send(query, **variables).json()["errors"][0]["message"])

    def create_project(self, name: str = "acme-1", description: str = "instance=acme-1") -> tuple[str, str]:
        wanted = {"workspaceId": self.sandbox.workspace_id, "name": name, "description": description}
        project = self.data(PROJECT_CREATE, input=wanted)["projectCreate"]
        return project["id"], project["primaryEnvironmentId"]

    def prepare(self, name: str = "acme-1", **changes: Any) -> Stack:
        """Everything up to the deployments. ``changes`` replace variables; None removes one."""
        stack = Stack()
        stack.project, stack.environment = self.create_project(name, f"instance={name}")
        at = {"projectId": stack.project, "environmentId": stack.environment}
        variables = {key: value for key, value in (odoo_variables() | changes).items() if value is not None}
        pg, odoo = postgres_variables(), variables
        made = self.data(
            SERVICES_CREATE,
            pg={**at, "name": "Postgres", "variables": pg},
            odoo={**at, "name": "odoo", "variables": odoo},
        )
        stack.postgres, stack.odoo = made["postgres"]["id"], made["odoo"]["id"]
        for service, path in ((stack.postgres, "/var/lib/postgresql/data"), (stack.odoo, "/var/lib/odoo")):
            volume = self.data(VOLUME_CREATE, input={**at, "serviceId": service, "mountPath": path})["volumeCreate"]
            stack.volumes.append(volume["id"])
        wanted = {"serviceId": stack.odoo, "environmentId": stack.environment, "targetPort": 8069}
        domain = self.data(DOMAIN_CREATE, input=wanted)["serviceDomainCreate"]
        stack.domain, stack.address = domain["id"], domain["domain"]
        self.configure(stack)
        return stack

    def configure(self, stack: Stack) -> None:
        self.data(
            CONFIGURE,
            environmentId=stack.environment,
            pg=stack.postgres,
            odoo=stack.odoo,
            pgIn={"source": {"image": POSTGRES_IMAGE}, "restartPolicyType": "ALWAYS"},
            odooIn={"source": {"image": "odoo:19"}, "startCommand": START, "healthcheckPath": "/web/health"},
        )

    def deploy(self, stack: Stack, service: str) -> str:
        found: str = self.data(DEPLOY, serviceId=service, environmentId=stack.environment)["serviceInstanceDeployV2"]
        return found

    def run(self, name: str = "acme-1", **changes: Any) -> Stack:
        """A stack with both services deployed."""
        stack = self.prepare(name, **changes)
        self.deploy(stack, stack.postgres)
        self.deploy(stack, stack.odoo)
        return stack

    def status(self, deployment: str) -> str:
        return str(self.data(DEPLOYMENT, id=deployment)["deployment"]["status"])

    def state_of(self, stack: Stack) -> dict[str, Any]:
        """What StackState says of the environment."""
        found = self.data(STACK_STATE, projectId=stack.project, environmentId=stack.environment)["environment"]
        return dict(found)

    def latest(self, stack: Stack, service: str) -> dict[str, Any] | None:
        nodes = [edge["node"] for edge in self.state_of(stack)["serviceInstances"]["edges"]]
        return next((node["latestDeployment"] for node in nodes if node["serviceId"] == service), None)


def postgres_variables() -> dict[str, str]:
    return {
        "PGDATA": "/var/lib/postgresql/data/pgdata",
        "POSTGRES_USER": "odoo",
        "POSTGRES_DB": "railway",
        "POSTGRES_PASSWORD": "a-generated-password",
        "PGHOST": "${{RAILWAY_PRIVATE_DOMAIN}}",
        "PGPORT": "5432",
        "PGUSER": "${{POSTGRES_USER}}",
        "PGPASSWORD": "${{POSTGRES_PASSWORD}}",
    }


def odoo_variables() -> dict[str, str]:
    return {
        "PROV_DB": "acme_prod",
        "PROV_ADMIN_LOGIN": LOGIN,
        "PROV_ADMIN_PASSWORD_HASH": quick_hash(PASSWORD),
        "PROV_ADMIN_NAME": "Zoé",
        "PROV_COMPANY_NAME": COMPANY,
        "PROV_COUNTRY": "FR",
        "PROV_LANG": "fr_FR,en_US",
        "PROV_TZ": "Europe/Paris",
        "PROV_MODULES": "base,crm",
        "PROV_BASE_URL": "http://${{RAILWAY_PUBLIC_DOMAIN}}",
        "ODOO_ADMIN_PASSWD": "a-master-password",
        "PORT": "8069",
        "EAZYNOVA_BOOTSTRAP": "UEsDBA==" * 100,
        **{name: f"${{{{Postgres.{name}}}}}" for name in ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD")},
    }
