"""Where an instance stands, by few and simple statements: what pollers ask every few seconds."""

from dataclasses import dataclass, replace
from datetime import timedelta

from django.utils import timezone

from provisioning.models import Operation, Step
from provisioning.states import MAKING, OperationKind, OperationState
from tenants.lifecycle import InstanceState
from tenants.models import Instance, StatusChange, Tenant
from tenants.models.statement import Statement

KEPT = timedelta(days=30)
_COUNT = "(SELECT COUNT(*) FROM tenants_statuschange v WHERE v.instance_id = i.id)"
_SUM = "(SELECT SUM(v.token) FROM tenants_statuschange v WHERE v.instance_id = i.id)"
_WHO = ("public_id", "state", "link_revision", "created_by_key_id", "tenant_id", "workspace")
_GLANCE = Statement(
    f"SELECT {{i}}, {{t}}, {_COUNT}, {_SUM} FROM tenants_instance i JOIN tenants_tenant t ON t.id = i.tenant_id"  # noqa: S608
    " WHERE i.public_id = %s",
    i=(Instance, _WHO),
    t=(Tenant, ("partner_id",)),
)
_MAKING = ", ".join(f"'{kind}'" for kind in (*MAKING, OperationKind.CHANGE_PLAN))
# what is the same for each step comes with the first of them, whose position is 0 in every recipe
_FIRST = "COALESCE(s.position, 0) = 0"
_STANDING = Statement(
    f"""
    SELECT {{i}}, {{t}}, {{o}}, {{s}}, CASE WHEN {_FIRST} THEN {_COUNT} END, CASE WHEN {_FIRST} THEN {_SUM} END
    FROM tenants_instance i
    JOIN tenants_tenant t ON t.id = i.tenant_id
    LEFT JOIN provisioning_operation o ON o.id = COALESCE(
        (SELECT a.id FROM provisioning_operation a WHERE a.instance_id = i.id AND a.state = '{OperationState.ACTIVE}'),
        CASE WHEN i.state = '{InstanceState.FAILED}' THEN (
            SELECT MAX(c.id) FROM provisioning_operation c
            WHERE c.instance_id = i.id AND c.kind IN ({_MAKING})
        ) END
    )
    LEFT JOIN provisioning_step s ON s.operation_id = o.id
    WHERE i.public_id = %s
    ORDER BY s.position
    """,  # noqa: S608  no value from outside
    once=("i", "t", "o"),
    first=_FIRST,
    i=(
        Instance,
        (
            *_WHO,
            *("url", "own_domain", "admin_email", "database_name", "project_id", "language", "plan_id"),
            *("ready_at", "expires_at", "decommission_after", "ended_at"),
        ),
    ),
    t=(Tenant, ("partner_id",)),
    o=(
        Operation,
        (
            *("reference", "kind", "instance_id", "state", "spec", "reason", "queue", "run_after", "deadline_at"),
            *("lease_expires_at", "created_at", "ended_at"),
        ),
    ),
    s=(Step, ("operation_id", "position", "code", "state", "reason", "started_at", "ended_at")),
)


@dataclass(frozen=True)
class Standing:
    """``operation`` is the work that the status is about, with its steps: what is under way, else of a failed instance
    its last creation. ``version`` was read with all that stands beside it.
    """

    instance: Instance
    version: str
    operation: Operation | None = None


def glance(public_id: str) -> Standing | None:
    """The version of what its status tells, and of the instance what says who may be told; by one statement."""
    rows = _GLANCE.ask(public_id)
    if not rows:
        return None
    instance, tenant, count, total = rows[0]
    instance.tenant = tenant
    return Standing(instance, _version(count, total))


def read(public_id: str) -> Standing | None:
    """By one statement. What else is asked of the objects is read by statements of their own."""
    rows = _STANDING.ask(public_id)
    if not rows:
        return None
    instance, tenant, operation, step, count, total = rows[0]
    if instance is None:
        # somebody has deleted the first step by hand
        now = glance(public_id)
        return replace(now, operation=Operation.objects.get(pk=step.operation_id)) if now else None
    instance.tenant = tenant
    if operation is not None:
        operation.instance = instance
        steps = Step.objects.filter(operation=operation)
        # as after prefetch_related
        steps._result_cache = [row[3] for row in rows if row[3] is not None]
        operation._prefetched_objects_cache = {"steps": steps}
    return Standing(instance, _version(count, total), operation)


def purge() -> int:
    """Forget the versions of instances that ended a month ago; their statuses are digests of the whole anyway."""
    over = StatusChange.objects.filter(
        instance__state=InstanceState.DECOMMISSIONED, instance__ended_at__lt=timezone.now() - KEPT
    )
    count, _each = over.delete()
    return count


def _version(count: int, total: int | None) -> str:
    return f"{count:x}.{int(total or 0):x}"
