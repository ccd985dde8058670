"""Any list of the console as a file for a spreadsheet, of the rows that were chosen.

Its columns are those that are shown, or those that the page names as ``exported``.
"""

import csv
import re
import unicodedata
from collections.abc import Iterator
from html import unescape
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import display_for_field, display_for_value, label_for_field, lookup_field
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import formats, timezone, translation
from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from tenants.audit import acting
from tenants.models import AuditEntry

# what begins a formula in some spreadsheet; a number, with its currency or not, is none
FORMULA = frozenset("=+-@|%")
NUMBER = re.compile(r"[-+]?\d+(?:[ \u00a0\u202f.,']\d+)*(?:[ \u00a0\u202f]?(?:[A-Z]{3}|[$€£%]))?")
# a spreadsheet that is set to another one than ours begins a cell behind it
SEPARATORS = re.compile("([,;\t\r\n])")
BYTE_ORDER_MARK = "\ufeff"


class _Line:
    """A file for the writer that only hands each line on."""

    def write(self, line: str) -> str:
        return line


@admin.action(description=_("Export as CSV"), permissions=["view"])
def export_csv(page: Any, request: HttpRequest, chosen: QuerySet[Any]) -> StreamingHttpResponse:
    """The trail keeps who took how many rows away."""
    with acting(request.user.get_username()):
        AuditEntry.write(f"{page.opts.model_name}:exported", None, after={"rows": chosen.count()})
    name = f"{page.opts.model_name}-{timezone.localdate():%Y-%m-%d}.csv"
    lines = _lines(page, chosen, _columns(page, request), translation.get_language())
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=disposition)


def _columns(page: Any, request: HttpRequest) -> list[Any]:
    """Without those that the list hides from this reader."""
    shown = page.get_list_display(request)
    hidden = set(page.list_display) - set(shown)
    return [column for column in getattr(page, "exported", shown) if column not in hidden]


def _lines(page: Any, chosen: QuerySet[Any], columns: list[Any], language: str | None) -> Iterator[str]:
    """They are made while they are sent, when the request's language is over."""
    with translation.override(language):
        # as spreadsheets separate columns where the comma is the decimal sign
        semicolon = formats.get_format("DECIMAL_SEPARATOR") == ","
        writer = csv.writer(_Line(), delimiter=";" if semicolon else ",", quoting=csv.QUOTE_ALL)
        head = [str(label_for_field(column, page.model, page)) for column in columns]
        yield BYTE_ORDER_MARK + writer.writerow(head)
        for row in chosen.iterator(chunk_size=500):
            yield writer.writerow([_cell(page, row, column) for column in columns])


def _cell(page: Any, row: Any, column: Any) -> str:
    field, _attribute, value = lookup_field(column, row, page)
    if isinstance(value, bool):
        value = _("Yes") if value else _("No")
    elif field is not None and not field.is_relation:
        value = display_for_field(value, field, "")
    elif isinstance(value, tuple):
        # a label: its code, then its word
        value = value[-1]
    elif not isinstance(value, str):
        value = display_for_value(value, "")
    # what people wrote may look like markup and is none
    text = unescape(strip_tags(value.replace("<br>", " – "))) if isinstance(value, SafeString) else str(value)
    return _guarded(text)


def _guarded(text: str) -> str:
    """As a text, wherever a spreadsheet lets a cell begin."""
    if NUMBER.fullmatch(text):
        return text
    first, *others = SEPARATORS.split(text)
    # a quotation mark in the middle is doubled in the file: no text, only an empty one, and then the formula
    rest = (f"'{each}" if _is_formula(each.replace('"', "")) else each for each in others)
    return ("'" if _is_formula(text) else "") + first + "".join(rest)


def _is_formula(text: str) -> bool:
    """Whether a spreadsheet might calculate it: also in full width, and behind what nobody sees."""
    seen = next((letter for letter in text if unicodedata.category(letter)[0] not in "CZ"), "")
    begins = text[:1] in ("\t", "\r", "\n") or unicodedata.normalize("NFKC", seen)[:1] in FORMULA
    return bool(seen) and begins and not NUMBER.fullmatch(text)


admin.site.add_action(export_csv, "export_csv")
