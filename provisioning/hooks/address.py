"""Where a webhook may go: public https addresses only, so that nobody makes us call what only we can reach."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from provisioning.hooks.errors import AddressRefused

PORTS = frozenset({443, 8443})
# addresses that carry an IPv4 address which a gateway may turn into a private one
TRANSLATED = (
    ip_network("64:ff9b::/96"),
    ip_network("64:ff9b:1::/48"),
    ip_network("2002::/16"),
    ip_network("2001::/32"),
)


@dataclass(frozen=True)
class Target:
    """A checked address, in the parts that a connection needs."""

    scheme: str
    host: str
    port: int
    path: str


def checked(url: str, *, allow_loopback: bool) -> Target:
    """What can be judged without asking the DNS. Raises AddressRefused.

    ``allow_loopback`` also admits plain http and any port, but then only this machine itself.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused("This is not a web address.") from error
    host = (parts.hostname or "").rstrip(".")
    if not host or not url.isascii() or not url.isprintable() or any(sign in url for sign in ' \\"<>'):
        raise AddressRefused("This is not a web address.")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused("The address must not hold a user name or a password.")
    port = port or (443 if parts.scheme == "https" else 80)
    literal = _literal(host)
    local = allow_loopback and (host == "localhost" or (literal is not None and literal.is_loopback))
    if not local and (parts.scheme != "https" or port not in PORTS):
        raise AddressRefused("The address must begin with https:// and use port 443 or 8443.")
    if parts.scheme not in ("http", "https"):
        raise AddressRefused("The address must begin with https://.")
    if literal is not None:
        require_public(literal, allow_loopback=allow_loopback)
    elif not local and ("." not in host or host.endswith((".local", ".internal", ".localhost"))):
        raise AddressRefused("The address must be a public one.")
    query = f"?{parts.query}" if parts.query else ""
    return Target(scheme=parts.scheme, host=host, port=port, path=(parts.path or "/") + query)


def require_public(address: IPv4Address | IPv6Address, *, allow_loopback: bool) -> None:
    """Raises AddressRefused for every address that is not on the public internet."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            require_public(address.ipv4_mapped, allow_loopback=allow_loopback)
            return
        if any(address in network for network in TRANSLATED):
            raise AddressRefused("The address must be a public one.")
    if address.is_loopback and allow_loopback:
        return
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        raise AddressRefused("The address must be a public one.")


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
