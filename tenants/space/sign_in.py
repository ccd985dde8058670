"""Signing in: an address, then the code that was mailed to it, or the button behind the link in that mail."""

from django import forms
from django.core import signing
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.form_fields import AddressField
from tenants.limits import counters, occasions
from tenants.limits.visitors import visitor_network
from tenants.models import AddressProof, Partner
from tenants.services import address_proof, customer_sessions
from tenants.services.address_proof import CodeOver, WrongCode
from tenants.space import browsers
from tenants.space.doors import AGAIN, NEXT, Visit, open_to_all, safe_next
from tenants.web.too_many import too_many

# an address that was proven just now, while its owner says with which seller to go on
PROVEN, PROVEN_SECONDS = "tenants.space.proven", 600


class AddressForm(forms.Form):
    email = AddressField(
        max_length=254,
        label=gettext_lazy("E-mail address"),
        error_messages={"required": gettext_lazy("Enter your e-mail address, for example name@company.com.")},
    )


@open_to_all("POST")
def ask(visit: Visit) -> HttpResponse:
    """The same answer, and the same work, whether anything belongs to the address or not."""
    request = visit.request
    wanted = safe_next(visit, request.POST.get(NEXT) or request.GET.get(NEXT, ""))
    again = visit.session if AGAIN in request.GET else None
    if request.method != "POST":
        if visit.session is not None and again is None:
            return HttpResponseRedirect(wanted)
        known = {"email": again.email} if again else None
        return visit.show("sign_in", form=AddressForm(initial=known), wanted=wanted, again=again)
    form = AddressForm(request.POST)
    if not form.is_valid():
        return visit.show("sign_in", 422, form=form, wanted=wanted, again=again)
    email = form.cleaned_data["email"]
    usage = counters.take(*occasions.code(request, email, browsers.known_as(request, email)))
    if usage.exceeded:
        return too_many(request, usage)
    seller = again.partner if again and again.email == email else None
    proof = address_proof.ask(email, language=visit.language, partner=seller)
    response = HttpResponseRedirect(f"{visit.url('code')}?{NEXT}={wanted}", status=303)
    browsers.keep_asked(response, proof.handle)
    return response


@open_to_all("POST")
def code(visit: Visit) -> HttpResponse:
    request = visit.request
    wanted = safe_next(visit, request.POST.get(NEXT) or request.GET.get(NEXT, ""))
    proof = address_proof.find(request.COOKIES.get(browsers.ASKED, ""))
    if proof is None:
        return visit.show("code", 200 if request.method != "POST" else 410, over=True, wanted=wanted)
    if request.method != "POST":
        return visit.show("code", proof=proof, wanted=wanted)
    usage = counters.take(occasions.code_guess(request))
    if usage.exceeded:
        return too_many(request, usage)
    try:
        address_proof.check(proof, request.POST.get("code", ""))
        counters.give_back(occasions.code_guess(request))
        return _proven(visit, proof, wanted)
    except WrongCode:
        return visit.show("code", 422, proof=proof, wanted=wanted, error=_("This is not the code of our last e-mail."))
    except CodeOver:
        return visit.show("code", 410, over=True, wanted=wanted)


@open_to_all("POST")
def link(visit: Visit, token: str) -> HttpResponse:
    """Looking uses nothing up, because mail scanners follow links; the button does."""
    request = visit.request
    usage = counters.take(occasions.guess(request)) if (proof := address_proof.find_by_link(token)) is None else None
    if usage is not None and usage.exceeded:
        return too_many(request, usage)
    if proof is None:
        return visit.show("code", 410, over=True, wanted=visit.url("home"))
    if request.method != "POST":
        return visit.show("link", proof=proof)
    try:
        return _proven(visit, proof, visit.url("home"))
    except CodeOver:
        return visit.show("code", 410, over=True, wanted=visit.url("home"))


@open_to_all("POST")
def seller(visit: Visit) -> HttpResponse:
    """Of several sellers of one address, the one to go on with; none of them learns of the others."""
    request = visit.request
    try:
        handle, wanted = signing.loads(request.POST.get("proven", ""), salt=PROVEN, max_age=PROVEN_SECONDS)
    except (signing.BadSignature, ValueError):
        return visit.onward("sign_in")
    chosen = request.POST.get("seller", "")
    proof = address_proof.find_proven(handle)
    for each in customer_sessions.sellers_of(proof.email) if proof else ():
        if proof is not None and str(each.pk) == chosen:
            try:
                address_proof.use(proof)
            except CodeOver:
                break
            return _begin(visit, proof.email, each, safe_next(visit, wanted))
    return visit.onward("sign_in")


def _proven(visit: Visit, proof: AddressProof, wanted: str) -> HttpResponse:
    """Used up by the session that it opens: of several sellers, when one is chosen. Raises CodeOver."""
    sellers = customer_sessions.sellers_of(proof.email, proof.partner)
    if not sellers:
        # what belonged to the address went away while the mail was under way
        return visit.show("code", 410, over=True, wanted=wanted)
    if len(sellers) > 1:
        kept = signing.dumps([proof.handle, wanted], salt=PROVEN)
        return visit.show("sellers", sellers=sellers, proven=kept)
    address_proof.use(proof)
    return _begin(visit, proof.email, sellers[0], wanted)


def _begin(visit: Visit, email: str, partner: Partner, wanted: str) -> HttpResponse:
    request = visit.request
    if visit.session is not None:
        visit.session.end()
    _session, key = customer_sessions.start(
        email,
        partner,
        language=visit.language,
        browser=browsers.words_for(request),
        network=visitor_network(request),
        known=browsers.is_known(request, email),
    )
    response = HttpResponseRedirect(wanted, status=303)
    browsers.keep_session(request, response, key, email)
    return response
