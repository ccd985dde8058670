from typing import Any

from django.contrib import admin
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from tenants.admin.console import ReadOnlyAdmin
from tenants.models import Reconciliation
from tenants.wording.differences import row_of


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "actor", "applied", "ours", "found", "done", "refusal")
    list_filter = ("applied", "started_at")
    fields = (
        *("started_at", "ended_at", "actor", "applied", "listed", "ours", "refusal", "what_differs", "what_was_done"),
        "failed",
    )
    readonly_fields = ("what_differs", "what_was_done", "failed")

    @admin.display(description=_("differences"))
    def found(self, run: Reconciliation) -> int:
        return len(run.differences)

    @admin.display(description=_("what was done"))
    def done(self, run: Reconciliation) -> int:
        return len(run.acts)

    @admin.display(description=_("differences"))
    def what_differs(self, run: Reconciliation) -> SafeString | str:
        return _table(run.differences)

    @admin.display(description=_("what was done"))
    def what_was_done(self, run: Reconciliation) -> SafeString | str:
        return _table(run.acts)

    @admin.display(description=_("errors by workspace"))
    def failed(self, run: Reconciliation) -> str:
        return ", ".join(f"{workspace}: {error}" for workspace, error in run.errors.items())


def _table(differences: list[dict[str, Any]]) -> SafeString | str:
    if not differences:
        return ""
    rows = [row_of(each) for each in differences]
    return SafeString(render_to_string("admin/differences.html", {"rows": rows}))
