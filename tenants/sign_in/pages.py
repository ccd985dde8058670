"""The pages between password and console. Nothing secret is stored for them: what is shown once is in the answer."""

import base64
import io
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, cast

import django_otp
import qrcode
import qrcode.image.svg
from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_lockout_response
from django.conf import settings
from django.contrib import admin, auth, messages
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from tenants.services import second_factor
from tenants.services.second_factor import CodeRefused, OfferOver
from tenants.sign_in import permissions
from tenants.sign_in.forms import CodeForm, EnrolForm

View = Callable[[HttpRequest], HttpResponse]


def for_staff(view: View) -> View:
    """Whoever has given the password of an active member of staff; others are asked for it."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if not permissions.knows(request):
            return HttpResponseRedirect(reverse("admin:login"))
        return view(request)

    return never_cache(sensitive_post_parameters()(guarded))


def when_proven(view: View) -> View:
    """Whoever has passed the second factor too: nobody removes or renews with a stolen password."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if not cast("Any", request.user).is_verified():
            return HttpResponseRedirect(reverse("admin:second_factor"))
        return view(request)

    return for_staff(require_POST(guarded))


@for_staff
def prove(request: HttpRequest) -> HttpResponse:
    """Asks for the code; whoever has passed sees the state of things instead."""
    user = cast("User", request.user)
    if cast("Any", user).is_verified():
        return _page(request, "state", _("Two-factor sign-in"), codes_left=second_factor.recovery_codes_left(user))
    if not second_factor.is_enrolled(user):
        return HttpResponseRedirect(f"{reverse('admin:second_factor_enrol')}?{request.GET.urlencode()}")
    credentials = {"username": user.get_username()}
    if not AxesProxyHandler.is_allowed(request, credentials):
        return cast("HttpResponse", get_lockout_response(request, credentials=credentials))
    form = CodeForm(request.POST or None)
    if form.is_valid():
        try:
            device = second_factor.prove(user, form.cleaned_data["code"])
        except CodeRefused as refused:
            form.add_error("code", _refusal(refused))
            user_login_failed.send(sender=__name__, credentials=credentials, request=request)
        else:
            return _let_in(request, device)
    return _page(request, "prove", _("Prove that it is you"), form=form)


@for_staff
def enrol(request: HttpRequest) -> HttpResponse:
    """Shows a key to scan or type, and stores it once a code proves that an app has it."""
    user = cast("User", request.user)
    if second_factor.is_enrolled(user) and not cast("Any", user).is_verified():
        return HttpResponseRedirect(reverse("admin:second_factor"))
    form = EnrolForm(request.POST or None)
    try:
        offer = second_factor.reopen(user, form.data["offer"]) if "offer" in form.data else second_factor.offer(user)
    except OfferOver:
        messages.warning(request, _("This page was too old or already used: here is a new key."))
        return HttpResponseRedirect(reverse("admin:second_factor_enrol"))
    if form.is_valid():
        try:
            device, codes = second_factor.enrol(user, offer, form.cleaned_data["code"])
        except CodeRefused as refused:
            form.add_error("code", _refusal(refused))
        else:
            _let_in(request, device)
            return _page(request, "codes", _("Your recovery codes"), codes=codes, next=_next(request))
    form.initial["offer"] = offer.sealed
    return _page(
        request, "enrol", _("Set up two-factor sign-in"), form=form, typed=offer.typed, qr=_qr(offer.address(user))
    )


@when_proven
def renew_codes(request: HttpRequest) -> HttpResponse:
    codes = second_factor.renew_recovery_codes(cast("User", request.user))
    return _page(request, "codes", _("Your recovery codes"), codes=codes, next=reverse("admin:index"))


@when_proven
def remove(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    if settings.ADMIN_REQUIRE_2FA:
        messages.error(request, _("Two-factor sign-in is required here: you can replace your code app, not remove it."))
        return HttpResponseRedirect(reverse("admin:second_factor"))
    second_factor.reset(user, actor=user.get_username())
    messages.success(request, _("Two-factor sign-in is off for your account."))
    return HttpResponseRedirect(reverse("admin:index"))


@never_cache
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Sign out; the console's own way out opens only after the second factor."""
    auth.logout(request)
    return HttpResponseRedirect(reverse("admin:login"))


def locked_out(request: HttpRequest, response: HttpResponse | None, credentials: Any) -> HttpResponse:
    """Axes asks for this page. It says when to try again, and is the same whether or not the account exists."""
    from axes.helpers import get_client_username, get_cool_off  # noqa: PLC0415
    from axes.models import AccessAttempt  # noqa: PLC0415  settings name this function before models are there

    name = get_client_username(request, credentials)
    address = cast("Any", request).axes_ip_address
    last = AccessAttempt.objects.filter(username=name, ip_address=address).order_by("-attempt_time").first()
    return held_back(request, (last.attempt_time if last else localtime()) + get_cool_off(request))


def held_back(request: HttpRequest, until: datetime) -> HttpResponse:
    """The page for who has tried too often, whichever limit it was."""
    page = _page(request, "locked_out", _("Too many attempts"), until=until)
    page.status_code = 429
    page.headers["Retry-After"] = str(max(1, int((until - localtime()).total_seconds())))
    return page.render()


def _let_in(request: HttpRequest, device: Any) -> HttpResponse:
    request.session.cycle_key()
    django_otp.login(request, device)
    return HttpResponseRedirect(_next(request))


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else reverse("admin:index")


def _refusal(refused: CodeRefused) -> str:
    if refused.until is None:
        return _("This code is wrong or was used already: wait for the next one.")
    moment = date_format(localtime(refused.until), "H:i:s")
    return _("This code is wrong or was used already. The next one is looked at from %(moment)s.") % {"moment": moment}


def _qr(text: str) -> str:
    """As an image inside the page: the key goes through no address."""
    drawn = io.BytesIO()
    qrcode.make(text, image_factory=qrcode.image.svg.SvgPathFillImage, border=2).save(drawn)
    return "data:image/svg+xml;base64," + base64.b64encode(drawn.getvalue()).decode()


def _page(request: HttpRequest, name: str, title: str, **facts: Any) -> TemplateResponse:
    context = {**admin.site.each_context(request), "title": title, "next": _next(request), **facts}
    return TemplateResponse(request, f"admin/sign_in/{name}.html", context | {"required": settings.ADMIN_REQUIRE_2FA})
