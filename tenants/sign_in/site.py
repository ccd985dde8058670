from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.sites import UnfoldAdminSite

from tenants.services import second_factor
from tenants.sign_in import news


class ConsoleSite(UnfoldAdminSite):  # type: ignore[misc]
    """The staff console, which opens only after the second factor, where one is wanted.

    It is wanted from everybody with ADMIN_REQUIRE_2FA, else from those who have enrolled.
    """

    index_title = gettext_lazy("Dashboard")

    def has_permission(self, request: HttpRequest) -> bool:
        return self.knows(request) and not self.wants_second_factor(request)

    def knows(self, request: HttpRequest) -> bool:
        """Whether it is active staff with the right password, whatever the second factor says."""
        return bool(super().has_permission(request))

    def wants_second_factor(self, request: HttpRequest) -> bool:
        user: Any = request.user
        if user.is_verified():
            return False
        if settings.ADMIN_REQUIRE_2FA:
            return True
        # asked several times while a page is made
        if not hasattr(request, "_enrolled"):
            request._enrolled = second_factor.is_enrolled(user)  # type: ignore[attr-defined]
        return bool(request._enrolled)  # type: ignore[attr-defined]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method == "GET" and self.knows(request) and self.wants_second_factor(request):
            onward = urlencode({"next": request.GET.get("next", "")})
            return HttpResponseRedirect(f"{reverse('admin:second_factor')}?{onward}")
        response: HttpResponse = super().login(request, extra_context)
        if request.method == "POST" and response.status_code == 302 and self.knows(request):
            news.note_sign_in(request)
        return response

    def extra_urls(self) -> list[URLPattern]:
        from tenants.sign_in import pages  # noqa: PLC0415  they need this site's addresses

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
