"""Where a webhook may go: public https addresses only, so that nobody makes us call what only we can reach."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

import httpx

from provisioning.hooks.errors import AddressRefused
from provisioning.special_networks import is_loopback, is_public

PORTS = frozenset({443, 8443})
LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# how a resolver may read a number as an address: 0177.1, 0x7f.1, 2130706433
NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
INSIDE = (".local", ".internal", ".localhost")
LONGEST_NAME = 253


@dataclass(frozen=True)
class Target:
    """A checked address, in the parts that a connection and its request need; ``authority`` is the Host header."""

    scheme: str
    host: str
    port: int
    authority: str
    path: str


def checked(url: str, *, allow_loopback: bool) -> Target:
    """What can be judged without asking the DNS, read by the parser that sends. Raises AddressRefused.

    ``allow_loopback`` also admits plain http and any port, but then only this machine itself.
    """
    parts = _parsed(url)
    host = parts.raw_host.decode("ascii").removesuffix(".")
    port = parts.port if parts.port is not None else (443 if parts.scheme == "https" else 80)
    literal = _literal(host)
    local = allow_loopback and (host == "localhost" or (literal is not None and is_loopback(literal)))
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        raise AddressRefused("The address must begin with https:// and use port 443 or 8443.")
    if not local and port not in PORTS:
        raise AddressRefused("The address must begin with https:// and use port 443 or 8443.")
    if literal is not None:
        require_public(literal, allow_loopback=allow_loopback)
    elif not local:
        _require_name(host)
    return Target(parts.scheme, host, port, parts.netloc.decode("ascii"), parts.raw_path.decode("ascii"))


def require_public(address: IPv4Address | IPv6Address, *, allow_loopback: bool) -> None:
    """Raises AddressRefused for every address that is not on the public internet."""
    if not is_public(address) and not (allow_loopback and is_loopback(address)):
        raise AddressRefused("The address must be a public one.")


def _parsed(url: str) -> httpx.URL:
    if not url.isascii() or not url.isprintable() or any(sign in url for sign in ' \\"<>'):
        raise AddressRefused("This is not a web address.")
    try:
        parts = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise AddressRefused("This is not a web address.") from error
    if not parts.raw_host:
        raise AddressRefused("This is not a web address.")
    # of "https://@host/" the parser keeps no trace
    if "@" in re.split(r"[/?#]", url.partition("//")[2], maxsplit=1)[0]:
        raise AddressRefused("The address must not hold a user name or a password.")
    return parts


def _require_name(host: str) -> None:
    """A name that the DNS of the public internet may know."""
    labels = host.split(".")
    well_formed = len(host) <= LONGEST_NAME and all(LABEL.fullmatch(label) for label in labels)
    if not well_formed or len(labels) < 2 or NUMBER.fullmatch(labels[-1]) or host.endswith(INSIDE):
        raise AddressRefused("The address must be a public one.")


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
