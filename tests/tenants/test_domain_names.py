"""What a customer may type as a domain, and what becomes of it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants import domain_names
from tenants.errors import InvalidDomain, ReservedDomain


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("erp.boulangerie.fr", "erp.boulangerie.fr"),
        ("  ERP.Boulangerie.FR. ", "erp.boulangerie.fr"),
        ("https://erp.boulangerie.fr/web/login?x=1", "erp.boulangerie.fr"),
        ("http://erp.boulangerie.fr:8069", "erp.boulangerie.fr"),
        ("boulangerie.fr", "boulangerie.fr"),
        ("caf\u00e9.fr", "xn--caf-dma.fr"),
        ("cafe\u0301.fr", "xn--caf-dma.fr"),
        ("straße.de", "xn--strae-oqa.de"),
        ("xn--caf-dma.fr", "xn--caf-dma.fr"),
    ],
)
def test_what_is_typed_becomes_the_name_that_the_dns_has(typed, name):
    assert domain_names.normal(typed) == name


@pytest.mark.parametrize(
    "typed",
    ["", "fr", "*.boulangerie.fr", "a b.fr", "-a.fr", "a-.fr", "a..fr", "a_b.fr", "10.0.0.1", "[::1]", "odoo.local",
     "x.localhost", "marie@boulangerie.fr", "xn--zzzzzz.fr", "a\u202eb.fr", f"{'a' * 64}.fr", f"{'a.' * 120}fr",
     "a.\x00fr",
     "ｅrp.fr"],
)  # fmt: skip
def test_what_is_no_name_of_the_public_dns_is_refused(typed):
    with pytest.raises(InvalidDomain):
        domain_names.normal(typed)


@pytest.mark.parametrize("typed", ["up.railway.app", "x.up.railway.app", "eazynova.example", "shop.eazynova.example"])
def test_the_houses_and_the_hosts_names_are_nobodys(typed):
    with pytest.raises(ReservedDomain):
        domain_names.normal(typed, house=["eazynova.example", ""])
    assert domain_names.normal("noteazynova.example", house=["eazynova.example"])


def test_its_owner_reads_it_in_its_own_letters():
    assert domain_names.shown("xn--caf-dma.fr") == "café.fr"
    assert domain_names.shown("boulangerie.fr") == "boulangerie.fr"


@given(st.text(max_size=80))
@settings(max_examples=300, deadline=None)
def test_whatever_is_typed_is_a_name_or_refused_and_a_name_stays_itself(typed):
    try:
        name = domain_names.normal(typed)
    except (InvalidDomain, ReservedDomain):
        return
    assert name.isascii()
    assert name == name.lower()
    assert domain_names.normal(name) == name
