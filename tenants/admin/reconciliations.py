from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from tenants.admin.console import ReadOnlyAdmin
from tenants.models import Reconciliation


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "actor", "applied", "ours", "found", "done", "refusal")
    list_filter = ("applied", "started_at")

    @admin.display(description=_("differences"))
    def found(self, run: Reconciliation) -> int:
        return len(run.differences)

    @admin.display(description=_("what was done"))
    def done(self, run: Reconciliation) -> int:
        return len(run.acts)
