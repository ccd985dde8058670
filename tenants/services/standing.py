"""Where an instance stands, by few and simple statements: what pollers ask every few seconds."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from provisioning.models import Operation, Step
from provisioning.states import MAKING, OperationKind, OperationState
from tenants.lifecycle import InstanceState
from tenants.models import Instance, Plan, StatusChange, Tenant
from tenants.models.statement import Statement

KEPT = timedelta(days=30)
_VERSION = """
    (SELECT COUNT(*) FROM tenants_statuschange v WHERE v.instance_id = i.id),
    (SELECT SUM(v.token) FROM tenants_statuschange v WHERE v.instance_id = i.id)
"""
_WHO = ("public_id", "state", "link_revision", "created_by_key_id", "tenant_id", "workspace")
_GLANCE = Statement(
    f"SELECT {{i}}, {{t}}, {_VERSION} FROM tenants_instance i JOIN tenants_tenant t ON t.id = i.tenant_id"  # noqa: S608
    " WHERE i.public_id = %s",
    i=(Instance, _WHO),
    t=(Tenant, ("partner_id",)),
)
_MAKING = ", ".join(f"'{kind}'" for kind in (*MAKING, OperationKind.CHANGE_PLAN))
_STANDING = Statement(
    f"""
    SELECT {{i}}, {{t}}, {{p}}, {_VERSION}, COALESCE(
        (SELECT a.id FROM provisioning_operation a WHERE a.instance_id = i.id AND a.state = '{OperationState.ACTIVE}'),
        CASE WHEN i.state = '{InstanceState.FAILED}' THEN (
            SELECT MAX(c.id) FROM provisioning_operation c
            WHERE c.instance_id = i.id AND c.kind IN ({_MAKING})
        ) END
    )
    FROM tenants_instance i
    JOIN tenants_tenant t ON t.id = i.tenant_id
    JOIN tenants_plan p ON p.id = i.plan_id
    WHERE i.public_id = %s
    """,  # noqa: S608  no value from outside
    i=(
        Instance,
        (
            *_WHO,
            *("url", "admin_email", "database_name", "project_id", "language", "plan_id"),
            *("ready_at", "expires_at", "decommission_after", "ended_at"),
        ),
    ),
    t=(Tenant, ("partner_id", "company", "email", "language")),
    p=(Plan, ("code", "lifetime_days")),
)
# the operation's columns come with each of its steps: less than a statement more
_WORK = Statement(
    "SELECT {s}, {o} FROM provisioning_operation o LEFT JOIN provisioning_step s ON s.operation_id = o.id"
    " WHERE o.id = %s ORDER BY s.position",
    s=(Step, ("operation_id", "position", "code", "state", "reason", "started_at", "ended_at")),
    o=(
        Operation,
        (
            *("reference", "kind", "instance_id", "state", "spec", "reason", "queue", "run_after", "deadline_at"),
            *("lease_expires_at", "created_at", "ended_at"),
        ),
    ),
)


@dataclass(frozen=True)
class Standing:
    """``operation`` is the work that the status is about, with its steps: what is under way, else of a failed instance
    its last creation. ``version`` was read before all else, so it is never newer than what stands beside it.
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
    """By at most two statements. What else is asked of the objects is read by statements of their own."""
    rows = _STANDING.ask(public_id)
    if not rows:
        return None
    instance, tenant, plan, count, total, work = rows[0]
    instance.tenant, instance.plan = tenant, plan
    return Standing(instance, _version(count, total), _operation(instance, work) if work else None)


def purge() -> int:
    """Forget the versions of instances that ended a month ago; their statuses are digests of the whole anyway."""
    over = StatusChange.objects.filter(
        instance__state=InstanceState.DECOMMISSIONED, instance__ended_at__lt=timezone.now() - KEPT
    )
    count, _each = over.delete()
    return count


def _version(count: int, total: int | None) -> str:
    return f"{count:x}.{int(total or 0):x}"


def _operation(instance: Instance, pk: int) -> Operation | None:
    rows = _WORK.ask(pk, once=("o",))
    if not rows:
        return None
    operation: Operation = rows[0][1]
    operation.instance = instance
    steps = Step.objects.filter(operation=operation)
    # as after prefetch_related
    steps._result_cache = [step for step, *_same in rows if step is not None]
    setattr(operation, "_prefetched_objects_cache", {"steps": steps})  # noqa: B010  Django's own name for it
    return operation
