"""The backups of an instance: what there is, one more, and one brought back."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from provisioning.models import Backup
from tenants.api.api_view import ApiView
from tenants.api.inputs import RestoreInput
from tenants.api.outputs import StatusOutput
from tenants.api.schema import IDEMPOTENCY_KEY
from tenants.api.views.instances import watched_answer
from tenants.limits import occasions
from tenants.models import ApiKey
from tenants.services import backups, drills, preconditions, restores
from tenants.services.idempotency import Answer

SHOWN = 100


class BackupOutput(serializers.Serializer[None]):
    backupId = serializers.CharField()
    status = serializers.ChoiceField(choices=Backup.State.values)
    occasion = serializers.ChoiceField(choices=Backup.Occasion.values)
    requestedAt = serializers.DateTimeField()
    takenAt = serializers.DateTimeField(allow_null=True)
    bytes = serializers.IntegerField(allow_null=True)
    sha256 = serializers.CharField(allow_null=True)
    restorationProvenAt = serializers.DateTimeField(allow_null=True)


class BackupList(serializers.Serializer[None]):
    data = BackupOutput(many=True)  # type: ignore[assignment]
    lastRestorationProvenAt = serializers.DateTimeField(allow_null=True)


class BackupsView(ApiView):
    scopes = {"GET": (ApiKey.Scope.READ,), "POST": (ApiKey.Scope.WRITE,)}

    @extend_schema(operation_id="list_backups", summary="The newest hundred backups", responses=BackupList)
    def get(self, request: Request, instance_id: str) -> Response:
        instance = self.own_instance(instance_id)
        rows = Backup.objects.filter(instance=instance).order_by("-pk")[:SHOWN]
        proven = drills.last_proof(instance)
        moment = proven.proven_at.isoformat() if proven and proven.proven_at else None
        return Response({"data": [backup_body(row) for row in rows], "lastRestorationProvenAt": moment})

    @extend_schema(
        operation_id="back_up_instance",
        summary="Make a backup now",
        description="Odoo goes on meanwhile. While one is under way, that one is the answer.",
        request=None,
        parameters=[IDEMPOTENCY_KEY],
        responses={202: BackupOutput},
    )
    def post(self, request: Request, instance_id: str) -> HttpResponse:
        instance = self.own_instance(instance_id)
        return self.once(
            lambda: Answer(202, backup_body(backups.back_up(instance)), {}),
            claims=(occasions.backup(instance.public_id),),
        )


class RestoreView(ApiView):
    # the new password is told to who may read it: what is restored may be older than what a key may see
    scopes = {"POST": (ApiKey.Scope.WRITE,)}

    @extend_schema(
        operation_id="restore_instance",
        summary="Bring a backup back",
        description=(
            "What it holds replaces everything in this instance's Odoo. The present state is backed up first and "
            "comes back when the restored one does not open. Odoo is away meanwhile; the customer gets a new password "
            "by e-mail."
        ),
        request=RestoreInput,
        parameters=[IDEMPOTENCY_KEY],
        responses={202: StatusOutput},
    )
    def post(self, request: Request, instance_id: str) -> HttpResponse:
        instance = self.own_instance(instance_id)
        wanted = self.read(RestoreInput)

        def restore() -> Answer:
            restores.restore(instance, wanted["backupId"], confirmation=wanted["clientName"])
            return watched_answer(instance, self.key())

        return self.once(
            restore,
            claims=occasions.partner_mail(instance.tenant.partner_id, instance.admin_email),
            admit=lambda: preconditions.require("restore", instance),
        )


def backup_body(backup: Backup) -> dict[str, Any]:
    good = backup.state == Backup.State.GOOD
    return {
        "backupId": backup.public_id,
        "status": str(backup.state),
        "occasion": str(backup.occasion),
        "requestedAt": backup.created_at.isoformat(),
        "takenAt": backup.taken_at.isoformat() if backup.taken_at else None,
        "bytes": backup.size if good else None,
        "sha256": backup.sha256 if good else None,
        "restorationProvenAt": backup.proven_at.isoformat() if backup.proven_at else None,
    }
