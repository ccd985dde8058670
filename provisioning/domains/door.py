"""The customer's door: whether a visitor who comes by the new name meets Odoo, with a certificate to be trusted."""

import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpcore
import httpx
from django.conf import settings

from provisioning.dns.asking import Asker
from provisioning.dns.errors import DnsAway
from provisioning.hooks.errors import AddressRefused
from provisioning.hooks.network import CheckedNetwork, look_up

KNOCK_SECONDS = 15.0
HEALTH = "/web/health"
LONGEST_ANSWER = 4096
USER_AGENT = "EAZYNOVA-Domains/1"
# of the edge, for a name that leads to no service: docs.railway.com/networking/troubleshooting
NO_SERVICE = 404


@dataclass(frozen=True)
class Answer:
    """``trouble`` is empty when Odoo answered, else the code of what a visitor meets; ``valid_until`` of its
    certificate, None without one.
    """

    trouble: str = ""
    valid_until: datetime | None = None


# codes, kept in rows beside those of `dns.mistakes`
CLOSED, NO_CERTIFICATE, NO_ROUTE, ODOO_AWAY = "door_closed", "door_certificate", "door_no_route", "odoo_away"


def knock(address: str) -> Answer:
    """Ask for Odoo's health at ``https://name``, as any visitor's browser would reach it, and nowhere else."""
    parts = urlsplit(address)
    network = CheckedNetwork(
        allow_loopback=bool(settings.DNS_SANDBOX), deadline=time.monotonic() + KNOCK_SECONDS, look_up=_resolver()
    )
    url = httpcore.URL(scheme=parts.scheme, host=parts.hostname or "", port=parts.port, target=HEALTH)
    headers: dict[bytes | str, bytes | str] = {"Host": parts.netloc, "User-Agent": USER_AGENT, "Connection": "close"}
    limits = {"timeout": {"connect": KNOCK_SECONDS, "read": KNOCK_SECONDS}}
    try:
        with (
            httpcore.ConnectionPool(ssl_context=_authorities(), network_backend=network) as pool,
            pool.stream("GET", url, headers=headers, extensions=limits) as response,
        ):
            return _judged(response)
    except (AddressRefused, OSError, httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
        return Answer(NO_CERTIFICATE if _is_about_certificates(error) else CLOSED)


def _judged(response: httpcore.Response) -> Answer:
    found = bytearray()
    for chunk in response.iter_stream():
        found += chunk
        if len(found) >= LONGEST_ANSWER:
            break
    until = _valid_until(response)
    if response.status == 200 and b'"pass"' in found:
        return Answer("", until)
    return Answer(NO_ROUTE if response.status == NO_SERVICE else ODOO_AWAY, until)


def _valid_until(response: httpcore.Response) -> datetime | None:
    stream = response.extensions.get("network_stream")
    secured = stream.get_extra_info("ssl_object") if stream is not None else None
    certificate = secured.getpeercert() if secured is not None else None
    if not certificate or "notAfter" not in certificate:
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)


def _is_about_certificates(error: BaseException) -> bool:
    """httpcore says of a broken handshake only that it could not connect; its cause is kept."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _resolver() -> Callable[[str, int], list[str]]:
    """The sandbox's names are known to its own DNS alone."""
    return _in_the_sandbox if settings.DNS_SANDBOX else look_up


def _in_the_sandbox(host: str, port: int) -> list[str]:
    with suppress(ValueError):
        return [str(ip_address(host))]
    try:
        return Asker(settings.DNS_SANDBOX).resolve(host, "A")
    except DnsAway as error:
        raise httpcore.ConnectError(error.message) from error


@lru_cache(maxsize=1)
def _authorities() -> ssl.SSLContext:
    """Read once a process: it takes longer than the exchange."""
    return httpx.create_ssl_context()
