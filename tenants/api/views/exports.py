"""The export of an instance: where its newest backup can be fetched, and the kit that runs it elsewhere."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.api_view import ApiView
from tenants.api.outputs import moment
from tenants.api.problems import CONTENT_TYPE
from tenants.api.schema import PROBLEM
from tenants.audit import acting
from tenants.limits import counters, occasions
from tenants.models import ApiKey
from tenants.services import exports, preconditions
from tenants.services.exports import Export


class ExportedBackup(serializers.Serializer[None]):
    backupId = serializers.CharField()
    takenAt = serializers.DateTimeField()
    filename = serializers.CharField()
    bytes = serializers.IntegerField()
    sha256 = serializers.CharField()
    url = serializers.URLField()
    urlExpiresAt = serializers.DateTimeField()


class KitFileOutput(serializers.Serializer[None]):
    name = serializers.CharField()
    content = serializers.CharField()


class ExportOutput(serializers.Serializer[None]):
    backup = ExportedBackup()
    files = KitFileOutput(many=True)


class ExportView(ApiView):
    scopes = {"GET": (ApiKey.Scope.READ, ApiKey.Scope.SECRETS)}

    @extend_schema(
        operation_id="export_instance",
        summary="Take the data and run the same Odoo elsewhere",
        description=(
            "The newest good backup, at an address of the storage that is good for a quarter of an hour, and the files "
            "of a kit that starts the same Odoo from it: save them beside the backup and read README.md. "
            "Also for what was decommissioned, as long as its last backup is kept. Needs the scope `secrets` too."
        ),
        responses={200: ExportOutput, (409, CONTENT_TYPE): PROBLEM},
    )
    def get(self, request: Request, instance_id: str) -> Response:
        instance = self.own_instance(instance_id)
        preconditions.require("export", instance)
        self.note_usage(counters.take(occasions.export(instance.tenant.partner_id)))
        with acting(self.actor()):
            return Response(export_body(exports.export(instance)))


def export_body(export: Export) -> dict[str, Any]:
    backup = export.backup
    return {
        "backup": {
            "backupId": backup.public_id,
            "takenAt": moment(backup.taken_at),
            "filename": export.filename,
            "bytes": backup.size,
            "sha256": backup.sha256,
            "url": export.url,
            "urlExpiresAt": moment(export.expires_at),
        },
        "files": [{"name": file.name, "content": file.content} for file in export.kit],
    }
