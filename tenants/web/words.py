"""Prices and moments as people write them, in the language of the page."""

from datetime import datetime
from decimal import Decimal

from django.utils import formats, timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from provisioning.turns import Place

SYMBOLS = {"fr": {"USD": "$ US", "EUR": "€", "CHF": "CHF", "CAD": "$ CA", "GBP": "£"},
           "en": {"USD": "US$", "EUR": "€", "CHF": "CHF ", "CAD": "CA$", "GBP": "£"}}  # fmt: skip
HARD = "\u00a0"


def price(amount: Decimal, currency: str) -> str:
    """``49,00 $ US / mois`` in French, ``US$49.00 / month`` in English."""
    if not amount:
        return _("Free")
    return _("%(price)s / month") % {"price": _money(amount, currency)}


def _money(amount: Decimal, currency: str) -> str:
    number = formats.number_format(amount, decimal_pos=2, use_l10n=True, force_grouping=True)
    if _language() == "fr":
        return f"{number}{HARD}{SYMBOLS['fr'].get(currency, currency).replace(' ', HARD)}"
    return f"{SYMBOLS['en'].get(currency, currency + HARD)}{number}"


def clock(moment: datetime) -> str:
    """``14 h 32`` in French, ``2:32 PM`` in English, in the site's time zone."""
    local = timezone.localtime(moment)
    if _language() == "fr":
        return f"{local.hour}{HARD}h{HARD}{local.minute:02d}"
    # without the points of "p.m.", which would stand before a sentence's own
    return formats.time_format(local, "g:i A")


def queue(place: Place) -> str:
    """Where somebody stands in a queue and when the turn is expected, as one sentence."""
    ahead, start = place.position - 1, clock(place.starts_at)
    if not ahead:
        return _("Your turn is next, around %(start)s.") % {"start": start}
    return ngettext(
        "%(count)d request before yours, start around %(start)s.",
        "%(count)d requests before yours, start around %(start)s.",
        ahead,
    ) % {"count": ahead, "start": start}


def day(moment: datetime) -> str:
    return formats.date_format(timezone.localtime(moment), "DATE_FORMAT")


def _language() -> str:
    return (get_language() or "fr")[:2]
