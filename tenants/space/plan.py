"""Another plan: what there is, what each changes and costs, from when; the order, and its taking back."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from provisioning.reasons import reason
from tenants.errors import DomainError, NotConfirmed, PlanNotOffered
from tenants.limits.visitors import visitor_network
from tenants.models import Instance, Partner, PlanChange
from tenants.payments.providers import provider
from tenants.services import legal, plan_changes, preconditions
from tenants.space.doors import Visit, as_customer, signed_in
from tenants.space.instances import DONE, own
from tenants.wording import dates, plans, prices

_S = PlanChange.State
LATER = "later"


@signed_in("POST")
def page(visit: Visit, public_id: str) -> HttpResponse:
    """A POST agrees on a plan, or takes back what waits for its day."""
    instance, form = own(visit, public_id, Partner.Part.PLAN), visit.request.POST
    if visit.request.method != "POST":
        return _show(visit, instance, done=DONE.get(visit.request.GET.get("done", ""), ""))
    try:
        with as_customer(instance):
            if "undo" in form:
                plan_changes.undo(instance)
                return visit.onward("plan", public_id, done="plan_kept")
            change = _agree(visit, instance)
    except (NotConfirmed, PlanNotOffered) as error:
        return _show(visit, instance, 422, error=str(error), given=form)
    except DomainError as error:
        return _show(visit, own(visit, public_id), 409, refused=str(error))
    return visit.onward("plan", public_id, done="plan" if change.due_at is None else "plan_later")


def _agree(visit: Visit, instance: Instance) -> PlanChange:
    """Raises NotConfirmed without a consent to the terms, PlanNotOffered, and what `plan_changes.order` does."""
    form, terms = visit.request.POST, legal.terms_version()
    if form.get("plan") not in {each.plan.code for each in plan_changes.offers(instance)}:
        raise PlanNotOffered(_("Choose one of the plans."))
    if terms and form.get("terms") != terms:
        raise NotConfirmed(_("Please read the terms and agree to them."))
    return plan_changes.order(
        instance,
        form["plan"],
        at_period_end=form.get("when") == LATER,
        email=visit.person.email,
        network=visitor_network(visit.request),
        terms_version=terms,
        price=form.get(f"price-{form['plan']}", ""),
    )


def _show(visit: Visit, instance: Instance, status: int = 200, **more: Any) -> HttpResponse:
    """``more`` may hold ``done``, ``refused`` or ``error``, in words, and the form as it was ``given``."""
    last = PlanChange.objects.filter(instance=instance).select_related("plan").first()
    context = {
        "instance": instance,
        "price": prices.offered(instance.price_per_month, instance.currency),
        "offers": [_offer(instance, each) for each in plan_changes.offers(instance)],
        "possible": preconditions.why_not("change_plan", instance) is None,
        "why_not": preconditions.why_not("change_plan", instance),
        "scheduled": _scheduled(last),
        "under_way": last is not None and last.state == _S.BEGUN,
        "went_wrong": reason(last.reason).sentence if last and last.state == _S.FAILED else "",
        "can_wait": plan_changes.can_wait(instance),
        "period_end": dates.day_or_hour(plan_changes.period_end(instance)),
        "terms": legal.terms_version(),
    }
    return visit.show("plan", status, **(context | more))


def _offer(instance: Instance, offer: plan_changes.Offer) -> dict[str, Any]:
    return {
        "code": offer.plan.code,
        "name": offer.plan.name,
        "description": offer.plan.description,
        "price": plans.price_of(offer.plan),
        "shown_price": plan_changes.shown_price(offer.plan),
        "changes": plans.changes(instance.plan, offer.plan, offer.adds, offer.stays, restarts=offer.restarts),
        "invoiced": provider().checkout(instance, offer.plan).words,
    }


def _scheduled(change: PlanChange | None) -> dict[str, str] | None:
    if change is None or change.state != _S.SCHEDULED or change.due_at is None:
        return None
    price = prices.offered(change.price_per_month, change.currency)
    return {"name": change.plan.name, "price": price, "day": dates.day_or_hour(change.due_at)}
