"""What the API answers: plain functions build it, the serializers beside them describe it in the documentation."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from rest_framework import serializers

from provisioning.gate.turns import QueuePosition
from provisioning.models import Operation
from provisioning.reasons import reason
from provisioning.states import MAKING, OperationKind, OperationState
from tenants.api.authority import Authority
from tenants.api.inputs import PublicStatus
from tenants.lifecycle import InstanceState
from tenants.models import ApiKey, Instance, Plan
from tenants.services import certificates, partners
from tenants.wording.progress import Progress


class ModeField(serializers.ChoiceField):
    """``test``: of a test key, in the sandbox, and nothing of it is real."""

    def __init__(self) -> None:
        super().__init__(choices=["live", "test"])


class StepOutput(serializers.Serializer[None]):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    state = serializers.ChoiceField(choices=["pending", "running", "waiting", "done", "failed"])
    note = serializers.CharField(allow_blank=True)


class QueueOutput(serializers.Serializer[None]):
    """While it waits for its turn among other work: ``position`` counts from 1 among the ``waiting``."""

    position = serializers.IntegerField(min_value=1)
    waiting = serializers.IntegerField(min_value=1)
    estimatedStartAt = serializers.DateTimeField()


class DeletedOutput(serializers.Serializer[None]):
    kind = serializers.CharField()
    name = serializers.CharField()
    id = serializers.CharField()
    goneAt = serializers.DateTimeField(allow_null=True)


class LastBackupOutput(serializers.Serializer[None]):
    backupId = serializers.CharField()
    takenAt = serializers.DateTimeField(allow_null=True)
    bytes = serializers.IntegerField(allow_null=True)
    sha256 = serializers.CharField()
    keptUntil = serializers.DateTimeField()
    erasedAt = serializers.DateTimeField(allow_null=True)


class CertificateOutput(serializers.Serializer[None]):
    """What was deleted when, and which backup is kept until when; or why there is none, in ``withoutBackup``."""

    instanceId = serializers.CharField()
    deletionRequestedAt = serializers.DateTimeField(allow_null=True)
    endedAt = serializers.DateTimeField()
    deleted = DeletedOutput(many=True)
    lastBackup = LastBackupOutput(allow_null=True)
    withoutBackup = serializers.CharField(allow_null=True)


class StatusOutput(serializers.Serializer[None]):
    """Where an instance stands. Everything after ``queue`` needs an API key or the status token."""

    instanceId = serializers.CharField()
    mode = ModeField()
    status = serializers.ChoiceField(choices=PublicStatus.values)
    progress = serializers.IntegerField(min_value=0, max_value=100)
    step = StepOutput(allow_null=True)
    steps = StepOutput(many=True)
    estimatedReadyAt = serializers.DateTimeField(allow_null=True)
    queue = QueueOutput(allow_null=True)
    error = serializers.CharField(required=False)
    errorCode = serializers.CharField(required=False)
    instanceUrl = serializers.URLField(required=False, allow_null=True)
    adminEmail = serializers.EmailField(required=False)
    databaseName = serializers.CharField(required=False)
    projectId = serializers.CharField(required=False, allow_null=True)
    expiresAt = serializers.DateTimeField(required=False, allow_null=True)
    decommissionAfter = serializers.DateTimeField(required=False, allow_null=True)
    certificate = CertificateOutput(required=False)
    adminPassword = serializers.CharField(required=False)


class AcceptedOutput(serializers.Serializer[None]):
    """The order is taken; ask at ``statusUrl`` how it goes on."""

    instanceId = serializers.CharField()
    mode = ModeField()
    status = serializers.ChoiceField(choices=PublicStatus.values)
    message = serializers.CharField()
    statusUrl = serializers.URLField()
    statusToken = serializers.CharField()


class InstanceOutput(serializers.Serializer[None]):
    instanceId = serializers.CharField()
    mode = ModeField()
    clientName = serializers.CharField()
    companyName = serializers.CharField()
    status = serializers.ChoiceField(choices=PublicStatus.values)
    plan = serializers.CharField()
    instanceUrl = serializers.URLField(allow_null=True)
    adminEmail = serializers.EmailField()
    databaseName = serializers.CharField()
    odooVersion = serializers.CharField(allow_null=True)
    projectId = serializers.CharField(allow_null=True)
    createdAt = serializers.DateTimeField()
    readyAt = serializers.DateTimeField(allow_null=True)
    expiresAt = serializers.DateTimeField(allow_null=True)
    decommissionAfter = serializers.DateTimeField(allow_null=True)


class InstancePage(serializers.Serializer[None]):
    data = InstanceOutput(many=True)  # type: ignore[assignment]
    nextCursor = serializers.CharField(allow_null=True)
    hasMore = serializers.BooleanField()


class PlanOutput(serializers.Serializer[None]):
    code = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    pricePerMonth = serializers.DecimalField(max_digits=10, decimal_places=2)
    currency = serializers.CharField()
    lifetimeDays = serializers.IntegerField(allow_null=True)


class PlanList(serializers.Serializer[None]):
    data = PlanOutput(many=True)  # type: ignore[assignment]


class QuotaOutput(serializers.Serializer[None]):
    limit = serializers.IntegerField(allow_null=True)
    used = serializers.IntegerField()
    left = serializers.IntegerField(allow_null=True)


class CallerOutput(serializers.Serializer[None]):
    partner = serializers.CharField()
    mode = ModeField()
    key = serializers.DictField()
    quota = QuotaOutput()


def status_body(
    instance: Instance, authority: Authority, operation: Operation | None, progress: Progress | None
) -> dict[str, Any]:
    """What may be told about an instance, and the operation that tells of it, to somebody with this authority."""
    body: dict[str, Any] = {
        "instanceId": instance.public_id,
        "mode": instance.mode,
        "status": instance.status,
        **_progress(operation, progress),
    }
    if instance.state == InstanceState.FAILED and operation is not None:
        body |= {"error": str(reason(operation.reason).sentence), "errorCode": operation.reason}
    if authority >= Authority.PARTNER:
        body |= {
            "instanceUrl": instance.address or None,
            "adminEmail": instance.admin_email,
            "databaseName": instance.database_name,
            "projectId": instance.project_id or None,
            "expiresAt": moment(instance.expires_at),
            "decommissionAfter": moment(instance.decommission_after),
        }
        end = certificates.of(instance)
        body |= {"certificate": certificates.told(end)} if end else {}
    if authority >= Authority.OWNER and instance.state in (InstanceState.READY, InstanceState.SUSPENDED):
        password = instance.admin_password()
        body |= {"adminPassword": password} if password else {}
    return body


def accepted_body(instance: Instance, message: str) -> dict[str, Any]:
    return {
        "instanceId": instance.public_id,
        "mode": instance.mode,
        "status": instance.status,
        "message": message,
        "statusUrl": status_url(instance),
        "statusToken": instance.order_token,
    }


def instance_body(instance: Instance) -> dict[str, Any]:
    return {
        "instanceId": instance.public_id,
        "mode": instance.mode,
        "clientName": instance.client_name,
        "companyName": instance.tenant.company,
        "status": instance.status,
        "plan": instance.plan.code,
        "instanceUrl": instance.address or None,
        "adminEmail": instance.admin_email,
        "databaseName": instance.database_name,
        "odooVersion": instance.odoo_version or None,
        "projectId": instance.project_id or None,
        "createdAt": moment(instance.created_at),
        "readyAt": moment(instance.ready_at),
        "expiresAt": moment(instance.expires_at),
        "decommissionAfter": moment(instance.decommission_after),
    }


def plan_body(plan: Plan) -> dict[str, Any]:
    return {
        "code": plan.code,
        "name": plan.name,
        "description": plan.description,
        "pricePerMonth": f"{plan.price_per_month:.2f}",
        "currency": plan.currency,
        "lifetimeDays": plan.lifetime_days,
    }


def caller_body(key: ApiKey) -> dict[str, Any]:
    limit = partners.quota_of(key.partner)
    used = Instance.objects.live().sold_by(key.partner).count()
    return {
        "partner": key.partner.account.name,
        "mode": "test" if key.partner.is_test else "live",
        "key": {
            "id": key.public_id,
            "kind": key.kind,
            "name": key.name,
            "scopes": key.scopes,
            "expiresAt": moment(key.expires_at),
        },
        "quota": {"limit": limit, "used": used, "left": None if limit is None else max(0, limit - used)},
    }


def status_url(instance: Instance) -> str:
    return f"{settings.PUBLIC_BASE_URL}/api/instances/{instance.public_id}"


def moment(value: datetime | None) -> str | None:
    """RFC 3339 in UTC, to the second."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if value else None


def telling_operation(instance: Instance) -> Operation | None:
    """The work that the status is about: what is under way, else the creation or change of plan that has stopped."""
    active = instance.active_operation()
    if active is not None or instance.state != InstanceState.FAILED:
        return active
    return instance.operations.filter(kind__in=(*MAKING, OperationKind.CHANGE_PLAN)).order_by("-pk").first()


def _progress(operation: Operation | None, progress: Progress | None) -> dict[str, Any]:
    if operation is None or progress is None:
        return {"progress": 100, "step": None, "steps": [], "estimatedReadyAt": None, "queue": None}
    steps = [
        {"code": step.code, "label": str(step.label), "state": step.state, "note": str(step.note)}
        for step in progress.steps
    ]
    current = next((step for step in steps if progress.current and step["code"] == progress.current.code), None)
    creating = operation.kind in MAKING and operation.state == OperationState.ACTIVE
    return {
        "progress": progress.percent,
        "step": current,
        "steps": steps,
        "estimatedReadyAt": moment(progress.estimated_end) if creating else None,
        "queue": _queue(progress.place),
    }


def _queue(place: QueuePosition | None) -> dict[str, Any] | None:
    if place is None:
        return None
    return {"position": place.position, "waiting": place.waiting, "estimatedStartAt": moment(place.starts_at)}
