"""What the customer does with an instance: each a form of its own page, sent once, answered with what came of it."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from tenants.errors import DomainError, InvalidExpiry
from tenants.limits import occasions
from tenants.limits.counters import Claim
from tenants.models import Instance, Partner
from tenants.services import access, customer_choices, links, preconditions
from tenants.space.doors import Visit, as_customer, signed_in
from tenants.space.instances import own, show

# those that no service tells the audit trail of
AUDITED = {"password": "reset_password", "resumed": "resume"}


@signed_in("POST")
def password(visit: Visit, public_id: str) -> HttpResponse:
    """A new one, mailed to the address that is signed in."""
    instance = own(visit, public_id, Partner.Part.PASSWORD)
    if visit.request.method != "POST":
        return visit.show("password", instance=instance)
    claims = occasions.resend(instance.tenant.partner_id, instance.public_id, instance.admin_email)
    return _try(visit, instance, "password", lambda: access.reset_password(instance), *claims)


@signed_in("POST")
def end(visit: Visit, public_id: str) -> HttpResponse:
    """Now, or at the end of a day."""
    instance = own(visit, public_id, Partner.Part.END)
    form = visit.request.POST
    facts: dict[str, Any] = {
        "instance": instance,
        "tomorrow": timezone.localdate() + timedelta(days=1),
        "export": preconditions.why_not("export", instance) is None,
        "on_a_day": customer_choices.why_not_end_on_a_day(instance) is None,
    }
    if visit.request.method != "POST":
        return visit.show("end", **facts, refused=customer_choices.why_not_end(instance))
    reason = form.get("reason", "")[: customer_choices.LONGEST_REASON]
    try:
        with as_customer(instance):
            if form.get("when") == "day":
                customer_choices.end_on(instance, _day(form.get("day", "")), reason)
            else:
                customer_choices.end_now(instance, reason)
    except DomainError as error:
        return visit.show("end", 422, **facts, error=str(error), given=form)
    return visit.onward("instance", public_id)


def _pressed(done: str, act: Callable[[Instance], object]) -> Callable[..., HttpResponse]:
    """The view of a button of the instance's page that asks for nothing else."""

    @signed_in("POST")
    def view(visit: Visit, public_id: str) -> HttpResponse:
        instance = own(visit, public_id)
        if visit.request.method != "POST":
            return visit.onward("instance", public_id)
        return _try(visit, instance, done, lambda: act(instance))

    return view


def _try(visit: Visit, instance: Instance, name: str, act: Callable[[], object], *claims: Claim) -> HttpResponse:
    """Once: the page that then says ``name`` is another request."""
    try:
        with as_customer(instance, *claims, audited=AUDITED.get(name, "")):
            act()
    except DomainError as error:
        return show(visit, own(visit, instance.public_id), 409, refused=str(error))
    return visit.onward("instance", instance.public_id, done=name)


def _day(text: str) -> date:
    """Raises InvalidExpiry."""
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise InvalidExpiry(_("Choose a day, for example the last one of the month."))
    return day


ACTS = {
    "password": password,
    "links": _pressed("links", links.revoke),
    "end": end,
    "keep": _pressed("kept", customer_choices.keep),
    "resume": _pressed("resumed", customer_choices.resume),
}
