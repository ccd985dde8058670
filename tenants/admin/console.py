"""What every page of the console has in common: nothing is deleted here, and rows are read-only unless said."""

from typing import Any

from django.http import HttpRequest
from unfold.admin import ModelAdmin


class ConsoleAdmin(ModelAdmin):  # type: ignore[misc]
    show_full_result_count = False
    list_per_page = 50
    actions: list[str] | None = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(ConsoleAdmin):
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
