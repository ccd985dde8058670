"""Who may issue certificates for a name: CAA, RFC 8659."""

from dataclasses import dataclass

import dns.rdatatype
import dns.rdtypes.ANY.CAA

from provisioning.dns.asking import Asker, Server, records
from provisioning.dns.errors import Silent
from provisioning.dns.zones import Zone

CRITICAL = 128
KNOWN_TAGS = frozenset({"issue", "issuewild", "iodef", "contactemail", "contactphone", "issuemail", "issuevmc"})
Records = list[dns.rdtypes.ANY.CAA.CAA]


@dataclass(frozen=True)
class Ruling:
    """The set of records that decides, and where it stands."""

    host: str
    records: tuple[str, ...]


def forbidding(asker: Asker, zone: Zone, server: Server, name: str, authority: str) -> Ruling | None:
    """The records that keep this authority from issuing for the name; None when nothing does.

    Raises DnsAway or Silent.
    """
    labels = name.split(".")
    for start in range(len(labels)):
        host = ".".join(labels[start:])
        found = _found(asker, zone, server, host)
        if found:
            return None if _allows(found, authority) else Ruling(host, tuple(sorted(map(_written, found))))
    return None


def _found(asker: Asker, zone: Zone, server: Server, host: str) -> Records:
    """The zone's own are asked at its server; aliases and what stands above the zone, a resolver."""
    inside = host == zone.name or host.endswith(f".{zone.name}")
    if inside:
        try:
            answer = asker.answer_of(server, host, "CAA")
        except Silent:
            answer = asker.answer_of_resolver(host, "CAA")
        if records(answer, host, "CNAME") is None:
            return list(records(answer, host, "CAA") or ())
    answer = asker.answer_of_resolver(host, "CAA")
    return [record for each in answer.answer if each.rdtype == dns.rdatatype.CAA for record in each]


def _allows(found: Records, authority: str) -> bool:
    tags = [(record.tag.decode("ascii", "replace").lower(), record) for record in found]
    if any(record.flags & CRITICAL and tag not in KNOWN_TAGS for tag, record in tags):
        return False
    issuers = [record.value.decode("utf-8", "replace") for tag, record in tags if tag == "issue"]
    # one that names an account is for that account only
    return not issuers or any(
        value.partition(";")[0].strip().lower().rstrip(".") == authority and "accounturi" not in value.lower()
        for value in issuers
    )


def _written(record: dns.rdtypes.ANY.CAA.CAA) -> str:
    return str(record.to_text())
