"""The examination of a name: what its zone's own servers say, held against what is wanted there."""

from dataclasses import dataclass

from provisioning.dns import authorities, cloudflare, signatures
from provisioning.dns.asking import Asker, Server, texts
from provisioning.dns.errors import Silent
from provisioning.dns.mistakes import Code, Mistake
from provisioning.dns.zones import Zone, find

# who issues the certificates: docs.railway.com/networking/domains/working-with-domains
AUTHORITY = "letsencrypt.org"
LONGEST_NAME = 253


@dataclass(frozen=True)
class Wanted:
    """``name`` shall lead to ``target``, ``proof`` stand as TXT at ``proof_host``; names in lower-case ASCII."""

    name: str
    target: str
    proof_host: str
    proof: str


@dataclass(frozen=True)
class Examination:
    """``zone`` is empty when there is none; ``apex``: the name is that of its zone, where no CNAME may stand."""

    zone: str
    mistakes: tuple[Mistake, ...]
    apex: bool = False


def examine(asker: Asker, wanted: Wanted) -> Examination:
    """Every mistake that can be named. Raises DnsAway when this machine's own resolver is silent.

    A zone that answers so slowly that the time does not do for all of it has silent servers.
    """
    try:
        there = frozenset(asker.resolve(wanted.target, "A") + asker.resolve(wanted.target, "AAAA"))
        zone = find(asker, wanted.name)
    except Silent:
        return Examination("", (Mistake(Code.SERVERS_SILENT, host=wanted.name),))
    if zone is None:
        return Examination("", (Mistake(Code.UNKNOWN_ZONE, host=wanted.name),))
    views = [
        (server, view) for server in zone.servers if (view := _view(asker, server, zone, wanted, there)) is not None
    ]
    apex = wanted.name == zone.name
    silent = Mistake(Code.SERVERS_SILENT, host=zone.name)
    if not views:
        return Examination(zone.name, (silent,), apex)
    speaker = views[0][0]
    whole: tuple[Mistake, ...]
    try:
        whole = (*_of_certificates(asker, zone, speaker, wanted), *_of_signatures(asker, zone, speaker))
    except Silent:
        whole = (silent,)
    return Examination(zone.name, (*_agreed([view for _server, view in views], zone), *whole), apex)


def _agreed(views: list[tuple[Mistake, ...]], zone: Zone) -> tuple[Mistake, ...]:
    """What all say; when they differ, that it is still spreading, and what is wrong where least is."""
    best = min(views, key=len)
    if all(view == best for view in views):
        return best
    heard = sum(view == best for view in views)
    return (Mistake(Code.SPREADING, host=zone.name, found=f"{heard}/{len(views)}"), *best)


def _view(
    asker: Asker, server: Server, zone: Zone, wanted: Wanted, there: frozenset[str]
) -> tuple[Mistake, ...] | None:
    """What is wrong according to this server; None when it does not say."""
    try:
        return tuple(
            mistake
            for mistake in (_of_route(asker, server, zone, wanted, there), _of_proof(asker, server, zone, wanted))
            if mistake is not None
        )
    except Silent:
        return None


def _of_route(asker: Asker, server: Server, zone: Zone, wanted: Wanted, there: frozenset[str]) -> Mistake | None:
    name, target, apex = wanted.name, wanted.target, wanted.name == zone.name
    alias = texts(asker.answer_of(server, name, "CNAME"), name, "CNAME")
    if alias:
        return _of_alias(asker, server, zone, wanted, alias[0])
    addresses = [
        address for kind in ("A", "AAAA") for address in texts(asker.answer_of(server, name, kind), name, kind)
    ]
    if not addresses:
        if _stands_at(asker, server, f"{name}.{zone.name}", "CNAME", target):
            return Mistake(Code.DOUBLED_NAME, host=f"{name}.{zone.name}", wanted=name)
        return Mistake(Code.APEX_MISSING if apex else Code.MISSING, host=name, wanted=target)
    foreign = [address for address in addresses if address not in there]
    if not foreign:
        # the zone's provider follows the alias itself
        return None
    if any(cloudflare.hides(address) for address in foreign):
        return Mistake(Code.PROXIED, host=name, found=foreign[0], wanted=target)
    return Mistake(Code.APEX_ADDRESS if apex else Code.ADDRESS_INSTEAD, name, found=", ".join(foreign), wanted=target)


def _of_alias(asker: Asker, server: Server, zone: Zone, wanted: Wanted, alias: str) -> Mistake | None:
    name, target = wanted.name, wanted.target
    if name == zone.name:
        return Mistake(Code.APEX_ALIAS, host=name, found=alias, wanted=target)
    if alias == f"{target}.{zone.name}":
        return Mistake(Code.DOUBLED_TARGET, host=name, found=alias, wanted=target)
    if alias != target:
        return Mistake(Code.WRONG_TARGET, host=name, found=alias, wanted=target)
    beside = [kind for kind in ("MX", "TXT", "A") if texts(asker.answer_of(server, name, kind), name, kind)]
    return Mistake(Code.CONFLICT, host=name, found=beside[0], wanted=target) if beside else None


def _of_proof(asker: Asker, server: Server, zone: Zone, wanted: Wanted) -> Mistake | None:
    host = wanted.proof_host
    found = texts(asker.answer_of(server, host, "TXT"), host, "TXT")
    if wanted.proof in found:
        return None
    if found:
        return Mistake(Code.PROOF_WRONG, host=host, found=found[0][:100], wanted=wanted.proof)
    if _stands_at(asker, server, f"{host}.{zone.name}", "TXT", wanted.proof):
        return Mistake(Code.PROOF_DOUBLED, host=f"{host}.{zone.name}", wanted=host)
    return Mistake(Code.PROOF_MISSING, host=host, wanted=wanted.proof)


def _of_certificates(asker: Asker, zone: Zone, server: Server, wanted: Wanted) -> tuple[Mistake, ...]:
    ruling = authorities.forbidding(asker, zone, server, wanted.name, AUTHORITY)
    if ruling is None:
        return ()
    return (
        Mistake(Code.CAA_FORBIDS, ruling.host, found=", ".join(ruling.records)[:200], wanted=f'0 issue "{AUTHORITY}"'),
    )


def _of_signatures(asker: Asker, zone: Zone, server: Server) -> tuple[Mistake, ...]:
    return (Mistake(Code.SIGNATURES_BROKEN, host=zone.name),) if signatures.broken(asker, zone, server) else ()


def _stands_at(asker: Asker, server: Server, host: str, kind: str, value: str) -> bool:
    return len(host) <= LONGEST_NAME and value in texts(asker.answer_of(server, host, kind), host, kind)
