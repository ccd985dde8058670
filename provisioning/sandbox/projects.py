"""The mutations on projects, and how projects end: asked for, after their grace, by their age; and are forgotten."""

import uuid
from collections.abc import Mapping
from typing import Any

from provisioning.sandbox.call import Call
from provisioning.sandbox.deployments import Deployments
from provisioning.sandbox.errors import Refusal
from provisioning.sandbox.lookup import Lookup
from provisioning.sandbox.mutations import delete_service
from provisioning.sandbox.records import Project
from provisioning.sandbox.throttles import PROJECTS_TOO_FAST, CreationThrottle
from provisioning.sandbox.views import Node, Views
from provisioning.sandbox.workspace import Workspace

Input = Mapping[str, Any]


class ProjectMutations:
    def __init__(self, workspace: Workspace, lookup: Lookup, views: Views, deployments: Deployments) -> None:
        self._workspace = workspace
        self._lookup = lookup
        self._views = views
        self._deployments = deployments
        self._throttle = CreationThrottle(workspace, workspace.options.project_interval, PROJECTS_TOO_FAST)

    def create(self, call: Call, input: Input) -> Node:
        if not input.get("workspace_id"):
            raise Refusal("You must specify a workspaceId to create a project")
        self._lookup.workspace(input["workspace_id"])
        self._throttle.pass_or_refuse()
        now = self._workspace.clock.now()
        project = Project(
            id=str(uuid.uuid4()),
            name=input.get("name") or f"project-{uuid.uuid4().hex[:6]}",
            description=input.get("description") or "",
            environment_id=str(uuid.uuid4()),
            environment_name=input.get("default_environment_name") or "production",
            created_at=now,
            visible_at=now,
        )
        project.visible_at += call.lag(project, 0.0)
        self._workspace.store.add(project)
        self.await_end(project)
        return self._views.project(project)

    def update(self, call: Call, id: str, input: Input) -> Node:
        project = self._lookup.project(id)
        project.name = input.get("name") or project.name
        project.description = input.get("description", project.description) or ""
        self._workspace.store.save(project)
        return self._views.project(project)

    def delete(self, call: Call, id: str) -> bool:
        self._delete(self._lookup.project(id))
        return True

    def schedule_delete(self, call: Call, id: str) -> bool:
        """The project stays listed and running for the grace period."""
        project = self._lookup.project(id)
        project.deletion_at = self._workspace.clock.now() + self._workspace.options.deletion_grace_seconds
        self._workspace.store.save(project)
        self.await_deletion(project)
        self._workspace.timeline.run_due()
        return True

    def cancel_delete(self, call: Call, id: str) -> bool:
        project = self._lookup.project(id)
        if project.deletion_at is None:
            raise Refusal("Project is not scheduled for deletion")
        project.deletion_at = None
        self._workspace.store.save(project)
        return True

    def force_delete(self, call: Call, id: str) -> bool:
        project = self._lookup.project(id)
        if project.deletion_at is None:
            raise Refusal("Project is not scheduled for deletion")
        self._delete(project)
        return True

    def await_end(self, project: Project) -> None:
        """Whatever ends it: its grace period, its age; then the time for which it is remembered."""
        options, timeline = self._workspace.options, self._workspace.timeline
        if project.deleted_at is not None:
            self._await_oblivion(project)
            return
        self.await_deletion(project)
        if options.life_seconds:
            timeline.at(project.created_at + options.life_seconds, lambda: self._delete_if_there(project))

    def await_deletion(self, project: Project) -> None:
        """Delete the project when its grace period is over, unless that is cancelled."""
        moment = project.deletion_at
        if moment is not None and project.deleted_at is None:
            self._workspace.timeline.at(moment, lambda: self._delete_if_due(project, moment))

    def _await_oblivion(self, project: Project) -> None:
        moment, seconds = project.deleted_at, self._workspace.options.memory_seconds
        if moment is not None and seconds:
            self._workspace.timeline.at(moment + seconds, lambda: self._workspace.store.forget(project))

    def _delete_if_there(self, project: Project) -> None:
        if project.deleted_at is None:
            self._delete(project)

    def _delete_if_due(self, project: Project, moment: float) -> None:
        if project.deletion_at == moment and project.deleted_at is None:
            self._delete(project)

    def _delete(self, project: Project) -> None:
        store, now = self._workspace.store, self._workspace.clock.now()
        for service in store.services_of(project.id):
            delete_service(self._workspace, self._deployments, service)
        for volume in store.volumes_of(project.id):
            volume.deleted_at = now
            store.save(volume)
        project.deleted_at = now
        store.save(project)
        self._await_oblivion(project)
