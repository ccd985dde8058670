"""Who sells and where it is hosted, for the foot of every page; the addresses that a page has in each language."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from tenants.services import legal

ENGLISH = "_en"


def selling(request: HttpRequest) -> dict[str, object]:
    """For the templates: read only where they ask."""
    return {"selling": SimpleLazyObject(_selling), "alternates": SimpleLazyObject(lambda: alternates(request))}


def address_of(name: str, language: str) -> str:
    return reverse(name + (ENGLISH if language == "en" else ""))


def alternates(request: HttpRequest) -> dict[str, str]:
    """Where this page stands in each language; empty for a page that has one address for both."""
    match = request.resolver_match
    name = (match.url_name or "").removesuffix(ENGLISH) if match and not match.namespace else ""
    # what is sent to has no page of its own
    page = "home" if name == "signup" else name
    try:
        found = {code: settings.PUBLIC_BASE_URL + address_of(page, code) for code in ("fr", "en")}
    except NoReverseMatch:
        return {}
    return found | {"own": found["en" if (get_language() or "").startswith("en") else "fr"]}


def _selling() -> dict[str, object]:
    language = (get_language() or "fr")[:2]
    written = set(legal.present())
    if settings.SELLER_NAME:
        written.add("notice")
    return {
        "name": settings.SELLER_NAME,
        "address": settings.SELLER_ADDRESS,
        "hosted_by": settings.HOSTED_BY,
        "books": address_of("books", language),
        **{kind: address_of(f"legal_{kind}", language) if kind in written else "" for kind in legal.KINDS},
    }
