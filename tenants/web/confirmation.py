"""The confirmation link. Opening it changes nothing, because mail scanners open links too; the button does."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from tenants.errors import ClientNameTaken, ConfirmationExpired, ConfirmationUsed, DomainError, NoRoom, OrdersStopped
from tenants.limits import counters, occasions
from tenants.models import Signup
from tenants.services import signup as use_case
from tenants.web import progress
from tenants.web.forms import ClientNameForm
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
        signup = use_case.find_confirmable(token)
        form = _form(request, signup)
        if request.method == "POST" and form.is_valid():
            try:
                return _onward(use_case.confirm(token, form.cleaned_data["client_name"]))
            except ClientNameTaken as error:
                form.refuse(error)
        status = 200 if form.is_free() else 409
        return render(request, "web/confirm.html", {"signup": signup, "form": form}, status=status)
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


def _form(request: HttpRequest, signup: Signup) -> ClientNameForm:
    """The wish of the order, or another one when somebody had taken that meanwhile."""
    wish = request.POST.get("client_name", signup.client_name)
    return ClientNameForm({"client_name": wish, "company": signup.company})


def _onward(signup: Signup) -> HttpResponse:
    if signup.instance is None:
        return HttpResponseRedirect(reverse("home"))
    return progress.onward(signup.instance, signup.status_token)
