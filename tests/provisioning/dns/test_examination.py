"""Each mistake that a customer makes in a zone is told by its name, whatever else is right."""

from itertools import count
from types import SimpleNamespace

import pytest

from provisioning.dns import asking
from provisioning.dns.asking import Asker
from provisioning.dns.errors import DnsAway
from provisioning.dns.examination import Wanted, examine
from tests.provisioning.dns.conftest import PROOF, TARGET, THERE, ZONE

PROVEN = {"_railway-verify.erp": {"TXT": PROOF}}
RIGHT = {"erp": {"CNAME": TARGET}, **PROVEN}
APEX_PROVEN = {"_railway-verify": {"TXT": PROOF}}
CLOUDFLARE = "104.21.7.9"


def test_a_zone_with_both_records_has_no_mistake(zone):
    found = zone(RIGHT)
    assert (found.zone, found.mistakes, found.apex) == (ZONE, (), False)


@pytest.mark.parametrize(
    ("records", "code"),
    [
        (PROVEN, "missing"),
        ({**PROVEN, "erp": {"CNAME": "www.other.example"}}, "wrong_target"),
        ({**PROVEN, "erp": {"A": "51.68.11.22"}}, "address_instead"),
        ({**PROVEN, "erp": {"A": THERE, "AAAA": "2001:41d0::1"}}, "address_instead"),
        ({**PROVEN, "erp": {"A": CLOUDFLARE}}, "proxied"),
        ({**PROVEN, "erp": {"AAAA": "2606:4700::6812:1"}}, "proxied"),
        ({**PROVEN, f"erp.{ZONE}": {"CNAME": TARGET}}, "doubled_name"),
        ({**PROVEN, "erp": {"CNAME": f"{TARGET}.{ZONE}"}}, "doubled_target"),
        ({**PROVEN, "erp": {"CNAME": TARGET, "MX": "10 mail.boulangerie.fr."}}, "conflict"),
        ({"erp": {"CNAME": TARGET}}, "proof_missing"),
        ({"erp": {"CNAME": TARGET}, "_railway-verify.erp": {"TXT": "railway-verify=other"}}, "proof_wrong"),
        ({"erp": {"CNAME": TARGET}, f"_railway-verify.erp.{ZONE}": {"TXT": PROOF}}, "proof_doubled"),
        ({**RIGHT, "@": {"CAA": '0 issue "digicert.com"'}}, "caa_forbids"),
        ({**RIGHT, "@": {"CAA": '0 issue ";"'}}, "caa_forbids"),
        ({**RIGHT, "@": {"CAA": '128 novel "x"'}}, "caa_forbids"),
        ({**RIGHT, "@": {"CAA": '0 issue "letsencrypt.org; accounturi=https://x/1"'}}, "caa_forbids"),
    ],
)
def test_the_one_mistake_is_named(codes, records, code):
    assert codes(records) == [code]


@pytest.mark.parametrize(
    ("records", "code"),
    [
        (APEX_PROVEN, "apex_missing"),
        ({**APEX_PROVEN, "@": {"A": "51.68.11.22"}}, "apex_address"),
        ({**APEX_PROVEN, "@": {"A": CLOUDFLARE}}, "proxied"),
        ({**APEX_PROVEN, "@": {"CNAME": TARGET}}, "apex_alias"),
    ],
)
def test_a_domain_without_anything_before_it_needs_an_alias_that_its_provider_follows(zone, records, code):
    found = zone(records, "@")
    assert ([str(mistake.code) for mistake in found.mistakes], found.apex) == ([code], True)


@pytest.mark.parametrize("name", ["@", "erp"])
def test_an_alias_that_the_provider_follows_is_right(codes, name):
    host = "_railway-verify" if name == "@" else f"_railway-verify.{name}"
    assert codes({name: {"A": THERE}, host: {"TXT": PROOF}}, name) == []


def test_what_stands_there_and_what_should_is_told(zone):
    (mistake,) = zone({**PROVEN, "erp": {"CNAME": "Old.Host.Example."}}).mistakes
    assert (mistake.host, mistake.found, mistake.wanted) == (f"erp.{ZONE}", "old.host.example", TARGET)
    assert mistake.as_dict()["code"] == "wrong_target"


@pytest.mark.parametrize("records", [RIGHT | {"@": {"CAA": ['0 issue "digicert.com"', '0 issue "letsencrypt.org"']}},
                                     RIGHT | {"@": {"CAA": '0 iodef "mailto:x@y.fr"'}},
                                     RIGHT | {"@": {"CAA": '0 issuewild ";"'}}])  # fmt: skip
def test_a_caa_record_that_allows_us_forbids_nothing(codes, records):
    assert codes(records) == []


def test_the_nearest_caa_record_decides(codes):
    above = {"@": {"CAA": '0 issue "letsencrypt.org"'}, "erp": {"A": THERE, "CAA": '0 issue "digicert.com"'}}
    assert codes({**above, **PROVEN}) == ["caa_forbids"]
    below = {"@": {"CAA": '0 issue "digicert.com"'}, "erp": {"A": THERE, "CAA": '0 issue "letsencrypt.org"'}}
    assert codes({**below, **PROVEN}) == []


def test_several_mistakes_are_told_together(codes):
    assert codes({"@": {"CAA": '0 issue "digicert.com"'}}) == ["missing", "proof_missing", "caa_forbids"]


@pytest.mark.parametrize("length", [40, 900])
def test_other_texts_beside_the_proof_do_no_harm_however_long_the_answer_is(codes, length):
    beside = [PROOF, *(f"v=spf{number} {'x' * length}" for number in range(4))]
    assert codes({"erp": {"CNAME": TARGET}, "_railway-verify.erp": {"TXT": beside}}) == []


@pytest.mark.parametrize(("signed", "expected"), [("right", []), ("unsigned", ["signatures_broken"]),
                                                  ("expired", ["signatures_broken"])])  # fmt: skip
def test_signatures_that_the_zone_above_promises_must_be_right(codes, signed, expected):
    assert codes(RIGHT, signed=signed) == expected


def test_servers_that_differ_are_told_as_still_spreading(codes):
    both = {"ns1.dns.example": "127.0.0.1", "ns2.dns.example": "127.0.0.2"}
    assert codes(RIGHT, servers=both, elsewhere={}) == ["spreading"]
    assert codes(RIGHT, servers=both) == []
    assert codes(PROVEN, servers=both, elsewhere={}) == ["spreading", "missing"]


def test_a_silent_server_beside_one_that_answers_is_left_aside(codes):
    assert codes(RIGHT, servers={"ns1.dns.example": "127.0.0.1", "ns3.dns.example": "127.0.0.3"}) == []


def test_a_zone_whose_servers_are_all_silent_is_told_so(codes):
    assert codes(RIGHT, servers={"ns3.dns.example": "127.0.0.3"}) == ["servers_silent"]


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "192.168.1.1"])
def test_a_server_in_a_network_that_only_we_can_reach_is_not_asked(codes, address):
    assert codes(RIGHT, servers={"ns1.dns.example": address}) == ["servers_silent"]


def test_loopback_is_asked_for_the_sandbox_alone():
    assert not Asker().may_ask("127.0.0.1")
    assert Asker().may_ask("9.9.9.9")
    assert Asker("127.0.0.1:5300").may_ask("127.0.0.1")
    assert not Asker("127.0.0.1:5300").may_ask("10.0.0.1")


def test_a_domain_that_nobody_has_is_told_so(running):
    wanted = Wanted("erp.nobody.fr", TARGET, "_railway-verify.erp.nobody.fr", PROOF)
    assert [str(each.code) for each in examine(Asker(running.dns), wanted).mistakes] == ["unknown_zone"]


def test_a_resolver_of_ours_that_is_away_says_nothing_about_a_zone():
    wanted = Wanted("erp.boulangerie.fr", TARGET, "_railway-verify.erp.boulangerie.fr", PROOF)
    with pytest.raises(DnsAway):
        examine(Asker("127.0.0.1:9"), wanted)


def test_an_examination_has_an_end_and_a_slow_zone_is_not_called_our_resolvers_silence(zone, running, monkeypatch):
    both = {"ns1.dns.example": "127.0.0.1", "ns2.dns.example": "127.0.0.2"}
    found = []
    for seconds in range(30):
        # each question takes a second
        monkeypatch.setattr(asking, "time", SimpleNamespace(monotonic=count().__next__))
        asker = Asker(running.dns, seconds=seconds)
        found.append([str(mistake.code) for mistake in zone(RIGHT, servers=both, asker=asker).mistakes])
    needed = found.index([])
    assert needed > 10
    assert found == [["servers_silent"]] * needed + [[]] * (30 - needed)


@pytest.mark.parametrize("text", ["\\000oops", "\\007", "\\226\\128\\174"])
def test_what_cannot_be_printed_is_not_shown_of_a_text(zone, text):
    (mistake,) = zone({**RIGHT, "_railway-verify.erp": {"TXT": text}}).mistakes
    assert (str(mistake.code), mistake.found[0]) == ("proof_wrong", "\N{REPLACEMENT CHARACTER}")
