"""Who a visitor is to the limits: the address of the client, whatever proxies stand between."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

# a household has a /64 of IPv6, a customer of a hosting company a /48; many IPv4 addresses of a /24 have one owner
HOUSEHOLD = {4: 32, 6: 64}
NETWORK = {4: 24, 6: 48}
UNKNOWN = "unknown"


def visitor_address(request: HttpRequest) -> str:
    """The client's address as a limit should count it: IPv4 as it is, IPv6 as its /64.

    TRUSTED_PROXY_HOPS says how many of our own proxies append to X-Forwarded-For; what stands further
    left was written by the client and is not believed. Falls back to the address of the connection.
    """
    return _within(request, HOUSEHOLD).removesuffix("/32")


def visitor_network(request: HttpRequest) -> str:
    """The network around it: who owns one may come from any of its addresses."""
    return _within(request, NETWORK)


def _within(request: HttpRequest, prefixes: dict[int, int]) -> str:
    address = _forwarded(request) or _parsed(request.META.get("REMOTE_ADDR", ""))
    if address is None:
        return UNKNOWN
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(ip_network((int(address).to_bytes(address.max_prefixlen // 8), prefixes[address.version]), strict=False))


def _forwarded(request: HttpRequest) -> IPv4Address | IPv6Address | None:
    hops: int = settings.TRUSTED_PROXY_HOPS
    chain = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    return _parsed(chain[-hops]) if 0 < hops <= len(chain) else None


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """Some proxies write a port as well: ``192.0.2.1:4711`` or ``[2001:db8::1]:4711``."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None
