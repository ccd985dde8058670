"""Connections that go where the check looked, and that end when their time is over."""

import socket
import ssl
import time
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Any

import httpcore

from provisioning.hooks.address import require_public
from provisioning.hooks.errors import AddressRefused


def look_up(host: str, port: int) -> list[str]:
    """The addresses of a host, as this machine finds them. Raises httpcore.ConnectError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError("The name of the host is not known.") from error
    return list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))


class CheckedNetwork(httpcore.NetworkBackend):
    """Resolves, refuses unless every address found is public, and connects to one that was checked.

    No second look-up happens, so a name cannot change its mind in between. The whole exchange
    shares ``deadline`` (time.monotonic), however slowly the other side drips. ``look_up`` may be another resolver's.
    """

    def __init__(
        self, *, allow_loopback: bool, deadline: float, look_up: Callable[[str, int], list[str]] = look_up
    ) -> None:
        self._allow_loopback = allow_loopback
        self._deadline = deadline
        self._look_up = look_up
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self._resolved(host, port)
        failure: Exception = httpcore.ConnectError("no address")
        for address in addresses[:4]:
            try:
                stream = self._plain.connect_tcp(address, port, timeout=_left(self._deadline, timeout))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return DeadlineStream(stream, self._deadline)
        raise failure

    def _resolved(self, host: str, port: int) -> list[str]:
        addresses = self._look_up(host, port)
        if not addresses:
            raise AddressRefused("The name of the host has no address.")
        for address in addresses:
            require_public(ip_address(address), allow_loopback=self._allow_loopback)
        return addresses


class DeadlineStream(httpcore.NetworkStream):
    """A stream of which no read or write outlives the deadline of the whole exchange."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline, timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline, timeout))
        return DeadlineStream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float, timeout: float | None) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("The time for the whole exchange is over.")
    return min(left, timeout) if timeout is not None else left
