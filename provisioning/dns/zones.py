"""Which zone a name lies in, and who speaks for it."""

from dataclasses import dataclass

from provisioning.dns.asking import Asker, Server, texts

MOST_SERVERS = 6


@dataclass(frozen=True)
class Zone:
    """``servers`` are those that may be asked, at one address each."""

    name: str
    servers: tuple[Server, ...]


def find(asker: Asker, name: str) -> Zone | None:
    """The nearest name above (or this one itself) that has name servers; None below a top-level domain alone.

    Raises DnsAway or Silent.
    """
    labels = name.split(".")
    for start in range(len(labels) - 1):
        above = ".".join(labels[start:])
        servers = texts(asker.answer_of_resolver(above, "NS"), above, "NS")
        if servers:
            return Zone(above, _reachable(asker, servers[:MOST_SERVERS]))
    return None


def _reachable(asker: Asker, names: list[str]) -> tuple[Server, ...]:
    found = []
    for name in names:
        addresses = asker.resolve(name, "A") or asker.resolve(name, "AAAA")
        found += [Server(name, address) for address in addresses if asker.may_ask(address)][:1]
    return tuple(found)
