"""All instances of the one who is signed in, and the page of each: how it is, what may be done, what happened."""

from typing import Any
from urllib.parse import quote

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from provisioning.backups import asking, bucket
from provisioning.models import Agent
from tenants.lifecycle import InstanceState
from tenants.models import Instance, Partner
from tenants.services import certificates, customer_choices, domains, ending, partners, preconditions
from tenants.space.doors import Visit, signed_in
from tenants.space.history import history_of
from tenants.wording import dates, prices
from tenants.wording.usage import usage_of

_P = Partner.Part
# what was done a moment ago: a page that is loaded again says it again, and does nothing
DONE: dict[str, str | Promise] = {
    "password": gettext_lazy(
        "A new password is being set. In a minute you get it by e-mail; then the former one works no longer."
    ),
    "address": gettext_lazy("The address is being changed. In a minute the new one gets the access by e-mail."),
    "links": gettext_lazy("The links of all e-mails so far open nothing any more."),
    "backup": gettext_lazy("A backup is being made while your Odoo goes on. It stands here as soon as it was checked."),
    "restore": gettext_lazy(
        "The backup is being restored. Your Odoo is away for some minutes; "
        "when it is back you get a new password by e-mail."
    ),
    "plan": gettext_lazy("It is ordered and being set. We write to you as soon as it works."),
    "plan_later": gettext_lazy("It is ordered for that day. Until then you can take it back."),
    "plan_kept": gettext_lazy("It is taken back: the plan stays."),
    "kept": gettext_lazy("It is kept: nothing is deleted."),
    "resumed": gettext_lazy("It is being started. This takes a few minutes, and we write to you when it works again."),
}


@signed_in()
def home(visit: Visit) -> HttpResponse:
    found = list(visit.person.instances())
    if len(found) == 1:
        return visit.onward("instance", found[0].public_id)
    return visit.show("home", instances=found)


@signed_in()
def page(visit: Visit, public_id: str) -> HttpResponse:
    done = DONE.get(visit.request.GET.get("done", ""), "")
    return show(visit, own(visit, public_id), done=done)


def own(visit: Visit, public_id: str, part: Partner.Part | None = None) -> Instance:
    """What the session reaches. Raises Http404 for what is not there and for what belongs to others alike, and for a
    ``part`` that the seller has switched off.
    """
    instance = visit.person.instances().filter(public_id=public_id).first()
    if instance is None or (part is not None and not instance.tenant.partner.opens(part)):
        raise Http404
    return instance


def show(visit: Visit, instance: Instance, status: int = 200, **more: Any) -> HttpResponse:
    """``more`` may hold ``done`` or ``refused``, in words."""
    agent = Agent.objects.filter(instance=instance).first()
    context = {
        "instance": instance,
        "open_url": f"{instance.address}/web/login?login={quote(instance.admin_email)}" if instance.url else "",
        "price": prices.offered(instance.price_per_month, instance.currency),
        "usage": list(usage_of(agent.report)) if agent and agent.reported_at else [],
        "reported": dates.precisely(agent.reported_at) if agent and agent.reported_at else "",
        "history": history_of(instance),
        "work": instance.active_operation(),
        "certificate": _certificate(instance),
        "go_on": _letter(instance),
        **_end(instance),
        **_backup(instance),
        **_may(instance),
    }
    return visit.show("instance", status, **(context | more))


def _end(instance: Instance) -> dict[str, Any]:
    stops, deleted = ending.stops_at(instance), ending.deleted_at(instance)
    over = instance.expires_at is not None and instance.expires_at <= timezone.now()
    return {
        "stops": dates.day_or_hour(stops) if stops else "",
        "deleted": dates.day_or_hour(deleted) if deleted else "",
        "over": over,
    }


def _may(instance: Instance) -> dict[str, bool]:
    possible = {
        "reset_password": (preconditions.why_not("reset_password", instance) is None, _P.PASSWORD),
        "change_email": (preconditions.why_not("change_email", instance) is None, _P.ADDRESS),
        "plan": (instance.state == InstanceState.READY, _P.PLAN),
        "domain": (
            preconditions.why_not("add_domain", instance) is None or bool(domains.living(instance)),
            _P.DOMAIN,
        ),
        "end": (customer_choices.why_not_end(instance) is None, _P.END),
    }
    opened = {name: can and instance.tenant.partner.opens(part) for name, (can, part) in possible.items()}
    return opened | {
        "keep": customer_choices.may_keep(instance),
        "resume": customer_choices.may_resume(instance),
        "links": preconditions.why_not("revoke_links", instance) is None,
        "back_up": preconditions.why_not("back_up", instance) is None,
        "export": preconditions.why_not("export", instance) is None,
    }


def _backup(instance: Instance) -> dict[str, str]:
    if not bucket.configured():
        return {"last_backup": ""}
    backup = asking.newest_good(instance.pk)
    return {"last_backup": dates.precisely(backup.taken_at or backup.created_at) if backup else _("None yet.")}


def _certificate(instance: Instance) -> dict[str, str] | None:
    end = certificates.of(instance)
    if end is None:
        return None
    kept = dates.day(end.kept_until) if end.backup and end.kept_until and end.backup.erased_at is None else ""
    return {
        "ended": dates.precisely(end.ended_at),
        "backup": end.backup.public_id if end.backup else "",
        "sha256": end.backup.sha256 if end.backup else "",
        "kept": kept,
    }


def _letter(instance: Instance) -> str:
    subject = quote(_("Keep the Odoo of %(company)s") % {"company": instance.tenant.company})
    return f"mailto:{partners.help_address(instance.tenant.partner)}?subject={subject}"
