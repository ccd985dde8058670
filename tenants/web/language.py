"""The choice of language, kept in a cookie only when somebody chooses; and what robots may read."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_safe

View = Callable[..., HttpResponse]
YEAR = 365 * 86_400


@require_safe
def choose(request: HttpRequest, code: str) -> HttpResponse:
    """Back to the page in ``next``, from now on in this language."""
    target = request.GET.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        target = "/"
    response = HttpResponseRedirect(target)
    return keep(response, code) if code in dict(settings.LANGUAGES) else response


def in_language(view: View) -> View:
    """In English at an address that begins with /en/, whatever was chosen; elsewhere as the visitor has it."""

    @wraps(view)
    def answer(request: HttpRequest, *arguments: Any, **values: Any) -> HttpResponse:
        if not request.path_info.startswith("/en/"):
            return view(request, *arguments, **values)
        with translation.override("en"):
            response = view(request, *arguments, **values)
        response.headers["Content-Language"] = "en"
        return response

    return answer


def keep(response: HttpResponse, code: str) -> HttpResponse:
    """From now on in this language, because somebody has chosen it."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        code,
        max_age=YEAR,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
    )
    return response


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    closed = ("/instances/", "/test-instances/", "/confirm/", "/espace/", "/en/space/")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed)]
    lines += [f"Sitemap: {settings.PUBLIC_BASE_URL}/sitemap.xml", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain")
