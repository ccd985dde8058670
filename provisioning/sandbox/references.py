"""Railway's reference variables, resolved as it does at deploy time.

``${{NAME}}`` is a variable of the same service, ``${{Service.NAME}}`` of another one (names are case-sensitive),
``${{shared.NAME}}`` of the environment. What cannot be resolved becomes empty.
"""

import re

from provisioning.sandbox.records import Domain, Project, Service
from provisioning.sandbox.store import Store

REFERENCE = re.compile(r"\$\{\{\s*(?:([^{}]+?)\.)?([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
DEEPEST = 10


class References:
    """Variables as a container of the service would see them; ``port`` is where the stand-in Odoos answer."""

    def __init__(self, store: Store, port: int) -> None:
        self._store = store
        self.port = port

    def rendered(self, service: Service) -> dict[str, str]:
        """All variables of the service with their references resolved, Railway's own included."""
        project = self._store.projects[service.project_id]
        return {name: self._resolve(project, service, value, 0) for name, value in self._own(service).items()}

    def public_domain(self, service: Service) -> str:
        """Where the service answers, as host:port; empty when it has no domain."""
        domains = self._store.domains_of(service.id)
        return self.where(domains[0]) if domains else ""

    def where(self, domain: Domain) -> str:
        """As host:port."""
        return f"{domain.address}:{self.port_of(domain)}"

    def port_of(self, domain: Domain) -> int:
        return domain.port or self.port

    def _own(self, service: Service) -> dict[str, str]:
        project = self._store.projects[service.project_id]
        variables = service.variables | {
            "RAILWAY_PROJECT_ID": project.id,
            "RAILWAY_PROJECT_NAME": project.name,
            "RAILWAY_ENVIRONMENT_ID": project.environment_id,
            "RAILWAY_ENVIRONMENT_NAME": project.environment_name,
            "RAILWAY_SERVICE_ID": service.id,
            "RAILWAY_SERVICE_NAME": service.name,
            "RAILWAY_PRIVATE_DOMAIN": private_domain(service),
        }
        if domain := self.public_domain(service):
            variables["RAILWAY_PUBLIC_DOMAIN"] = domain
        if volume := self._store.volume_of(service):
            variables["RAILWAY_VOLUME_NAME"] = volume.name
            variables["RAILWAY_VOLUME_MOUNT_PATH"] = volume.mount_path
        return variables

    def _resolve(self, project: Project, service: Service, value: str, depth: int) -> str:
        if "${{" not in value or depth == DEEPEST:
            return "" if "${{" in value else value

        def replacement(match: re.Match[str]) -> str:
            owner_name, name = match.groups()
            if owner_name == "shared":
                return project.shared.get(name, "")
            owner = self._named(project, owner_name) if owner_name else service
            raw = self._own(owner).get(name, "") if owner else ""
            return self._resolve(project, owner or service, raw, depth + 1)

        return REFERENCE.sub(replacement, value)

    def _named(self, project: Project, name: str) -> Service | None:
        return next((service for service in self._store.services_of(project.id) if service.name == name), None)


def private_domain(service: Service) -> str:
    return f"{service.name.lower()}.railway.internal"
