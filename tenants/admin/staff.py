"""Accounts and groups of staff: for superusers only, since who edits them can become one."""

from typing import Any

from axes.utils import reset as forget_failures
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as PlainGroupAdmin
from django.contrib.auth.admin import UserAdmin as PlainUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from tenants.admin import changes
from tenants.admin.console import ConsoleAdmin
from tenants.models import Authenticator
from tenants.services import second_factor

admin.site.unregister(User)
admin.site.unregister(Group)


class ForSuperusers(ConsoleAdmin):
    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    has_add_permission = has_change_permission = has_view_permission


@admin.register(User)
class StaffAdmin(PlainUserAdmin, ForSuperusers):  # type: ignore[type-arg, misc]
    """Nobody is deleted, the trail names them: an account is made inactive."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "is_active", "is_staff", "is_superuser", "two_factor", "last_login")
    actions = ["remove_two_factor", "unlock"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        enrolled = Authenticator.objects.filter(user=OuterRef("pk"), confirmed=True)
        rows: QuerySet[User] = super().get_queryset(request)
        return rows.annotate(enrolled=Exists(enrolled))

    @admin.display(description=_("two-factor sign-in"), boolean=True)
    def two_factor(self, user: User) -> bool:
        return bool(getattr(user, "enrolled", False))

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            changes.note(request, "password_changed", User.objects.get(pk=id))
        return response

    @admin.action(description=_("Remove two-factor sign-in"), permissions=["change"])
    def remove_two_factor(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        removed = [user.username for user in chosen if second_factor.reset(user, actor=request.user.get_username())]
        if removed:
            messages.success(request, _("Removed for: %(names)s") % {"names": ", ".join(removed)})
        else:
            messages.warning(request, _("None of them has two-factor sign-in."))

    @admin.action(description=_("Unlock after too many attempts"), permissions=["change"])
    def unlock(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        for user in chosen:
            forget_failures(username=user.username)
            changes.note(request, "unlocked", user)
        messages.success(request, _("Unlocked."))


@admin.register(Group)
class StaffGroupAdmin(PlainGroupAdmin, ForSuperusers):  # type: ignore[misc]
    pass
