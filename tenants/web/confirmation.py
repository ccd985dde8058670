"""The confirmation link. Opening it changes nothing, because mail scanners open links too; the button does."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from tenants.errors import ConfirmationExpired, ConfirmationUsed, DomainError, NoRoom, OrdersStopped
from tenants.limits import counters, occasions
from tenants.services import signup as use_case
from tenants.web import progress
from tenants.web.too_many import too_many


@never_cache
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    return render(request, "web/confirmation_sent.html")


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    try:
        if request.method != "POST":
            return render(request, "web/confirm.html", {"signup": use_case.find_confirmable(token)})
        signup = use_case.confirm(token)
    except (NoRoom, OrdersStopped) as error:
        # the link stays good
        return render(request, "web/confirm_refused.html", {"error": error, "later": True}, status=503)
    except DomainError as error:
        if isinstance(error, ConfirmationExpired):
            usage = counters.take(occasions.guess(request))
            if usage.exceeded:
                return too_many(request, usage)
        used = isinstance(error, ConfirmationUsed)
        return render(request, "web/confirm_refused.html", {"error": error, "used": used}, status=410)
    if signup.instance is None:
        return HttpResponseRedirect(reverse("home"))
    return progress.onward(signup.instance, signup.status_token)
