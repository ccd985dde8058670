"""The mutations on services, variables, domains and deployments."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from provisioning.sandbox.addresses import Addresses
from provisioning.sandbox.call import Call
from provisioning.sandbox.deployments import Deployments
from provisioning.sandbox.errors import Refusal
from provisioning.sandbox.lookup import Lookup
from provisioning.sandbox.queries import LABEL
from provisioning.sandbox.records import CustomDomain, Domain, Service
from provisioning.sandbox.views import Node, Views
from provisioning.sandbox.workspace import Workspace
from provisioning.sandbox.zones import SUFFIX

LONGEST_SERVICE_NAME = 32
Input = Mapping[str, Any]


class ServiceMutations:
    def __init__(self, workspace: Workspace, lookup: Lookup, views: Views, deployments: Deployments) -> None:
        self._workspace = workspace
        self._lookup = lookup
        self._views = views
        self._deployments = deployments

    def create(self, call: Call, input: Input) -> Node:
        store, now = self._workspace.store, self._workspace.clock.now()
        project = self._lookup.project(input["project_id"])
        name = input.get("name") or f"service-{uuid.uuid4().hex[:6]}"
        if len(name) > LONGEST_SERVICE_NAME:
            raise Refusal(f"Service name must be at most {LONGEST_SERVICE_NAME} characters", "BAD_USER_INPUT")
        if any(service.name == name for service in store.services_of(project.id)):
            raise Refusal(f'A service named "{name}" already exists in this project')
        source = input.get("source") or {}
        service = Service(
            id=str(uuid.uuid4()),
            instance_id=str(uuid.uuid4()),
            project_id=project.id,
            name=name,
            created_at=now,
            visible_at=now + call.lag(project, self._workspace.options.lag_seconds),
            variables=_texts(input.get("variables") or {}),
            image=source.get("image"),
            repo=source.get("repo"),
            branch=input.get("branch"),
            auto_deploy=bool(source.get("repo")),
        )
        store.add(service)
        if source:
            self._deployments.start(service, call.names)
        return self._views.service(service)

    def connect(self, call: Call, id: str, input: Input) -> Node:
        """Deploys at once, and turns on deployments at each push."""
        service = self._lookup.visible_service(id)
        service.image, service.repo, service.branch = input.get("image"), input.get("repo"), input.get("branch")
        service.auto_deploy = bool(service.repo)
        self._workspace.store.save(service)
        self._deployments.start(service, call.names)
        return self._views.service(service)

    def delete(self, call: Call, id: str, environment_id: str | None = None) -> bool:
        delete_service(self._workspace, self._deployments, self._lookup.service(id))
        return True

    def update_instance(self, call: Call, service_id: str, input: Input, environment_id: str | None = None) -> bool:
        """Stores settings and deploys nothing. True also for an instance that is not there yet: nothing happens."""
        service = self._lookup.service(service_id)
        if not self._lookup.is_visible(service):
            return True
        changes = dict(input)
        source = changes.pop("source", None)
        if source:
            service.image, service.repo = source.get("image"), source.get("repo")
        service.settings.update(changes)
        self._workspace.store.save(service)
        return True

    def update_limits(self, call: Call, input: Input) -> bool:
        service = self._lookup.service(input["service_id"])
        if self._lookup.is_visible(service):
            service.limits.update({name: input[name] for name in ("memory_gb", "v_cpus") if input.get(name)})
            self._workspace.store.save(service)
        return True

    def update_auto_deploy(self, call: Call, input: Input) -> Node:
        service = self._lookup.visible_service(input["service_id"])
        service.auto_deploy = input["enabled"]
        self._workspace.store.save(service)
        return {"enabled": service.auto_deploy}

    def deploy(self, call: Call, service_id: str, environment_id: str, commit_sha: str | None = None) -> str:
        service = self._lookup.visible_service(service_id)
        self._lookup.environment(environment_id, service.project_id)
        return self._deployments.start(service, call.names).id

    def upsert_variables(self, call: Call, input: Input) -> bool:
        return self._set_variables(call, input, input["variables"], replace=bool(input.get("replace")))

    def upsert_variable(self, call: Call, input: Input) -> bool:
        return self._set_variables(call, input, {input["name"]: input["value"]}, replace=False)

    def delete_variable(self, call: Call, input: Input) -> bool:
        service = self._lookup.service(input["service_id"]) if input.get("service_id") else None
        project = self._lookup.project(input["project_id"])
        (service.variables if service else project.shared).pop(input["name"], None)
        self._workspace.store.save(service or project)
        self._redeploy(call, service)
        return True

    def _set_variables(self, call: Call, input: Input, variables: Mapping[str, Any], *, replace: bool) -> bool:
        project = self._lookup.project(input["project_id"])
        service = self._lookup.service(input["service_id"]) if input.get("service_id") else None
        held = service.variables if service else project.shared
        if replace:
            held.clear()
        held.update(_texts(variables))
        self._workspace.store.save(service or project)
        if not input.get("skip_deploys"):
            self._redeploy(call, service)
        return True

    def _redeploy(self, call: Call, service: Service | None) -> None:
        """A change of variables deploys a service that has something to deploy."""
        if service and (service.image or service.repo):
            self._deployments.start(service, call.names)


class DomainMutations:
    """``changed`` is called with a service that has got or lost an address."""

    def __init__(self, workspace: Workspace, lookup: Lookup, views: Views, changed: Callable[[Service], None]) -> None:
        self._workspace = workspace
        self._lookup = lookup
        self._views = views
        self._addresses = Addresses(workspace.store)
        self._changed = changed

    def create(self, call: Call, input: Input) -> Node:
        store = self._workspace.store
        service = self._lookup.visible_service(input["service_id"])
        project = self._lookup.environment(input["environment_id"], service.project_id)
        address, port = self._place()
        domain = Domain(
            id=str(uuid.uuid4()),
            project_id=project.id,
            service_id=service.id,
            label=f"{service.name}-{project.environment_name}-{uuid.uuid4().hex[:4]}".lower(),
            address=address,
            port=port,
            target_port=input.get("target_port"),
            created_at=self._workspace.clock.now(),
        )
        store.add(domain)
        self._changed(service)
        return self._views.domain(domain)

    def _place(self) -> tuple[str, int]:
        """A loopback address of its own, or a port of the one name that is wished (else 0)."""
        options, domains = self._workspace.options, self._workspace.store.domains.values()
        if not options.odoo_host:
            return self._addresses.take(), 0
        taken = {domain.port for domain in domains if domain.deleted_at is None}
        port = next((each for each in options.odoo_ports if each not in taken), None)
        if port is None:
            raise Refusal("The sandbox has no port left for another Odoo: decommission one")
        return options.odoo_host, port

    def update(self, call: Call, input: Input) -> bool:
        """Reserves the wished label. The address that is shown stays the loopback one: there is no DNS here."""
        store = self._workspace.store
        domain = self._lookup.domain(input["service_domain_id"])
        label, _, suffix = input["domain"].partition(".")
        if suffix != SUFFIX or not LABEL.fullmatch(label):
            raise Refusal("Invalid domain", "BAD_USER_INPUT")
        if store.labels.get(label, domain.id) != domain.id:
            raise Refusal(f"The domain {input['domain']} is already in use")
        store.labels.pop(domain.label, None)
        domain.label = label
        store.labels[label] = domain.id
        domain.target_port = input.get("target_port", domain.target_port)
        store.save(domain)
        return True

    def delete(self, call: Call, id: str) -> bool:
        domain = self._lookup.domain(id)
        delete_domain(self._workspace, domain)
        self._changed(self._workspace.store.services[domain.service_id])
        return True


def delete_service(workspace: Workspace, deployments: Deployments, service: Service) -> None:
    """Its deployments end and its domains are free again; its volume stays, mounted nowhere."""
    store = workspace.store
    for deployment in store.deployments_of(service.id):
        deployments.remove(deployment)
    for domain in store.names_of(service.id):
        delete_domain(workspace, domain)
    if volume := store.volume_of(service):
        volume.service_id = None
        store.save(volume)
    service.deleted_at = workspace.clock.now()
    store.save(service)


def delete_domain(workspace: Workspace, domain: Domain | CustomDomain) -> None:
    domain.deleted_at = workspace.clock.now()
    workspace.store.labels.pop(domain.label, None)
    workspace.store.save(domain)


def _texts(variables: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): value if isinstance(value, str) else str(value) for name, value in variables.items()}
