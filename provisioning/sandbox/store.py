"""The rows in memory, with the look-ups that requests need, and their copy on disk."""

import json
import sqlite3
import sys
from collections import defaultdict
from dataclasses import fields
from pathlib import Path
from typing import Any

from provisioning.sandbox.records import KINDS, CustomDomain, Deployment, Domain, Project, Record, Rule, Service, Volume

# long values (a carried script, a key) are the same for every instance: kept once in memory
SHARED_LENGTH = 200


class Store:
    """Everything lives in memory; `flush` writes what was saved since the last one, in one transaction.

    Without a folder nothing is kept. A killed process loses nothing flushed; a killed machine may.
    """

    def __init__(self, folder: Path | None) -> None:
        self._disk = _open(folder)
        self._changed: dict[tuple[str, str], Record] = {}
        self._clear_memory()
        self._load()

    def _clear_memory(self) -> None:
        self.projects: dict[str, Project] = {}
        self.services: dict[str, Service] = {}
        self.volumes: dict[str, Volume] = {}
        self.domains: dict[str, Domain] = {}
        self.custom_domains: dict[str, CustomDomain] = {}
        self.deployments: dict[str, Deployment] = {}
        self.rules: dict[str, Rule] = {}
        self.meta: dict[str, Any] = {}
        self._environments: dict[str, str] = {}
        self._volume_instances: dict[str, str] = {}
        self._owned: dict[tuple[str, str], list[Any]] = defaultdict(list)
        self.labels: dict[str, str] = {}

    def _table(self, kind: str) -> dict[str, Any]:
        tables: dict[str, dict[str, Any]] = {
            "Project": self.projects,
            "Service": self.services,
            "Volume": self.volumes,
            "Domain": self.domains,
            "CustomDomain": self.custom_domains,
            "Deployment": self.deployments,
            "Rule": self.rules,
        }
        return tables[kind]

    def add(self, record: Record) -> None:
        """Take a new row in and save it."""
        self._index(record)
        self.save(record)

    def save(self, record: Record) -> None:
        """The row has changed: the next flush writes it."""
        self._changed[type(record).__name__, record.id] = record

    def remove_rule(self, rule: Rule) -> None:
        del self.rules[rule.id]
        self._changed.pop(("Rule", rule.id), None)
        if self._disk:
            self._disk.execute("DELETE FROM record WHERE kind = 'Rule' AND id = ?", (rule.id,))

    def forget(self, project: Project) -> None:
        """Nothing is known any more of it, nor of what was in it."""
        services = self._owned.pop(("Service", project.id), [])
        volumes = self._owned.pop(("Volume", project.id), [])
        domains = [row for each in services for row in self._owned.pop(("Domain", each.id), [])]
        deployments = [row for each in services for row in self._owned.pop(("Deployment", each.id), [])]
        self._environments.pop(project.environment_id, None)
        for volume in volumes:
            self._volume_instances.pop(volume.instance_id, None)
        for record in (*deployments, *domains, *volumes, *services, project):
            kind = type(record).__name__
            self._table(kind).pop(record.id, None)
            self._changed.pop((kind, record.id), None)
            if self._disk:
                self._disk.execute("DELETE FROM record WHERE kind = ? AND id = ?", (kind, record.id))

    def environment(self, environment_id: str) -> Project | None:
        """The project whose environment this is."""
        return self.projects.get(self._environments.get(environment_id, ""))

    def volume_instance(self, instance_id: str) -> Volume | None:
        return self.volumes.get(self._volume_instances.get(instance_id, ""))

    def services_of(self, project_id: str) -> list[Service]:
        """In the order of their creation, without deleted ones, as everywhere below."""
        return [row for row in self._owned["Service", project_id] if row.deleted_at is None]

    def every_service_of(self, project_id: str) -> list[Service]:
        """Deleted ones too."""
        found: list[Service] = self._owned["Service", project_id]
        return found

    def volumes_of(self, project_id: str) -> list[Volume]:
        return [row for row in self._owned["Volume", project_id] if row.deleted_at is None]

    def every_volume_of(self, project_id: str) -> list[Volume]:
        """Deleted ones too."""
        found: list[Volume] = self._owned["Volume", project_id]
        return found

    def domains_of(self, service_id: str) -> list[Domain]:
        return [row for row in self._owned["Domain", service_id] if row.deleted_at is None]

    def every_domain_of(self, service_id: str) -> list[Domain]:
        """Deleted ones too."""
        found: list[Domain] = self._owned["Domain", service_id]
        return found

    def custom_domains_of(self, service_id: str) -> list[CustomDomain]:
        living = (row for row in self.custom_domains.values() if row.deleted_at is None)
        return [row for row in living if row.service_id == service_id]

    def names_of(self, service_id: str) -> list[Domain | CustomDomain]:
        return [*self.domains_of(service_id), *self.custom_domains_of(service_id)]

    def custom_domain(self, name: str) -> CustomDomain | None:
        """The living one of this name, at whichever service."""
        living = (row for row in self.custom_domains.values() if row.deleted_at is None)
        return next((row for row in living if row.domain == name), None)

    def deployments_of(self, service_id: str) -> list[Deployment]:
        found: list[Deployment] = self._owned["Deployment", service_id]
        return found

    def volume_of(self, service: Service) -> Volume | None:
        return next((row for row in self.volumes_of(service.project_id) if row.service_id == service.id), None)

    def remember(self, **meta: Any) -> None:
        """Keep small facts about the sandbox itself."""
        self.meta.update(meta)
        if self._disk:
            rows = [(name, json.dumps(value)) for name, value in meta.items()]
            self._disk.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)

    def flush(self) -> None:
        if self._disk and (self._changed or self._disk.in_transaction):
            self._disk.executemany(
                "INSERT INTO record (kind, id, body) VALUES (?, ?, ?)"
                " ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
                [(kind, number, _body(record)) for (kind, number), record in self._changed.items()],
            )
            self._disk.commit()
        self._changed.clear()

    def clear(self) -> None:
        """Forget everything but what is known about the sandbox itself."""
        meta = self.meta
        self._changed.clear()
        self._clear_memory()
        self.meta = meta
        if self._disk:
            self._disk.execute("DELETE FROM record")
            self._disk.commit()

    def close(self) -> None:
        self.flush()
        if self._disk:
            self._disk.close()
            self._disk = None

    def _index(self, record: Record) -> None:
        self._table(type(record).__name__)[record.id] = record
        match record:
            case Project():
                self._environments[record.environment_id] = record.id
            case Service():
                record.variables = shared_values(record.variables)
                self._owned["Service", record.project_id].append(record)
            case Volume():
                self._volume_instances[record.instance_id] = record.id
                self._owned["Volume", record.project_id].append(record)
            case Domain():
                self._owned["Domain", record.service_id].append(record)
                if record.deleted_at is None:
                    self.labels[record.label] = record.id
            case Deployment():
                record.variables = shared_values(record.variables)
                self._owned["Deployment", record.service_id].append(record)
            case Rule() | CustomDomain():
                pass

    def _load(self) -> None:
        if not self._disk:
            return
        self.meta = {name: json.loads(value) for name, value in self._disk.execute("SELECT name, value FROM meta")}
        kinds: dict[str, Any] = {kind.__name__: kind for kind in KINDS}
        for kind, body in self._disk.execute("SELECT kind, body FROM record ORDER BY number"):
            self._index(kinds[kind](**json.loads(body)))


def _open(folder: Path | None) -> sqlite3.Connection | None:
    if folder is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    disk = sqlite3.connect(folder / "sandbox.sqlite3", check_same_thread=False)
    disk.execute("PRAGMA journal_mode = WAL")
    disk.execute("PRAGMA synchronous = OFF")
    disk.execute(
        "CREATE TABLE IF NOT EXISTS record"
        " (number INTEGER PRIMARY KEY, kind TEXT, id TEXT, body TEXT, UNIQUE (kind, id))"
    )
    disk.execute("CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT)")
    disk.commit()
    return disk


def _body(record: Record) -> str:
    return json.dumps({field.name: getattr(record, field.name) for field in fields(record)})


def shared_values(variables: dict[str, str]) -> dict[str, str]:
    """The same variables, long values shared with every equal one already held."""
    return {name: sys.intern(value) if len(value) > SHARED_LENGTH else value for name, value in variables.items()}
