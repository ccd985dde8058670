"""Every page of the console: nothing is deleted and rows are read-only unless said; edits are audited."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG, ORDER_VAR
from django.core.exceptions import ValidationError
from django.db import DataError, models
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from unfold.admin import ModelAdmin, TabularInline
from unfold.views import ChangeList
from unfold.widgets import UnfoldAdminTextInputWidget

from tenants.admin import changes
from tenants.form_fields import AddressField, LineField

# it would remove many rows at once without an audit entry for each
admin.site.disable_action("delete_selected")


# the theme's own words that its French catalogue lacks
THEIR_WORDS = (gettext_noop("Select record"),)
# the permission of those who may see prices and costs
MONEY = "tenants.operate_instance"
# rows found that are named one by one
FEW = 1000
# for a form after which something is shown once
ONE_BUTTON = {"show_save_and_add_another": False, "show_save_and_continue": False}


class Listing(ChangeList):  # type: ignore[misc]
    """Of a whole list the number of rows is told once, below it."""

    def get_ordering(self, request: HttpRequest, queryset: "QuerySet[Any]") -> list[Any]:
        """A filter may say what comes first, until a column is chosen."""
        first = [] if ORDER_VAR in self.params else list(queryset.query.order_by)
        return [*first, *super().get_ordering(request, queryset)]

    def get_results(self, request: HttpRequest) -> None:
        try:
            super().get_results(request)
        except (DataError, ValueError, OverflowError) as error:
            # a year 99999 is only found wrong by whoever makes a query of it
            raise IncorrectLookupParameters from error
        if not self.query and not self.has_active_filters:
            self.full_result_count = self.result_count


class ConsoleAdmin(ModelAdmin):  # type: ignore[misc]
    # what staff write is held to the rules that customers' input is held to
    formfield_overrides = {
        models.CharField: {"form_class": LineField},
        models.EmailField: {"form_class": AddressField},
        models.SlugField: {"widget": UnfoldAdminTextInputWidget},
    }
    show_full_result_count = False
    list_per_page = 50
    list_before_template = "admin/moving_list.html"

    def moves(self, row: Any) -> bool:
        """Whether it is about to change by itself: then the list looks again."""
        return False

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[Listing]:
        return Listing

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> "tuple[QuerySet[Any], bool]":
        """What is looked for in many columns is looked for once: the count and the page then go by the rows found."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        if not search_term:
            return found, may_repeat
        few = list(found.order_by().values_list("pk", flat=True)[: FEW + 1])
        return (found, may_repeat) if len(few) > FEW else (queryset.filter(pk__in=few), False)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Django comes back here without the filters when one of them cannot be read."""
        if ERROR_FLAG in request.GET:
            messages.warning(request, _("A filter held a value that cannot be read: here is the whole list."))
        # Django's own asks to choose one, in the singular
        titled = {"title": capfirst(self.opts.verbose_name_plural), **(extra_context or {})}
        response: HttpResponse = super().changelist_view(request, titled)
        return response

    def response_action(self, request: HttpRequest, queryset: "QuerySet[Any]") -> HttpResponse | None:
        """Choices that can be the key of no row are left out."""
        given = request.POST.copy()
        chosen = [choice for choice in given.getlist(ACTION_CHECKBOX_NAME) if self._may_be_key(str(choice))]
        given.setlist(ACTION_CHECKBOX_NAME, chosen)
        request.POST = given  # type: ignore[assignment]  # the stubs know no setter
        answer: HttpResponse | None = super().response_action(request, queryset)
        return answer

    def _may_be_key(self, choice: str) -> bool:
        try:
            self.opts.pk.clean(choice, None)
        except ValidationError:
            return False
        return True

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


class ReadOnlyInline(TabularInline):  # type: ignore[misc]
    """Rows that belong to the one shown; who may see them, each says itself."""

    hide_title = True
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
