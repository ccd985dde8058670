"""Prices and moments as people write them, in the language of the page."""

from datetime import UTC, datetime
from decimal import Decimal

from django.utils import formats
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from provisioning.gate.turns import Place
from tenants.wording import dates

SYMBOLS = {"fr": {"USD": "$ US", "EUR": "€", "CHF": "CHF", "CAD": "$ CA", "GBP": "£"},
           "en": {"USD": "US$", "EUR": "€", "CHF": "CHF ", "CAD": "CA$", "GBP": "£"}}  # fmt: skip


def price(amount: Decimal, currency: str) -> str:
    """``49,00 $ US / mois`` in French, ``US$49.00 / month`` in English."""
    if not amount:
        return _("Free")
    return _("%(price)s / month") % {"price": _money(amount, currency)}


def _money(amount: Decimal, currency: str) -> str:
    number = formats.number_format(amount, decimal_pos=2, use_l10n=True, force_grouping=True)
    if _language() == "fr":
        return f"{number}{dates.HARD}{SYMBOLS['fr'].get(currency, currency).replace(' ', dates.HARD)}"
    return f"{SYMBOLS['en'].get(currency, currency + dates.HARD)}{number}"


def clock(moment: datetime) -> SafeString:
    """The time of day, which ``times.js`` puts into the reader's own zone; without scripts, the zone is named."""
    return format_html(
        '<time datetime="{}">{}</time><noscript> ({})</noscript>',
        # no seconds: what is read the same is the same to an ETag
        f"{moment.astimezone(UTC):%Y-%m-%dT%H:%MZ}",
        dates.clock(moment),
        dates.zone(moment),
    )


def queue(place: Place) -> SafeString:
    """Where somebody stands in a queue and when the turn is expected, as one sentence."""
    ahead, start = place.position - 1, clock(place.starts_at)
    if not ahead:
        return format_html(_("Your turn is next, around {start}."), start=start)
    words = ngettext(
        "{count} request before yours, start around {start}.",
        "{count} requests before yours, start around {start}.",
        ahead,
    )
    return format_html(words, count=ahead, start=start)


def _language() -> str:
    return (get_language() or "fr")[:2]
