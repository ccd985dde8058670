"""Days and times of day as people write them, in the site's time zone and the language at hand."""

from datetime import UTC, datetime, timedelta

from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

HARD = "\u00a0"
NEAR = timedelta(days=2)


def clock(moment: datetime) -> str:
    """``14 h 32`` in French, ``2:32 PM`` in English."""
    local = timezone.localtime(moment)
    if in_french():
        return f"{local.hour}{HARD}h{HARD}{local.minute:02d}"
    # without the points of "p.m.", which would stand before a sentence's own
    return formats.time_format(local, "g:i A")


def clock_element(moment: datetime) -> SafeString:
    """The time of day, which ``times.js`` puts into the reader's own zone; without scripts, the zone is named."""
    return format_html(
        '<time datetime="{}">{}</time><noscript> ({})</noscript>',
        # no seconds: what is read the same is the same to an ETag
        f"{moment.astimezone(UTC):%Y-%m-%dT%H:%MZ}",
        clock(moment),
        zone(moment),
    )


def day(moment: datetime) -> str:
    """``9 décembre 2026``, whose number never ends a line, or ``Dec. 9, 2026``."""
    written = formats.date_format(timezone.localtime(moment), "DATE_FORMAT")
    return written.replace(" ", HARD, 1) if in_french() else written


def zone(moment: datetime) -> str:
    """``UTC+02:00``: what makes a time of day true for a reader elsewhere."""
    offset = f"{timezone.localtime(moment):%z}"
    return f"UTC{offset[:3]}:{offset[3:]}"


def precisely(moment: datetime) -> str:
    """The day, the time and its zone, for a mail: nobody knows where it is read."""
    return _("%(day)s at %(time)s (%(zone)s)") % {"day": day(moment), "time": clock(moment), "zone": zone(moment)}


def day_or_hour(moment: datetime) -> str:
    """The day; of what is NEAR or was a short time ago, the hour as well."""
    return precisely(moment) if abs(moment - timezone.now()) < NEAR else day(moment)


def in_french() -> bool:
    """Else the reader reads English."""
    return (get_language() or "fr")[:2] == "fr"
