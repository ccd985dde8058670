"""Invoices that people write: nothing is asked of anybody else."""

from collections.abc import Mapping

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tenants.models import Instance, Plan
from tenants.payments.port import Checkout, PaymentState


class ByInvoice:
    """A `PaymentProvider` that says how it is invoiced (INVOICE_TERMS_FR and _EN), and knows nothing of payments."""

    def checkout(self, instance: Instance, plan: Plan) -> Checkout:
        if not plan.price_per_month:
            return Checkout("")
        return Checkout(_terms() or _default(instance))

    def portal(self, instance: Instance) -> str:
        return ""

    def state(self, instance: Instance) -> PaymentState:
        return PaymentState.NOTHING_DUE

    def receive(self, headers: Mapping[str, str], body: bytes) -> str:
        raise ValueError("Nobody tells us of payments.")


def _terms() -> str:
    """The operator's own words."""
    return settings.INVOICE_TERMS_EN if (get_language() or "fr").startswith("en") else settings.INVOICE_TERMS_FR


def _default(instance: Instance) -> str:
    seller = instance.tenant.partner.account
    if seller.is_house:
        return _("You get an invoice by e-mail each month. Nothing is debited by itself.")
    return _("%(seller)s sends you the invoice. Nothing is debited by itself.") % {"seller": seller.name}
