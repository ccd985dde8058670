"""Where an operation stands while it waits for its turn, as a page says it."""

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from provisioning.gate.turns import QueuePosition
from tenants.wording import dates


def sentence(place: QueuePosition) -> SafeString:
    """Where somebody stands in a queue and when the turn is expected, as one sentence."""
    ahead, start = place.position - 1, dates.clock_element(place.starts_at)
    if not ahead:
        return format_html(_("Your turn is next, around {start}."), start=start)
    words = ngettext(
        "{count} request before yours, start around {start}.",
        "{count} requests before yours, start around {start}.",
        ahead,
    )
    return format_html(words, count=ahead, start=start)
