from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from provisioning.models import Backup
from provisioning.reasons import REASONS, reason
from tenants.admin.console import ReadOnlyAdmin

COLOURS = {
    Backup.State.WAITING: "info",
    Backup.State.RUNNING: "info",
    Backup.State.CHECKING: "info",
    Backup.State.GOOD: "success",
    Backup.State.FAILED: "danger",
}


@admin.register(Backup)
class BackupAdmin(ReadOnlyAdmin):
    """What lies at the storage company, of whom, and whether it could be used."""

    list_display = ("public_id", "instance", "occasion", "status", "taken_at", "shown_size", "why", "proven_at")
    list_filter = ("state", "occasion", "taken_at")
    search_fields = ("public_id__iexact", "instance__client_name", "instance__public_id__iexact")
    fields = readonly_fields = (
        *("public_id", "instance", "occasion", "state", "attempts", "created_at", "taken_at", "ended_at", "shown_size"),
        *("sha256", "facts", "why", "message", "locked_until", "proven_at", "erased_at", "key"),
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Backup]":
        found: QuerySet[Backup] = super().get_queryset(request)
        return found.select_related("instance")

    def moves(self, row: Backup) -> bool:
        return row.state in (Backup.State.WAITING, Backup.State.RUNNING, Backup.State.CHECKING)

    @display(description=_("state"), label=COLOURS, ordering="state")  # type: ignore[untyped-decorator]
    def status(self, backup: Backup) -> tuple[str, str]:
        return backup.state, backup.get_state_display()

    @admin.display(description=_("size"), ordering="size")
    def shown_size(self, backup: Backup) -> str:
        return filesizeformat(backup.size) if backup.size else ""

    @admin.display(description=_("reason"))
    def why(self, backup: Backup) -> str:
        if not backup.reason:
            return ""
        return str(reason(backup.reason).advice) if backup.reason in REASONS else backup.reason.replace("_", " ")
