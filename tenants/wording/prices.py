"""Prices as people write them, in the language of the page."""

from decimal import Decimal

from django.conf import settings
from django.utils import formats
from django.utils.translation import gettext as _

from tenants.wording import dates

SYMBOLS = {"fr": {"USD": "$ US", "EUR": "€", "CHF": "CHF", "CAD": "$ CA", "GBP": "£"},
           "en": {"USD": "US$", "EUR": "€", "CHF": "CHF ", "CAD": "CA$", "GBP": "£"}}  # fmt: skip


def price(amount: Decimal, currency: str) -> str:
    """``49,00 $ US / mois`` in French, ``US$49.00 / month`` in English."""
    if not amount:
        return _("Free")
    return _("%(price)s / month") % {"price": _money(amount, currency)}


def offered(amount: Decimal, currency: str) -> str:
    """The same with what PRICES_TAX says of taxes: ``49,00 € HT / mois``."""
    if not amount or not settings.PRICES_TAX:
        return price(amount, currency)
    words = {"price": _money(amount, currency)}
    included = settings.PRICES_TAX == "included"
    return (_("%(price)s incl. tax / month") if included else _("%(price)s excl. tax / month")) % words


def _money(amount: Decimal, currency: str) -> str:
    number = formats.number_format(amount, decimal_pos=2, use_l10n=True, force_grouping=True)
    if dates.in_french():
        return f"{number}{dates.HARD}{SYMBOLS['fr'].get(currency, currency).replace(' ', dates.HARD)}"
    return f"{SYMBOLS['en'].get(currency, currency + dates.HARD)}{number}"
