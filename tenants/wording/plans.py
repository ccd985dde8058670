"""What another plan changes, in sentences that are read before anybody agrees."""

from collections.abc import Sequence

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from tenants.models import Plan
from tenants.wording import prices


def changes(former: Plan, plan: Plan, adds: Sequence[str], stays: Sequence[str], *, restarts: bool) -> list[str]:
    """In the order in which a customer asks: what comes, how strong it is, what stays, what it takes."""
    told = []
    if adds:
        told.append(_("Installed in addition: %(modules)s.") % {"modules": ", ".join(adds)})
    if (power := _power(plan)) != _power(former):
        told.append(_("Power: %(after)s instead of %(before)s.") % {"after": power, "before": _power(former)})
    if stays:
        told.append(
            _("No part of this plan, and yet not taken away: %(modules)s. Your data in them stays.")
            % {"modules": ", ".join(stays)}
        )
    if former.is_demo:
        told.append(_("The trial ends, and your Odoo goes on without an end."))
    told.append(_("Address, access and all data stay as they are."))
    if restarts:
        told.append(
            _(
                "A backup is made first. Then Odoo is away for some minutes; if anything fails, the present plan comes "
                "back."
            )
        )
    else:
        told.append(_("Odoo goes on meanwhile."))
    return told


def price_of(plan: Plan) -> str:
    return prices.offered(plan.price_per_month, plan.currency)


def _power(plan: Plan) -> str:
    """Of both services together."""
    memory = number_format(plan.odoo_memory_gb + plan.postgres_memory_gb, use_l10n=True)
    processors = number_format(plan.odoo_vcpus + plan.postgres_vcpus, use_l10n=True)
    return _("%(memory)s GB of memory and %(processors)s processors") % {"memory": memory, "processors": processors}
