"""What staff edit in forms leaves an audit entry with the values before and after, without what is secret."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from tenants.audit import acting
from tenants.models import AuditEntry

HIDDEN = "…"
PERSONAL = ("contact_name", "contact_phone", "notes")


def note_edit(request: HttpRequest, form: "ModelForm[Any]", *, change: bool) -> None:
    """Write what a valid, saved form has changed; nothing when it changed nothing."""
    if change and not form.changed_data:
        return
    after = {name: _told(name, form.cleaned_data.get(name)) for name in form.changed_data}
    before = {name: _told(name, form.initial.get(name)) for name in form.changed_data} if change else {}
    note(request, "changed" if change else "added", form.instance, before=before, after=after)


def note_removal(request: HttpRequest, row: Model) -> None:
    """Write what is about to be deleted."""
    fields = [field for field in row._meta.concrete_fields if field.editable]
    note(request, "removed", row, before={field.name: _told(field.name, getattr(row, field.name)) for field in fields})


def note(
    request: HttpRequest,
    what: str,
    row: Model,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    with acting(request.user.get_username()):
        name = row._meta.model_name
        AuditEntry.write(f"{name}:{what}", None, subject=str(row), before=before or {}, after=after or {})


def _told(name: str, value: Any) -> Any:
    # of people nothing is written where it could never be deleted
    if "password" in name or name in PERSONAL:
        return HIDDEN
    if isinstance(value, QuerySet | list | tuple | set):
        return sorted(str(each) for each in value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value if isinstance(value, str | int | float | bool | None) else str(value)
