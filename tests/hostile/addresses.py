"""Every address that the table of addresses knows, so that a new page is tried without anybody thinking of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.urls import URLResolver, get_resolver

PLACE = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Address:
    """``route`` with its places, as in the table; ``wing`` is who answers there."""

    route: str

    @property
    def wing(self) -> str:
        if self.route.startswith(settings.ADMIN_PATH):
            return "console"
        return self.route.partition("/")[0] if self.route.startswith(("api/", "webhooks/")) else "pages"

    def path(self, known: dict[str, str], poison: str | None = None) -> str:
        """With what exists in its places; with ``poison``, percent-encoded already, in all of them."""
        row = "/".join(self.route.split("/")[1:3])

        def fill(place: re.Match[str]) -> str:
            return known.get(place[1], known.get(row, "1")) if poison is None else poison

        return "/" + PLACE.sub(fill, self.route)


def every_address() -> list[Address]:
    return sorted((Address(route) for route in set(_routes(get_resolver()))), key=lambda each: each.route)


def _routes(resolver: URLResolver, stem: str = "") -> Iterator[str]:
    for each in resolver.url_patterns:
        route = stem + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _routes(each, route)
        # what is written as a regular expression is Django's own "everything else"
        elif "(" not in route:
            yield route


def filters_of(address: Address) -> list[str]:
    """The parameters by which a list of the console can be narrowed, with and without their lookups."""
    label = address.route.removeprefix(settings.ADMIN_PATH).strip("/").replace("/", ".")
    pages = {model._meta.label_lower: page for model, page in admin.site._registry.items()}
    names: list[str] = []
    for each in pages[label].list_filter if label in pages else ():
        names += _parameters(each)
    return names


def _parameters(each: Any) -> list[str]:
    field = each[0] if isinstance(each, tuple) else each
    if not isinstance(field, str):
        return [field.parameter_name]
    return [field] + [f"{field}__{lookup}" for lookup in ("exact", "in", "isnull", "gte", "lt", "year", "date")]
