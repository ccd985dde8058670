from datetime import timedelta
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.sites import UnfoldAdminSite

from tenants.sign_in import attempts, news, pages, permissions
from tenants.sign_in.forms import SignInForm


class ConsoleSite(UnfoldAdminSite):  # type: ignore[misc]
    """The staff console, which opens only after the second factor, where one is wanted."""

    login_form = SignInForm
    index_title = gettext_lazy("Dashboard")

    def has_permission(self, request: HttpRequest) -> bool:
        return permissions.knows(request) and not permissions.wants_second_factor(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method == "GET" and permissions.knows(request) and permissions.wants_second_factor(request):
            onward = urlencode({"next": request.GET.get("next", "")})
            return HttpResponseRedirect(f"{reverse('admin:second_factor')}?{onward}")
        if request.method != "POST":
            return cast("HttpResponse", super().login(request, extra_context))
        name = request.POST.get("username", "")
        claims, refused = attempts.begin(request, name)
        if refused is not None:
            return pages.held_back(request, timezone.now() + timedelta(seconds=refused.reset_seconds))
        response: HttpResponse = super().login(request, extra_context)
        if response.status_code == 302 and permissions.knows(request):
            attempts.succeeded(claims, name, response)
            news.note_sign_in(request)
        return response

    def extra_urls(self) -> list[URLPattern]:
        return [
            path("second-factor/", pages.prove, name="second_factor"),
            path("second-factor/enrol/", pages.enrol, name="second_factor_enrol"),
            path("second-factor/codes/", pages.renew_codes, name="second_factor_codes"),
            path("second-factor/remove/", pages.remove, name="second_factor_remove"),
            path("second-factor/leave/", pages.leave, name="second_factor_leave"),
        ]

    def _get_account_links(self, request: HttpRequest) -> list[dict[str, Any]]:
        ours = {"title": _("Two-factor sign-in"), "link": reverse("admin:second_factor")}
        return [*super()._get_account_links(request), ours]
