"""Every page of the console: nothing is deleted and rows are read-only unless said; edits are audited."""

from typing import Any

from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin

from tenants.admin import changes


class ConsoleAdmin(ModelAdmin):  # type: ignore[misc]
    show_full_result_count = False
    list_per_page = 50
    actions: list[str] | None = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_related(self, request: HttpRequest, form: "ModelForm[Any]", formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        changes.note_edit(request, form, change=change)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        changes.note_removal(request, obj)
        super().delete_model(request, obj)

    def page(self, request: HttpRequest, template: str, **facts: Any) -> HttpResponse:
        return TemplateResponse(
            request, template, {**self.admin_site.each_context(request), "opts": self.opts, **facts}
        )

    def show_once(self, request: HttpRequest, *, title: str, secret: str, back: str) -> HttpResponse:
        """The answer itself shows the secret: it goes through no message, session, cookie or address."""
        return self.page(request, "admin/shown_once.html", title=title, secret=secret, back=back)


class ReadOnlyAdmin(ConsoleAdmin):
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
