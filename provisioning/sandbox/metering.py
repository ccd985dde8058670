"""The meter: what each service used between two moments, as Railway counts it, and what that costs."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from provisioning.sandbox.containers import role
from provisioning.sandbox.records import Deployment, Project, Service, Volume
from provisioning.sandbox.views import SMALLEST_VOLUME_MB
from provisioning.sandbox.volumes import BACKUP_MB
from provisioning.sandbox.workspace import Workspace

MINUTE = 60.0
DAY = 86_400.0
MONTH_MINUTES = 43_200.0
# what a small, quiet instance uses while it runs: gigabytes of memory, processors, gigabytes sent in 30 days
USED: Mapping[str, tuple[float, float, float]] = {
    "postgres": (0.15, 0.01, 0.0),
    "odoo": (0.5, 0.05, 2.0),
    "other": (0.1, 0.01, 0.0),
}
# on Saturdays and Sundays few people work
WEEKEND = 0.4
# docs.railway.com/pricing/plans: dollars a GB or vCPU a month, traffic a GB
PRICES: Mapping[str, float] = {
    "MEMORY_USAGE_GB": 10 / MONTH_MINUTES,
    "CPU_USAGE": 20 / MONTH_MINUTES,
    "NETWORK_TX_GB": 0.05,
    "DISK_USAGE_GB": 0.15 / MONTH_MINUTES,
    "BACKUP_USAGE_GB": 0.15 / MONTH_MINUTES,
}
Period = tuple[float, float]
# by service, where it is known, and measurement
Measured = dict[tuple[str | None, str], float]


class Meter:
    """Reads the deployments and volumes that there are and were, those of deleted projects too."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._store = workspace.store
        # as if everything had run for so long before it was made
        self._before = workspace.options.metered_days * DAY

    def measure(self, project: Project, start: float, end: float) -> Measured:
        """In the units of Railway's measurements: minutes of vCPU and of GB, GB for traffic."""
        used: Measured = {}
        for service in self._store.every_service_of(project.id):
            self._add_running(used, service, start, end)
        for volume in self._store.every_volume_of(project.id):
            self._add_stored(used, volume, start, end)
        return used

    def spent(self, start: float, end: float) -> float:
        """Dollars, of the whole workspace."""
        return sum(
            value * PRICES.get(measurement, 0.0)
            for project in self._store.projects.values()
            for (_service, measurement), value in self.measure(project, start, end).items()
        )

    def _add_running(self, used: Measured, service: Service, start: float, end: float) -> None:
        runs = [
            (role(deployment), *period)
            for deployment in self._store.deployments_of(service.id)
            for period in _runs(deployment, end)
        ]
        if runs and self._before:
            kind, first, _end = runs[0]
            runs.insert(0, (kind, first - self._before, first))
        for kind, since, until in runs:
            memory, processors, traffic = USED[kind]
            minutes, busy = _overlap(since, until, start, end), _busy(max(since, start), min(until, end))
            _add(used, service.id, "MEMORY_USAGE_GB", minutes * memory)
            _add(used, service.id, "CPU_USAGE", busy * processors)
            _add(used, service.id, "NETWORK_TX_GB", busy * traffic / MONTH_MINUTES)

    def _add_stored(self, used: Measured, volume: Volume, start: float, end: float) -> None:
        until = end if volume.deleted_at is None else volume.deleted_at
        owner = volume.service_id or volume.first_service_id
        minutes = _overlap(volume.created_at - self._before, until, start, end)
        _add(used, owner, "DISK_USAGE_GB", minutes * SMALLEST_VOLUME_MB / 1024)
        for schedule in [*volume.schedules, *volume.backups]:
            made = datetime.fromisoformat(schedule["createdAt"]).timestamp()
            kept = _overlap(made - self._before, until, start, end)
            _add(used, owner, "BACKUP_USAGE_GB", kept * BACKUP_MB / 1024)


def _runs(deployment: Deployment, end: float) -> Iterator[Period]:
    """When it ran."""
    since = None
    for moment, status in [*deployment.history, (end, "")]:
        if since is not None and moment > since:
            yield since, moment
        since = moment if status == "SUCCESS" else None


def _overlap(since: float, until: float, start: float, end: float) -> float:
    """Minutes that both periods share."""
    return max(0.0, min(until, end) - max(since, start)) / MINUTE


def _busy(start: float, end: float) -> float:
    """Minutes, those of weekends for less."""
    minutes, moment = 0.0, start
    while moment < end:
        following = min(end, moment - moment % DAY + DAY)
        share = WEEKEND if datetime.fromtimestamp(moment, UTC).weekday() >= 5 else 1.0
        minutes += (following - moment) / MINUTE * share
        moment = following
    return minutes


def _add(used: Measured, service: str | None, measurement: str, value: float) -> None:
    used[service, measurement] = used.get((service, measurement), 0.0) + value
