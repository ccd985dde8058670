"""How the console writes durations and shares, and where its pages stand."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.conf import settings
from django.utils import formats
from django.utils.text import capfirst
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def duration(length: timedelta) -> str:
    """With its two largest units: ``42 s``, ``3 min 05 s``, ``2 h 07 min``; from two days on, in whole days."""
    seconds = max(int(length.total_seconds()), 0)
    minutes, hours = seconds // 60, seconds // 3600
    if hours >= 48:
        return _("%(days)d d") % {"days": hours // 24}
    if hours:
        return f"{hours} h {minutes % 60:02} min"
    return f"{minutes} min {seconds % 60:02} s" if minutes else f"{seconds} s"


def age(length: timedelta) -> str:
    """With its largest unit only, for columns: ``42 s``, ``3 min``, ``2 h``, ``12 d``."""
    seconds = max(int(length.total_seconds()), 0)
    if seconds >= 48 * 3600:
        return duration(length)
    if seconds >= 3600:
        return f"{seconds // 3600}\u00a0h"
    return f"{seconds // 60}\u00a0min" if seconds >= 60 else f"{seconds}\u00a0s"


@register.filter
def money(amount: Decimal, currency: str) -> str:
    """``1,250.00 EUR``, with the reader's signs, never broken between two lines."""
    return f"{formats.number_format(amount, 2, use_l10n=True, force_grouping=True)}\u00a0{currency}"


@register.filter
def percent(share: float) -> str:
    """``0.985`` as ``98.5 %``, with the reader's decimal sign."""
    return f"{formats.number_format(100 * share, 1)}\u202f%"


@register.filter
def moves(listing: Any) -> bool:
    """Whether a row of this page of a `ChangeList` is about to change by itself."""
    return any(listing.model_admin.moves(row) for row in listing.result_list)


@register.simple_tag
def crumbs(parts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The theme's way to a page, with the sidebar's group in the place of Django's app. A row's name stays as it is."""
    if len(parts) < 2:
        return list(parts)
    _app, rows, *row = parts
    groups = settings.UNFOLD["SIDEBAR"]["navigation"]
    above = [group for group in groups if any(str(item["link"]) == str(rows["link"]) for item in group["items"])]
    return [
        *({"title": group["title"]} for group in above),
        {"title": capfirst(str(rows["title"])), "link": rows["link"]},
        *row,
    ]
