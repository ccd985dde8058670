"""Questions to the DNS: a resolver's answer, or a name server's own. Each has little time, all together have an end."""

import time
from dataclasses import dataclass, field
from ipaddress import ip_address

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset

from provisioning.dns.errors import DnsAway, Silent
from provisioning.special_networks import is_loopback, is_public

QUESTION_SECONDS = 2.0
# with room for all that an examination asks; more is cut off
EXAMINATION_SECONDS = 25.0
LARGEST_ANSWER = 1232
DNS_PORT = 53
FAULTS = (dns.exception.DNSException, OSError, ValueError)


@dataclass(frozen=True)
class Server:
    """A name server of a zone, at one of its addresses."""

    name: str
    address: str


@dataclass
class Asker:
    """Who asks, for one examination. ``sandbox`` ("127.0.0.1:5300") is asked instead of the resolver of this machine;
    only then are name servers on loopback asked, at its port. None in another special network ever is.
    """

    sandbox: str = ""
    seconds: float = EXAMINATION_SECONDS
    _deadline: float = field(init=False)

    def __post_init__(self) -> None:
        self._deadline = time.monotonic() + self.seconds

    def resolve(self, name: str, kind: str) -> list[str]:
        """What a resolver finds, through aliases; empty when there is nothing. Raises DnsAway or Silent."""
        answer = self.answer_of_resolver(name, kind)
        wanted = dns.rdatatype.from_text(kind)
        return sorted(record.to_text() for each in answer.answer if each.rdtype == wanted for record in each)

    def answer_of_resolver(self, name: str, kind: str) -> dns.message.Message:
        """Whether its signatures are right is looked at here, not there: a zone that is wrongly signed is told too.

        Raises DnsAway; Silent when the examination's time is over, which says nothing of the resolver.
        """
        question = _question(name, kind)
        question.flags |= dns.flags.CD
        for address, port in self._resolvers():
            try:
                return self._asked(question, address, port)
            except Silent:
                continue
        if self._left <= 0:
            raise Silent(name)
        raise DnsAway("No resolver answers.")

    def answer_of(self, server: Server, name: str, kind: str, *, signed: bool = False) -> dns.message.Message:
        """The server's own word. Raises Silent, also when it does not speak for the zone of that name."""
        question = _question(name, kind, signed=signed)
        question.flags &= ~dns.flags.RD
        answer = self._asked(question, server.address, self._port)
        if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN) or not answer.flags & dns.flags.AA:
            raise Silent(server.name)
        return answer

    def may_ask(self, address: str) -> bool:
        """Nobody makes us send something to where only we can."""
        found = ip_address(address)
        return is_public(found) or (bool(self.sandbox) and is_loopback(found))

    @property
    def _left(self) -> float:
        """Seconds."""
        return self._deadline - time.monotonic()

    @property
    def _port(self) -> int:
        return int(self.sandbox.rpartition(":")[2]) if self.sandbox else DNS_PORT

    def _resolvers(self) -> list[tuple[str, int]]:
        if self.sandbox:
            return [(self.sandbox.rpartition(":")[0], self._port)]
        try:
            return [(str(address), DNS_PORT) for address in dns.resolver.Resolver().nameservers]
        except dns.exception.DNSException as error:
            raise DnsAway("This machine names no resolver.") from error

    def _asked(self, question: dns.message.Message, address: str, port: int) -> dns.message.Message:
        left = min(QUESTION_SECONDS, self._left)
        if left <= 0:
            raise Silent(address)
        try:
            answer, _by_tcp = dns.query.udp_with_fallback(question, address, timeout=left, port=port)
        except FAULTS as error:
            raise Silent(address) from error
        return answer


def records(answer: dns.message.Message, name: str, kind: str) -> dns.rrset.RRset | None:
    """What the answer itself says of exactly this name."""
    owner, wanted = dns.name.from_text(name), dns.rdatatype.from_text(kind)
    return next((each for each in answer.answer if each.name == owner and each.rdtype == wanted), None)


def texts(answer: dns.message.Message, name: str, kind: str) -> list[str]:
    """The same as plain texts: host names in lower case without their last dot, TXT joined as it was cut.

    All can be printed, and kept in rows: PostgreSQL refuses NUL, which a zone may hold.
    """
    found = records(answer, name, kind)
    if found is None:
        return []
    if kind == "TXT":
        return sorted(_printable(b"".join(record.strings).decode("utf-8", "replace")) for record in found)
    return sorted(record.to_text().lower().removesuffix(".") for record in found)


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def _question(name: str, kind: str, *, signed: bool = False) -> dns.message.QueryMessage:
    return dns.message.make_query(name, kind, use_edns=0, payload=LARGEST_ANSWER, want_dnssec=signed)
