"""The first page and its form, which also takes JSON. No session, no cookie: the form carries a signed ticket."""

import hashlib
import secrets
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from provisioning import strict_json
from tenants import names
from tenants.errors import DomainError, NoRoom, OrdersStopped
from tenants.limits import captcha, counters, occasions
from tenants.limits.counters import Exceeded
from tenants.limits.visitors import visitor_address, visitor_network
from tenants.mails import composing
from tenants.models import Plan, Signup
from tenants.services import partners
from tenants.services import signup as use_case
from tenants.web import language, progress
from tenants.web.forms import ClientNameForm, SignupForm, new_ticket
from tenants.web.language import in_language
from tenants.web.problems import problem
from tenants.web.too_many import too_many
from tenants.wording import prices
from tenants.wording.limits import refusal

# the members of a JSON order
READ = frozenset({"company", "clientName", "email", "plan", "language", "captcha"})
# what the form keeps when its language is changed
TYPED = ("company", "client_name", "email", "plan", "language")


@csrf_exempt
@cache_control(private=True, max_age=0)
@require_http_methods(["GET", "HEAD", "POST"])
@in_language
def home(request: HttpRequest) -> HttpResponse:
    """A POST is the same form in another language: what was typed stays, nothing is ordered."""
    plans = use_case.offered_plans()
    if request.method == "POST":
        form = SignupForm(plans=plans, initial={name: request.POST.get(name, "") for name in TYPED})
        return language.keep(_page(request, form, plans, request.POST.get("ticket", "")), (get_language() or "fr")[:2])
    wished = request.GET.get("plan", "")
    initial = {
        "plan": wished if wished in {plan.code for plan in plans} else (plans[0].code if plans else ""),
        "language": (get_language() or "fr")[:2],
    }
    return _page(request, SignupForm(plans=plans, initial=initial), plans, new_ticket())


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@in_language
def sign_up(request: HttpRequest) -> HttpResponse:
    """A form or a JSON object; the same order again is answered with the same instance."""
    if request.method != "POST":
        # reached by changing the language of a form with errors, or from the browser's history
        return HttpResponseRedirect(reverse("home"))
    if request.content_type == "application/json":
        return _sign_up_by_json(request)
    answer = _sign_up_by_form(request)
    # the pages that follow have no address of their own in each language
    return language.keep(answer, "en") if request.path_info.startswith("/en/") else answer


@require_safe
def availability(request: HttpRequest) -> HttpResponse:
    """Whether the wished client name can be had, or which one a company would get: shown while one types.

    ``reason`` is the code of why it cannot, ``suggestions`` up to three that can.
    """
    usage = counters.take(occasions.visitor_request(request))
    if usage.exceeded:
        return problem(429, "rate_limited", refusal(usage), usage.headers)
    form = ClientNameForm(request.GET)
    name = ""
    if form.is_free():
        proposed = use_case.free_names(request.GET.get("company", "")[:100])
        name = form.cleaned_data["client_name"] or next(iter(proposed), "")
    return JsonResponse(
        {
            "clientName": name,
            "address": form.address_of(name) if name else "",
            "available": bool(name),
            "reason": form.reason,
            "suggestions": form.suggestions,
        }
    )


def _sign_up_by_form(request: HttpRequest) -> HttpResponse:
    plans = use_case.offered_plans()
    form = SignupForm(request.POST, plans=plans)
    ticket = form.ticket_number()
    if ticket is not None and (known := use_case.find(ticket)) is not None:
        if _same(known, form):
            return _onward(known)
        if _same_customer(known, form):
            return _ordered_before(request, form, plans, known)
        ticket = f"{ticket}-{secrets.token_urlsafe(6)}"
    if form.is_valid():
        _ask_again(request, form, ticket)
    if form.is_valid() and ticket is not None:
        try:
            return _onward(_ordered(request, form.cleaned_data, ticket))
        except Exceeded as error:
            return too_many(request, error.usage)
        except DomainError as error:
            form.refuse(error)
    return _page(request, form, plans, request.POST["ticket"] if ticket else new_ticket(), status=422)


def _sign_up_by_json(request: HttpRequest) -> HttpResponse:
    try:
        order = strict_json.loads(request.body)
    except strict_json.Unreadable as error:
        return _unreadable(error)
    if not isinstance(order, dict):
        return _unreadable(strict_json.Unreadable())
    typed = {"language": (get_language() or "fr")[:2], **order, "client_name": order.get("clientName", "")}
    form = SignupForm(typed, plans=use_case.offered_plans())
    wrong = {name: [_("This must be a text.")] for name in READ & order.keys() if not isinstance(order[name], str)}
    if wrong or form.errors:
        return problem(422, "invalid", _("Some values are not accepted."), errors=wrong or form.errors)
    ticket = _ticket_of(request)
    known = use_case.find(ticket)
    return JsonResponse(_accepted(known), status=202) if known else _order_by_json(request, form, ticket)


def _order_by_json(request: HttpRequest, form: SignupForm, ticket: str) -> HttpResponse:
    if not captcha.passed(str(form.data.get("captcha", "")), visitor_address(request)):
        return problem(422, "captcha", _("Please confirm that you are a person."))
    try:
        signup = _ordered(request, form.cleaned_data, ticket)
    except Exceeded as error:
        return problem(429, "rate_limited", refusal(error.usage), error.usage.headers)
    except DomainError as error:
        status = 503 if isinstance(error, NoRoom | OrdersStopped) else 422
        return problem(status, error.code, str(error), errors={error.field: [str(error)]} if error.field else None)
    return JsonResponse(_accepted(signup), status=202)


def _ticket_of(request: HttpRequest) -> str:
    """An Idempotency-Key counts for the same visitor with the same order only: the answer holds a status token."""
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        return secrets.token_urlsafe(18)
    scope = "\n".join((visitor_address(request), key)).encode() + b"\n" + request.body
    return hashlib.sha256(scope).hexdigest()[:40]


def _accepted(signup: Signup) -> dict[str, Any]:
    instance = signup.instance
    if instance is None:
        return {"status": "confirming", "message": _("We have sent you an e-mail. Open its link to go on.")}
    return {
        "instanceId": instance.public_id,
        "status": instance.status,
        "message": _("Your instance is being created. This takes a few minutes."),
        "statusUrl": f"{settings.PUBLIC_BASE_URL}/api/instances/{instance.public_id}",
        "statusToken": signup.status_token,
        "progressUrl": composing.status_page(instance, signup.status_token),
    }


def _unreadable(error: strict_json.Unreadable) -> HttpResponse:
    if isinstance(error, strict_json.UnreadableText):
        detail = _("This text holds characters that cannot be kept.")
        return problem(422, "invalid", detail, errors={error.pointer.removeprefix("/"): [detail]})
    return problem(400, "malformed_json", _("The body is not a JSON object."))


def _ordered(request: HttpRequest, values: dict[str, Any], ticket: str) -> Signup:
    return use_case.sign_up(
        ticket=ticket,
        partner=partners.house(),
        company=values["company"],
        email=values["email"],
        plan_code=values["plan"],
        language=values["language"],
        client_name=values["client_name"],
        claims=occasions.signup(request, values["email"]),
        network=visitor_network(request),
    )


def _same(known: Signup, form: SignupForm) -> bool:
    """Whether the form was only sent again."""
    if not _same_customer(known, form):
        return False
    chosen = (form.data.get("plan"), form.data.get("language"), form.cleaned_data.get("client_name"))
    return chosen == (known.plan.code, known.language, known.client_name)


def _same_customer(known: Signup, form: SignupForm) -> bool:
    """With another company or address, somebody went back for a second order."""
    form.is_valid()
    sent = (names.key(form.cleaned_data.get("company", "")), form.cleaned_data.get("email", ""))
    return sent == (names.key(known.company), known.email)


def _ordered_before(request: HttpRequest, form: SignupForm, plans: list[Plan], known: Signup) -> HttpResponse:
    """Somebody went back and chose otherwise: that may be a second wish or a change of mind, so nothing is done yet."""
    language = dict(form.fields["language"].choices)[known.language]  # type: ignore[attr-defined]
    before = {"signup": known, "language": language, "address": _onward(known).url}
    return _page(request, form, plans, new_ticket(), status=409, before=before)


def _ask_again(request: HttpRequest, form: SignupForm, ticket: str | None) -> None:
    """What looks like a slip, or like a machine, is asked about before anything is ordered."""
    form.ask_about_the_address()
    if form.is_valid():
        _ask_for_a_person(request, form, ticket)


def _ask_for_a_person(request: HttpRequest, form: SignupForm, ticket: str | None) -> None:
    if ticket is None:
        form.add_error(None, _("This form was open for too long. Please send it once more."))
    elif form.looks_automatic():
        form.add_error(None, _("That was very fast. Please check what you have entered and send it once more."))
    elif not captcha.passed(request.POST.get(captcha.FIELD, ""), visitor_address(request)):
        form.add_error(None, _("Please confirm that you are a person."))


def _onward(signup: Signup) -> HttpResponseRedirect:
    if signup.instance is None:
        return HttpResponseRedirect(reverse("confirmation_sent"))
    return progress.onward(signup.instance, signup.status_token)


def _page(
    request: HttpRequest,
    form: SignupForm,
    plans: list[Plan],
    ticket: str,
    status: int = 200,
    before: dict[str, Any] | None = None,
) -> HttpResponse:
    offers = [{"plan": plan, "price": prices.offered(plan.price_per_month, plan.currency)} for plan in plans]
    context = {
        "form": form,
        "offers": offers,
        "ticket": ticket,
        "site_key": settings.TURNSTILE_SITE_KEY,
        "open": settings.PUBLIC_SIGNUP and bool(plans),
        "base_url": settings.PUBLIC_BASE_URL,
        "before": before,
    }
    return render(request, "web/home.html", context, status=status)
