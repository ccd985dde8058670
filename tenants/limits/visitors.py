"""Who a visitor is to the limits: the address of the client, whatever proxies stand between."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

IPV6_PREFIX = 64


def visitor_address(request: HttpRequest) -> str:
    """The client's address as a limit should count it: IPv4 as it is, IPv6 as its /64, because a household has one.

    TRUSTED_PROXY_HOPS says how many of our own proxies append to X-Forwarded-For; what stands further
    left was written by the client and is not believed. Falls back to the address of the connection.
    """
    address = _forwarded(request) or _parsed(request.META.get("REMOTE_ADDR", ""))
    if address is None:
        return "unknown"
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return str(ip_network((int(address), IPV6_PREFIX), strict=False))
        address = address.ipv4_mapped
    return str(address)


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
