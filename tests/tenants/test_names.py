"""One rule for the names of companies, partners and keys: how they are kept, and when two are the same."""

import json
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from tenants import names
from tenants.errors import InvalidName, InvalidText, NameTaken, UnknownPartner
from tenants.models import Instance, Partner, Tenant
from tenants.services import keys, partners, webhooks
from tests import factories


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Société\u00a0: Dupont", "Société : Dupont"),
        ("«\u00a0Léa\u202f»", "« Léa »"),
        ("  Acme \t Corp  ", "Acme Corp"),
        ("Socie\u0301te\u0301", "Société"),
        ("\ufeffAc\u200bme\u00ad", "Acme"),
        ("Acme\ufe0f\U000e0100", "Acme"),
        ("\U00031350 Co", "\U00031350 Co"),
        ("Acme\u202e proC", "Acme proC"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("ශ්\u200dරී", "ශ්\u200dරී"),
        ("Ac\u200dme", "Acme"),
        ("R&D <Lyon> SARL", "R&D <Lyon> SARL"),
        ("日本 2", "日本 2"),
    ],
)
def test_a_name_is_kept_as_people_read_it(typed, kept):
    assert names.checked(typed) == kept
    assert names.checked(kept) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "!!!",
        "\u200b",
        "\u3164",
        "\u2800\u2800",
        "…",
        "Acme\nCorp",
        "Acme\r\nBcc: x",
        "Acme\u2028Corp",
        "a\x00b",
        "a\ud800",
        "a\x1bb",
    ],
)
def test_what_is_no_name_is_refused_with_a_sentence(text):
    with pytest.raises(InvalidName) as refusal:
        names.checked(text)
    assert str(refusal.value).endswith(".")


def test_the_length_counts_what_is_kept_and_the_sentence_says_both_numbers():
    assert len(names.checked("é" * 100 + "\u200b")) == 100
    with pytest.raises(InvalidName, match=r"100.*101"):
        names.checked("a" * 101)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ALICE CONSEIL", "Alice Conseil"),
        ("Ａｃｍｅ", "acme"),
        ("Straße", "STRASSE"),
        ("ﬁn", "FIN"),
        ("Ac\u200dme", "acme"),
    ],
)
def test_names_that_people_take_for_the_same_have_one_key(one, other):
    assert names.key(one) == names.key(other)
    assert names.key(one) != names.key(f"{other} 2")


@given(st.text(max_size=150))
def test_whatever_is_kept_is_stable_printable_and_storable(text):
    try:
        kept = names.checked(text)
    except InvalidName:
        return
    assert names.checked(kept) == kept
    assert names.is_storable(kept)
    assert len(names.key(kept)) <= names.LONGEST_KEY
    assert names.key(names.key(kept)) == names.key(kept)


@pytest.mark.django_db
@pytest.mark.parametrize("again", ["Socie\u0301te\u0301 Dupont", "SOCIÉTÉ\u00a0DUPONT", "Société Dupont"])
def test_a_customer_who_spells_its_name_otherwise_is_the_same_customer(again):
    for client_name, company in (("first", "Société Dupont"), ("second", again)):
        factories.order_instance(client_name, email="boss@dupont.example", company=company)
    assert Tenant.objects.count() == 1
    assert Instance.objects.count() == 2


@pytest.mark.django_db
def test_customers_that_were_alike_before_the_rule_go_on_as_they_are():
    common = {"partner": partners.house(), "email": "boss@dupont.example"}
    first = Tenant.objects.create(company="Dupont", **common)
    [second] = Tenant.objects.bulk_create([Tenant(company="DUPONT", **common)])
    for number, company in enumerate(("Dupont", "DUPONT", "dupont")):
        factories.order_instance(f"client-{number}", company=company, email="boss@dupont.example")
    assert set(Tenant.objects.all()) == {first, second}


@pytest.mark.django_db
def test_a_name_that_is_taken_in_another_spelling_makes_no_second_partner():
    alice = partners.create_partner(" Alice\u00a0Conseil ")
    assert alice.name == "Alice Conseil"
    with pytest.raises(NameTaken):
        partners.create_partner("ALICE CONSEIL")
    with pytest.raises(IntegrityError), transaction.atomic():
        Partner.objects.create(name="alice conseil")
    assert partners.find_partner("alice  conseil") == alice
    with pytest.raises(UnknownPartner):
        partners.find_partner("Alice\udcff")


@pytest.mark.django_db
def test_a_partner_that_has_a_twin_from_before_is_found_and_edited_under_its_own_name(client):
    first, [second] = factories.make_partner("Alice"), Partner.objects.bulk_create([Partner(name="ALICE")])
    assert [partners.find_partner(name) for name in ("Alice", "ALICE", "alice")] == [first, second, first]
    client.force_login(User.objects.create_superuser("olga"))
    address = reverse("admin:tenants_partner_change", args=[second.pk])
    form = {"language": "fr", "is_active": "on", "quota": "7"}
    assert client.post(address, form | {"name": "ALICE"}).status_code == 302
    assert "name" in client.post(address, form | {"name": "alice"}).context["adminform"].form.errors
    assert client.post(address, form | {"name": "Alice\u00a0Deux"}).status_code == 302
    second.refresh_from_db()
    assert (second.name, second.quota) == ("Alice Deux", 7)
    assert partners.find_partner("ALICE DEUX") == second


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["Alice\nConseil", "A" * 300, "!!!", "Alice\udcff"])
def test_the_command_refuses_a_partners_name_with_a_sentence(name):
    with pytest.raises(CommandError, match=r"\.$"):
        call_command("create_partner", name)
    assert Partner.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["Alice\u2028Conseil", "A" * 300, "!!!"])
def test_the_console_refuses_a_partners_name_beside_its_field(client, name):
    client.force_login(User.objects.create_superuser("olga"))
    form = {"name": name, "language": "fr", "is_active": "on"}
    page = client.post(reverse("admin:tenants_partner_add"), form)
    assert page.context["adminform"].form.errors["name"]


@pytest.mark.django_db
@pytest.mark.parametrize("value", [True, 12, 1.5, None, [], {"a": 1}])
@pytest.mark.parametrize("member", ["company", "email", "plan", "language"])
def test_a_json_signup_with_another_type_is_refused_at_its_member(client, member, value):
    order = {"company": "Acme", "email": "a@acme.example", "plan": "demo", "language": "fr", member: value}
    answer = client.post("/signup", json.dumps(order), content_type="application/json")
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{member}"]
    assert not Instance.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("value", [True, 12, [], {"a": 1}, "!!!", "Acme\nCorp", "a" * 101])
def test_the_api_refuses_a_company_that_is_none_at_its_member(client, value):
    order = {"clientName": "acme-corp", "adminEmail": "a@acme.example", "companyName": value}
    answer = client.post("/api/instances", json.dumps(order), content_type="application/json")
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/companyName"]
    assert not Instance.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["for\nwhat", "a" * 101, "a\udcff"])
def test_what_a_key_or_an_endpoint_is_for_stands_on_one_line_of_its_length(text):
    with pytest.raises(InvalidText):
        keys.issue(partners.house(), name=text)
    with pytest.raises(InvalidText):
        webhooks.create_endpoint(partners.house(), url="https://www.partner.com/hook", description=text)
    assert keys.issue(partners.house(), name="Site\u00a0web ")[0].name == "Site web"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "command",
    [
        ("operations", "show"),
        ("create_api_key",),
        ("create_instance", "acme-corp"),
        ("reset_two_factor",),
        ("api_keys", "revoke"),
    ],
)
def test_bytes_that_are_no_text_end_a_command_with_a_sentence(command):
    with pytest.raises(CommandError):
        call_command(*command, "\udcff\udcfe")


@pytest.mark.django_db
def test_what_was_written_before_the_rule_gets_its_key_from_its_name_and_twins_stay_two():
    """What the migration does, also to rows of the former version that still ran beside it."""
    house = partners.house()
    Partner.objects.bulk_create([Partner(name=name) for name in ("Alice", "ALICE", "Société\u00a0A")])
    rows = [("a@b.example", "Socie\u0301te\u0301"), ("a@b.example", "SOCIÉTÉ"), ("c@d.example", "société")]
    Tenant.objects.bulk_create([Tenant(partner=house, email=email, company=company) for email, company in rows])
    import_module("tenants.migrations.0021_alike_names").fill(apps, None)
    assert dict(Partner.objects.exclude(is_house=True).values_list("name", "name_key")) == {
        "Alice": "alice",
        "ALICE": None,
        "Société\u00a0A": names.key("Société A"),
    }
    assert list(Tenant.objects.order_by("pk").values_list("company_key", flat=True)) == ["société", None, "société"]
