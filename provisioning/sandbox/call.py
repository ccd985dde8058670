"""One GraphQL request under way: what faults may call it, and what it concerns.

A call and not a request, which is what `http_server` names that of HTTP.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioning.sandbox.faults import Fault
from provisioning.sandbox.records import Project
from provisioning.sandbox.workspace import Workspace

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass
class Call:
    """``names`` are its operation's name and root fields. ``resolvers`` answer them; ``field_fault`` strikes one."""

    workspace: Workspace
    names: frozenset[str]
    variables: Mapping[str, Any]
    resolvers: Mapping[str, Callable[..., Any]]
    field_fault: Fault | None = None
    fields_run: int = field(default=0)

    def subject(self) -> str:
        """The variables, and the names and descriptions of the projects that their ids belong to."""
        text = json.dumps(self.variables, ensure_ascii=False, default=str)
        projects = {project.id: project for found in UUID.findall(text) if (project := self._project(found))}
        return " ".join([text, *(self.workspace.subject(project) for project in projects.values())])

    def claim(self, *kinds: str) -> Fault | None:
        """The fault of these kinds that strikes this request."""
        return self.workspace.faults.claim(kinds, names=self.names, subject=self.subject)

    def lag(self, project: Project, usual: float) -> float:
        """Seconds until something that this request creates can be read."""
        fault = self.workspace.faults.claim(
            {"lag"}, names=self.names, subject=lambda: f"{self.subject()} {self.workspace.subject(project)}"
        )
        return fault.number("seconds", 10.0) if fault else usual

    def _project(self, id: str) -> Project | None:
        store = self.workspace.store
        tables: tuple[Mapping[str, Any], ...] = (store.services, store.deployments, store.volumes, store.domains)
        owned = next((table[id] for table in (*tables, store.custom_domains) if id in table), None)
        owned = owned or store.volume_instance(id)
        return store.projects[owned.project_id] if owned else store.projects.get(id) or store.environment(id)
