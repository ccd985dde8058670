"""Another address for the administrator: the present one and the new one both prove themselves by a code."""

from django.core import signing
from django.http import HttpResponse
from django.utils.translation import gettext as _

from tenants.errors import DomainError, SameEmail
from tenants.limits import counters, occasions
from tenants.models import AddressProof, Instance, Partner
from tenants.services import access, address_proof, preconditions
from tenants.services.address_proof import CodeOver, WrongCode
from tenants.space.doors import Visit, as_customer, signed_in
from tenants.space.instances import own, show
from tenants.space.sign_in import AddressForm
from tenants.web.too_many import too_many

ASKED = "tenants.space.address"
_P = AddressProof.Purpose


@signed_in("POST")
def page(visit: Visit, public_id: str) -> HttpResponse:
    """Which one; a POST mails a code to each of the two."""
    instance, request = own(visit, public_id, Partner.Part.ADDRESS), visit.request
    if (error := preconditions.why_not("change_email", instance)) is not None:
        return show(visit, instance, 409, refused=str(error))
    if request.method != "POST":
        return visit.show("address", instance=instance, form=AddressForm())
    form = AddressForm(request.POST)
    if form.is_valid() and form.cleaned_data["email"] == instance.admin_email:
        form.add_error("email", str(SameEmail()))
    if not form.is_valid():
        return visit.show("address", 422, instance=instance, form=form)
    email = form.cleaned_data["email"]
    usage = counters.take(*occasions.code(request, email), *occasions.mail(instance.admin_email)[:1])
    if usage.exceeded:
        return too_many(request, usage)
    proofs = [
        address_proof.ask(each, language=visit.language, purpose=purpose, instance=instance)
        for each, purpose in ((instance.admin_email, _P.PRESENT), (email, _P.NEW))
    ]
    return _ask_for_codes(visit, instance, proofs)


@signed_in("POST")
def codes(visit: Visit, public_id: str) -> HttpResponse:
    instance, request = own(visit, public_id, Partner.Part.ADDRESS), visit.request
    if request.method != "POST":
        return visit.onward("address", public_id)
    usage = counters.take(occasions.code_guess(request))
    if usage.exceeded:
        return too_many(request, usage)
    try:
        present, new = _asked(visit, instance)
        if wrong := _wrong(visit, present, new):
            return _ask_for_codes(visit, instance, [present, new], status=422, wrong=wrong)
        counters.give_back(occasions.code_guess(request))
        address_proof.use(present)
        address_proof.use(new)
        with as_customer(instance):
            access.change_email(instance, new.email)
    except CodeOver:
        return visit.show("address_over", 410, instance=instance)
    except DomainError as error:
        return show(visit, own(visit, public_id), 409, refused=str(error))
    return visit.onward("instance", public_id, done="address")


def _wrong(visit: Visit, present: AddressProof, new: AddressProof) -> str:
    """The field whose code is not right. Raises CodeOver."""
    for name, proof in (("present", present), ("new", new)):
        try:
            address_proof.check(proof, visit.request.POST.get(name, ""))
        except WrongCode:
            return name
    return ""


def _ask_for_codes(
    visit: Visit, instance: Instance, proofs: list[AddressProof], *, status: int = 200, wrong: str = ""
) -> HttpResponse:
    asked = signing.dumps([each.handle for each in proofs], salt=ASKED)
    present, new = proofs
    addresses = {"present": present.email, "new": new.email}
    error = _("This is not the code that was sent to %(email)s.") % {"email": addresses[wrong]} if wrong else ""
    context = {"instance": instance, "asked": asked, "present": present, "new": new, "given": visit.request.POST}
    return visit.show("address_codes", status, **context, error=error, wrong=wrong)


def _asked(visit: Visit, instance: Instance) -> tuple[AddressProof, AddressProof]:
    """The two proofs of this form. Raises CodeOver unless they are of this instance and its present address."""
    try:
        handles = signing.loads(visit.request.POST.get("asked", ""), salt=ASKED)
    except signing.BadSignature as error:
        raise CodeOver from error
    present, new = address_proof.find(handles[0], _P.PRESENT), address_proof.find(handles[1], _P.NEW)
    if present is None or new is None or {present.instance_id, new.instance_id} != {instance.pk}:
        raise CodeOver
    if present.email != instance.admin_email:
        raise CodeOver
    return present, new
