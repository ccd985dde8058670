"""The customer's own domain, one step after another: its name, its records, its certificate, on; and away again."""

from typing import Any

from django.http import Http404, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from provisioning.models import Domain
from tenants import domain_names
from tenants.errors import DomainError, UnknownDomain
from tenants.limits import counters, occasions
from tenants.limits.counters import Exceeded
from tenants.models import Instance, Partner
from tenants.services import domains, preconditions
from tenants.space.doors import Visit, as_customer, signed_in
from tenants.space.instances import own
from tenants.wording import domains as words

DONE: dict[str, str | Promise] = {
    "added": _("The domain is being prepared. In a few seconds its records stand here: load this page again."),
    "checked": _("Your domain is being looked at. Load this page again in a few seconds."),
    "removed": _("The domain is being removed. Your Odoo keeps its first address."),
}
_S = Domain.State


@signed_in("POST")
def page(visit: Visit, public_id: str) -> HttpResponse:
    """What there is; a POST adds a domain."""
    instance = own(visit, public_id, Partner.Part.DOMAIN)
    if visit.request.method != "POST":
        return _show(visit, instance, done=DONE.get(visit.request.GET.get("done", ""), ""))
    given = visit.request.POST.get("name", "").strip()[:300]
    try:
        with as_customer(instance, occasions.domain(instance.public_id)):
            domains.add(instance, given)
    except DomainError as error:
        return _show(visit, instance, 422, error=str(error), given=given)
    return visit.onward("domain", public_id, done="added")


@signed_in("POST")
def check(visit: Visit, public_id: str, domain_id: str) -> HttpResponse:
    """Look at it now; written down nowhere, so it counts by itself."""
    instance = own(visit, public_id, Partner.Part.DOMAIN)
    domain = _own(instance, domain_id)
    if visit.request.method != "POST":
        return visit.onward("domain", public_id)
    usage = counters.take(occasions.domain_check(instance.public_id))
    if usage.exceeded:
        raise Exceeded(usage)
    try:
        domains.check(domain)
    except DomainError as error:
        return _show(visit, instance, 409, refused=str(error))
    return visit.onward("domain", public_id, done="checked")


@signed_in("POST")
def remove(visit: Visit, public_id: str, domain_id: str) -> HttpResponse:
    instance = own(visit, public_id, Partner.Part.DOMAIN)
    domain = _own(instance, domain_id)
    if visit.request.method != "POST":
        return visit.onward("domain", public_id)
    try:
        with as_customer(instance):
            domains.remove(domain)
    except DomainError as error:
        return _show(visit, instance, 409, refused=str(error))
    return visit.onward("domain", public_id, done="removed")


def _show(visit: Visit, instance: Instance, status: int = 200, **more: Any) -> HttpResponse:
    """``more`` may hold ``done``, ``refused``, or ``error`` with what was ``given``."""
    rows = [_row(domain) for domain in domains.living(instance)]
    last = Domain.objects.filter(instance=instance, state=_S.REMOVED).exclude(reason="").order_by("-pk").first()
    context = {
        "instance": instance,
        "rows": rows,
        "gone": f"{domain_names.shown(last.name)}: {words.reason(last)}" if last and words.reason(last) else "",
        "may_add": preconditions.why_not("add_domain", instance) is None and not domains.is_full(instance),
    }
    return visit.show("domain", status, **(context | more))


def _row(domain: Domain) -> dict[str, Any]:
    return {
        "id": domain.public_id,
        "name": domain_names.shown(domain.name),
        "state": domain.state,
        "address": domain.address,
        "records": words.records(domain),
        "apex": domain.apex,
        "troubles": words.troubles(domain),
        "reason": words.reason(domain),
        "certificate": words.certificate(domain),
        "looked": words.looked(domain),
        "broken": domain.broken_at is not None,
    }


def _own(instance: Instance, domain_id: str) -> Domain:
    """Raises Http404 for one that is another's."""
    try:
        return domains.find(instance, domain_id)
    except UnknownDomain as error:
        raise Http404 from error
