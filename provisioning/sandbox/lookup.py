"""Finds what a request names. What is unknown or deleted is answered as Railway answers it: Not Authorized."""

from provisioning.sandbox.errors import NotAuthorized, Refusal
from provisioning.sandbox.records import CustomDomain, Deployment, Domain, Project, Rule, Service, Volume
from provisioning.sandbox.workspace import Workspace


class Lookup:
    """Every method raises Refusal."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._store = workspace.store

    def workspace(self, workspace_id: str) -> None:
        if workspace_id != self._workspace.options.workspace_id:
            raise NotAuthorized

    def project(self, project_id: str) -> Project:
        project = self._store.projects.get(project_id)
        if project is None or project.deleted_at is not None:
            raise NotAuthorized
        return project

    def environment(self, environment_id: str, project_id: str | None = None) -> Project:
        """The project of an environment, which must be ``project_id`` when that is given."""
        project = self._store.environment(environment_id)
        if project is None or project.deleted_at is not None or project_id not in (None, project.id):
            raise NotAuthorized
        return project

    def service(self, service_id: str) -> Service:
        service = self._store.services.get(service_id)
        if service is None or service.deleted_at is not None:
            raise NotAuthorized
        return service

    def visible_service(self, service_id: str) -> Service:
        """A service whose instance can be read already."""
        service = self.service(service_id)
        if not self.is_visible(service):
            raise Refusal("ServiceInstance not found")
        return service

    def is_visible(self, service: Service) -> bool:
        return service.visible_at <= self._workspace.clock.now()

    def domain(self, domain_id: str) -> Domain:
        domain = self._store.domains.get(domain_id)
        if domain is None or domain.deleted_at is not None:
            raise NotAuthorized
        return domain

    def custom_domain(self, domain_id: str) -> CustomDomain:
        domain = self._store.custom_domains.get(domain_id)
        if domain is None or domain.deleted_at is not None:
            raise NotAuthorized
        return domain

    def deployment(self, deployment_id: str) -> Deployment:
        deployment = self._store.deployments.get(deployment_id)
        if deployment is None or self._store.projects[deployment.project_id].deleted_at is not None:
            raise NotAuthorized
        return deployment

    def volume(self, volume_id: str) -> Volume:
        volume = self._store.volumes.get(volume_id)
        if volume is None or volume.deleted_at is not None:
            raise NotAuthorized
        return volume

    def volume_instance(self, instance_id: str) -> Volume:
        volume = self._store.volume_instance(instance_id)
        if volume is None or volume.deleted_at is not None:
            raise NotAuthorized
        if volume.visible_at > self._workspace.clock.now():
            raise Refusal("VolumeInstance not found")
        return volume

    def rule(self, rule_id: str) -> Rule:
        rule = self._store.rules.get(rule_id)
        if rule is None:
            raise NotAuthorized
        return rule
