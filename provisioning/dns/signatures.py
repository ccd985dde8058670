"""DNSSEC: whether who checks signatures, as certificate authorities do, can believe what the zone says."""

import dns.dnssec
import dns.dnssectypes
import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
from dns.exception import UnsupportedAlgorithm, ValidationFailure

from provisioning.dns.asking import Asker, Server, records
from provisioning.dns.errors import Silent
from provisioning.dns.zones import Zone

UNTRIED = (UnsupportedAlgorithm, NotImplementedError, ImportError)


def broken(asker: Asker, zone: Zone, server: Server) -> bool:
    """The zone above promises signatures (DS) and the zone has none that would be right. Raises DnsAway or Silent.

    What cannot be judged here (an algorithm that is not known, a server that is silent) is not called broken.
    """
    promised = records(asker.answer_of_resolver(zone.name, "DS"), zone.name, "DS")
    if promised is None:
        return False
    try:
        keys_answer = asker.answer_of(server, zone.name, "DNSKEY", signed=True)
        soa_answer = asker.answer_of(server, zone.name, "SOA", signed=True)
    except Silent:
        return False
    keys, soa = records(keys_answer, zone.name, "DNSKEY"), records(soa_answer, zone.name, "SOA")
    if keys is None or soa is None:
        return True
    try:
        return not (
            _is_promised(keys, promised)
            and _is_signed(keys, keys_answer, keys, zone.name)
            and _is_signed(soa, soa_answer, keys, zone.name)
        )
    except UNTRIED:
        return False


def _is_promised(keys: dns.rrset.RRset, promised: dns.rrset.RRset) -> bool:
    """Whether one of the keys is one of those that the zone above names."""
    tried = False
    for digest in {record.digest_type for record in promised}:
        wanted = {record for record in promised if record.digest_type == digest}
        try:
            made = {
                dns.dnssec.make_ds(keys.name, key, dns.dnssectypes.DSDigest(digest), validating=True) for key in keys
            }
        except (*UNTRIED, ValueError):
            continue
        tried = True
        if made & wanted:
            return True
    if not tried:
        raise UnsupportedAlgorithm
    return False


def _is_signed(found: dns.rrset.RRset, answer: dns.message.Message, keys: dns.rrset.RRset, zone: str) -> bool:
    own = [
        each
        for each in answer.answer
        if each.name == found.name and each.rdtype == dns.rdatatype.RRSIG and each.covers == found.rdtype
    ]
    if not own:
        return False
    try:
        dns.dnssec.validate(found, own[0], {dns.name.from_text(zone): keys})
    except UnsupportedAlgorithm:
        raise
    except ValidationFailure:
        return False
    return True
