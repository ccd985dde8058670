"""The watcher: asks about all deployments that operations wait for, together, and wakes whom it concerns."""

import logging

from provisioning import engine, observation
from provisioning.errors import ProvisioningError
from provisioning.models import Operation, Resource
from provisioning.railway.results import DeploymentStatus
from provisioning.states import OperationState, ResourceState

logger = logging.getLogger(__name__)

SETTLED = (
    DeploymentStatus.SUCCESS,
    DeploymentStatus.SLEEPING,
    DeploymentStatus.FAILED,
    DeploymentStatus.CRASHED,
    DeploymentStatus.REMOVED,
    DeploymentStatus.SKIPPED,
)


def watch() -> int:
    """Look once at every deployment that an active operation waits for; returns how many changed.

    A workspace that cannot be asked is left for the next time: the operations themselves notice
    when nobody has looked for long.
    """
    awaited: dict[str, list[Resource]] = {}
    for row in _awaited():
        awaited.setdefault(row.workspace, []).append(row)
    changed: list[Resource] = []
    for workspace, rows in awaited.items():
        try:
            changed += observation.look(rows, workspace=workspace)
        except ProvisioningError as error:
            logger.warning("Could not watch workspace %s: %s", workspace, error.message)
    for operation_id in _operations_on({row.instance_id for row in changed}):
        engine.wake(operation_id)
    return len(changed)


def _awaited() -> list[Resource]:
    return list(
        Resource.objects.filter(
            kind="deployment",
            state=ResourceState.PRESENT,
            instance__operations__state=OperationState.ACTIVE,
        )
        .exclude(status__in=SETTLED)
        .order_by("pk")
    )


def _operations_on(instance_ids: set[int]) -> list[int]:
    return list(Operation.objects.active().filter(instance_id__in=instance_ids).values_list("pk", flat=True))
