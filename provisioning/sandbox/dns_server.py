"""The DNS of the sandbox on a UDP and a TCP port of loopback: a resolver to who wants one, and every zone's servers."""

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Callable
from typing import Any, cast

import dns.dnssec
import dns.dnssectypes
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provisioning.sandbox.zones import LONGEST_CHAIN, Zones

TTL = 60
ADDRESSES = ("127.0.0.1", "127.0.0.2")
SOA = "ns1.dns.example. hostmaster.dns.example. {serial} 3600 600 86400 60"
DAY = 86_400
TRIES = 20


class Answers:
    """What is answered to a question: by a resolver when that is wished for, else by the server at this address."""

    def __init__(self, zones: Zones) -> None:
        self._zones = zones
        self._keys: dict[str, Ed25519PrivateKey] = {}

    def answer(self, asked: bytes, address: str) -> dns.message.Message | None:
        """None for what is no question."""
        try:
            query = dns.message.from_wire(asked)
            question = query.question[0]
        except (dns.exception.DNSException, IndexError):
            return None
        response = dns.message.make_response(query)
        name, kind = question.name.to_text().lower().removesuffix("."), dns.rdatatype.to_text(question.rdtype)
        if query.flags & dns.flags.RD:
            response.flags |= dns.flags.RA
            self._resolve(response, name, kind)
        else:
            self._speak(response, name, kind, address)
        return response

    def _resolve(self, response: dns.message.Message, name: str, kind: str) -> None:
        if kind in ("NS", "DS", "SOA", "DNSKEY"):
            self._add_of_zone(response, name, kind)
            return
        for _ in range(LONGEST_CHAIN):
            found = self._zones.records(name)
            if kind in found or not found.get("CNAME"):
                _add(response, name, kind, found.get(kind, ()))
                return
            _add(response, name, "CNAME", found["CNAME"])
            name = found["CNAME"][0]

    def _speak(self, response: dns.message.Message, name: str, kind: str, address: str) -> None:
        zone_name = self._zones.zone_of(name)
        zone = self._zones.all().get(zone_name)
        if zone is None or address not in zone["servers"].values():
            response.set_rcode(dns.rcode.REFUSED)
            return
        response.flags |= dns.flags.AA
        if kind in ("NS", "SOA", "DNSKEY"):
            self._add_of_zone(response, name, kind)
            return
        found = self._zones.records(name, first=address == next(iter(zone["servers"].values())))
        if found.get("CNAME") and kind not in found:
            _add(response, name, "CNAME", found["CNAME"])
        else:
            _add(response, name, kind, found.get(kind, ()))
        if not found:
            response.set_rcode(dns.rcode.NXDOMAIN)

    def _add_of_zone(self, response: dns.message.Message, name: str, kind: str) -> None:
        """What a zone says of itself, or the one above of it."""
        zone = self._zones.all().get(name)
        if zone is None:
            return
        key = self._key(name)
        public = dns.dnssec.make_dnskey(key.public_key(), dns.dnssectypes.Algorithm.ED25519, flags=257)
        match kind:
            case "NS":
                _add(response, name, kind, [f"{host}." for host in zone["servers"]])
            case "SOA":
                _add(response, name, kind, [SOA.format(serial=zone["serial"])])
            case "DS" if zone["signed"]:
                _add(response, name, kind, [dns.dnssec.make_ds(dns.name.from_text(name), public, "SHA256").to_text()])
            case "DNSKEY" if zone["signed"] in ("right", "expired"):
                _add(response, name, kind, [public.to_text()])
        if kind in ("SOA", "DNSKEY") and zone["signed"] in ("right", "expired") and response.answer:
            until = time.time() + (DAY if zone["signed"] == "right" else -DAY)
            signer = dns.name.from_text(name)
            signature = dns.dnssec.sign(
                response.answer[0], key, signer, public, inception=until - 9 * DAY, expiration=until
            )
            response.answer.append(dns.rrset.from_rdata(signer, TTL, signature))

    def _key(self, zone: str) -> Ed25519PrivateKey:
        return self._keys.setdefault(zone, Ed25519PrivateKey.generate())


class DnsServer:
    """Closing it frees its ports at once."""

    def __init__(self, loop: asyncio.AbstractEventLoop, zones: Zones, port: int, former: int = 0) -> None:
        """With port 0 the ``former`` one while it is free, else any. Raises OSError when ``port`` is not free.

        To be made on the loop's own thread, which does not run yet.
        """
        self._loop = loop
        self._answers = Answers(zones)
        self._closers: list[Callable[[], object]] = []
        self.port = self._open(port, former)

    def close(self) -> None:
        for close in self._closers:
            close()

    def _open(self, port: int, former: int) -> int:
        """A port that is free in both ways on all addresses."""
        for attempt in range(TRIES):
            opened: list[tuple[str, socket.socket, socket.socket]] = []
            try:
                chosen = port or (0 if attempt else former)
                for address in ADDRESSES:
                    datagrams, streams = _bound(address, chosen)
                    chosen = datagrams.getsockname()[1]
                    opened.append((address, datagrams, streams))
            except OSError:
                for _address, datagrams, streams in opened:
                    datagrams.close()
                    streams.close()
                if port or attempt == TRIES - 1:
                    raise
                continue
            break
        for each in opened:
            self._serve(*each)
        return chosen

    def _serve(self, address: str, datagrams: socket.socket, streams: socket.socket) -> None:
        self._loop.add_reader(datagrams, lambda: self._hear(address, datagrams))
        server = self._loop.run_until_complete(
            asyncio.start_server(lambda reader, writer: self._talk(address, reader, writer), sock=streams)
        )
        self._closers += [lambda: self._loop.remove_reader(datagrams), datagrams.close, server.close]

    def _hear(self, address: str, datagrams: socket.socket) -> None:
        try:
            asked, whence = datagrams.recvfrom(4096)
        except OSError:
            return
        response = self._answers.answer(asked, address)
        if response is not None:
            with contextlib.suppress(OSError):
                datagrams.sendto(_short(response), whence)

    async def _talk(self, address: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            (length,) = struct.unpack("!H", await reader.readexactly(2))
            response = self._answers.answer(await reader.readexactly(length), address)
            if response is not None:
                whole = response.to_wire(max_size=65_535)
                writer.write(struct.pack("!H", len(whole)) + whole)
                await writer.drain()
        writer.close()


def _bound(address: str, port: int) -> tuple[socket.socket, socket.socket]:
    """Raises OSError."""
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    streams = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        datagrams.setblocking(False)
        datagrams.bind((address, port))
        streams.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        streams.bind((address, datagrams.getsockname()[1]))
    except OSError:
        datagrams.close()
        streams.close()
        raise
    return datagrams, streams


def _short(response: dns.message.Message) -> bytes:
    """As it fits into one datagram of the size that the asker takes; who wants all of it comes by TCP."""
    try:
        return response.to_wire(max_size=response.request_payload or 512)
    except dns.exception.TooBig:
        response.answer.clear()
        response.flags |= dns.flags.TC
        return response.to_wire()


def _add(response: dns.message.Message, name: str, kind: str, values: Any) -> None:
    if not values:
        return
    written = [f'"{_cut(value)}"' if kind == "TXT" else value for value in values]
    if kind == "CNAME":
        written = [f"{value.removesuffix('.')}." for value in values]
    response.answer.append(cast("Any", dns.rrset.from_text_list)(f"{name}.", TTL, "IN", kind, written))


def _cut(text: str) -> str:
    """A TXT record is made of strings of 255 characters at most."""
    return '" "'.join(text[start : start + 250] for start in range(0, len(text), 250))
