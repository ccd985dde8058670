"""The mutations on volumes, their backups, and notification rules."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from provisioning.sandbox.call import Call
from provisioning.sandbox.clock import timestamp
from provisioning.sandbox.errors import Refusal
from provisioning.sandbox.lookup import Lookup
from provisioning.sandbox.records import Rule, Volume
from provisioning.sandbox.throttles import VOLUMES_TOO_FAST, CreationThrottle
from provisioning.sandbox.views import Node, Views
from provisioning.sandbox.workspace import Workspace

Input = Mapping[str, Any]
DAY = 86_400
SCHEDULES: Mapping[str, tuple[str, int]] = {
    "DAILY": ("0 3 * * *", 6 * DAY),
    "WEEKLY": ("0 3 * * 0", 30 * DAY),
    "MONTHLY": ("0 3 1 * *", 90 * DAY),
}
BACKUP_MB = 35


class VolumeMutations:
    def __init__(self, workspace: Workspace, lookup: Lookup, views: Views) -> None:
        self._workspace = workspace
        self._lookup = lookup
        self._views = views
        self._throttle = CreationThrottle(workspace, workspace.options.volume_interval, VOLUMES_TOO_FAST)

    def create(self, call: Call, input: Input) -> Node:
        store, now = self._workspace.store, self._workspace.clock.now()
        project = self._lookup.project(input["project_id"])
        service = self._lookup.service(input["service_id"]) if input.get("service_id") else None
        if service and store.volume_of(service):
            raise Refusal("Service already has a volume: only one volume per service is possible")
        self._throttle.pass_or_refuse()
        volume = Volume(
            id=str(uuid.uuid4()),
            instance_id=str(uuid.uuid4()),
            project_id=project.id,
            service_id=service.id if service else None,
            name=f"volume-{uuid.uuid4().hex[:6]}",
            mount_path=input["mount_path"],
            created_at=now,
            visible_at=now + call.lag(project, self._workspace.options.lag_seconds),
            first_service_id=service.id if service else None,
        )
        store.add(volume)
        return self._views.volume(volume)

    def update(self, call: Call, volume_id: str, input: Input) -> Node:
        volume = self._lookup.volume(volume_id)
        volume.name = input.get("name") or volume.name
        self._workspace.store.save(volume)
        return self._views.volume(volume)

    def delete(self, call: Call, volume_id: str) -> bool:
        volume = self._lookup.volume(volume_id)
        volume.deleted_at = self._workspace.clock.now()
        self._workspace.store.save(volume)
        return True

    def schedule_backups(self, call: Call, volume_instance_id: str, kinds: Sequence[str]) -> bool:
        """The schedules become exactly these."""
        volume = self._lookup.volume_instance(volume_instance_id)
        held = {schedule["kind"]: schedule for schedule in volume.schedules}
        volume.schedules = [held.get(kind) or self._schedule(kind) for kind in dict.fromkeys(kinds)]
        self._workspace.store.save(volume)
        return True

    def create_backup(self, call: Call, volume_instance_id: str, name: str | None = None) -> Node:
        volume = self._lookup.volume_instance(volume_instance_id)
        backup_id = str(uuid.uuid4())
        volume.backups.append(
            {
                "id": backup_id,
                "externalId": backup_id,
                "name": name,
                "createdAt": timestamp(self._workspace.clock.now()),
                "usedMB": BACKUP_MB,
                "referencedMB": BACKUP_MB,
            }
        )
        self._workspace.store.save(volume)
        # the workflow is over at once: its id is the backup's
        return {"workflowId": backup_id}

    def _schedule(self, kind: str) -> Node:
        cron, retention = SCHEDULES[kind]
        return {
            "id": str(uuid.uuid4()),
            "kind": kind,
            "name": kind.capitalize(),
            "cron": cron,
            "retentionSeconds": retention,
            "createdAt": timestamp(self._workspace.clock.now()),
        }


class RuleMutations:
    def __init__(self, workspace: Workspace, lookup: Lookup, views: Views) -> None:
        self._workspace = workspace
        self._lookup = lookup
        self._views = views

    def create(self, call: Call, input: Input) -> Node:
        self._lookup.workspace(input["workspace_id"])
        if input.get("project_id"):
            self._lookup.project(input["project_id"])
        now = self._workspace.clock.now()
        rule = Rule(
            id=str(uuid.uuid4()),
            workspace_id=input["workspace_id"],
            project_id=input.get("project_id"),
            event_types=list(input["event_types"]),
            severities=list(input.get("severities") or []),
            ephemeral=bool(input.get("ephemeral_environments")),
            channels=_channels(input["channel_configs"]),
            created_at=now,
            updated_at=now,
        )
        self._workspace.store.add(rule)
        return self._views.rule(rule)

    def update(self, call: Call, id: str, input: Input) -> Node:
        rule = self._lookup.rule(id)
        if input.get("event_types") is not None:
            rule.event_types = list(input["event_types"])
        if input.get("severities") is not None:
            rule.severities = list(input["severities"])
        if input.get("channel_configs") is not None:
            rule.channels = _channels(input["channel_configs"])
        rule.updated_at = self._workspace.clock.now()
        self._workspace.store.save(rule)
        return self._views.rule(rule)

    def delete(self, call: Call, id: str) -> bool:
        self._workspace.store.remove_rule(self._lookup.rule(id))
        return True


def _channels(configs: Sequence[Any]) -> list[dict[str, Any]]:
    for config in configs:
        url = str(config.get("url", "")) if isinstance(config, Mapping) and config.get("type") == "webhook" else ""
        if not url.startswith(("http://", "https://")):
            raise Refusal("Invalid notification channel config", "BAD_USER_INPUT")
    return [{"id": str(uuid.uuid4()), "config": dict(config)} for config in configs]
