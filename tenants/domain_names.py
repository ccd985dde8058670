"""The one rule for a customer's own domain: what is accepted can be registered, certified, and is nobody else's."""

import re
import unicodedata
from collections.abc import Iterable

import idna
from django.utils.translation import gettext_lazy as _

from tenants.errors import InvalidDomain, ReservedDomain

# a proof stands below the name, and once more below the zone when somebody writes it twice
LONGEST = 200
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# of no use in the public DNS: RFC 6761, RFC 6762, RFC 8375, RFC 9476
INSIDE = (".local", ".internal", ".localhost", ".invalid", ".onion", ".alt", ".arpa", ".test")
RAILWAYS = ("railway.app", "railway.com", "railway.internal")


def normal(text: str, *, house: Iterable[str] = ()) -> str:
    """The name in lower-case ASCII, as the DNS has it; a web address that holds it may be pasted.

    IDNA 2008 without the mappings of UTS 46, so it is never silently another name. ``house`` are names below which none
    is a customer's. Raises InvalidDomain or ReservedDomain with a sentence that says what is wrong.
    """
    typed = _host(unicodedata.normalize("NFC", text).strip().lower())
    if "*" in typed:
        raise InvalidDomain(_("One name at a time, without “*”. Example: erp.my-company.com."))
    if "@" in typed:
        raise InvalidDomain(_("This is an e-mail address. Type the web address, for example erp.my-company.com."))
    name = _in_ascii(typed)
    labels = name.split(".")
    if len(name) > LONGEST or len(labels) < 2 or not all(LABEL.fullmatch(label) for label in labels):
        raise InvalidDomain
    if labels[-1].isdigit() or name.endswith(INSIDE):
        raise InvalidDomain(_("This name exists in a local network only. Type one that you have registered."))
    if any(name == own or name.endswith(f".{own}") for own in (*RAILWAYS, *house) if own):
        raise ReservedDomain
    return name


def shown(name: str) -> str:
    """As its owner reads it."""
    try:
        return idna.decode(name)
    except idna.IDNAError:
        return name


def _host(text: str) -> str:
    """Of a whole web address only the host."""
    without_scheme = text.partition("://")[2] if "://" in text else text
    return re.split(r"[/?#:]", without_scheme, maxsplit=1)[0].removesuffix(".")


def _in_ascii(text: str) -> str:
    if text.isascii() and "xn--" not in text:
        return text
    try:
        return idna.encode(text, uts46=False).decode("ascii")
    except idna.IDNAError as error:
        raise InvalidDomain(_("This is not a domain name as it is registered. Type it with your keyboard.")) from error
