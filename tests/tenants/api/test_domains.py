"""A partner's program adds a customer's own domain, follows it and takes it away, for its own instances only."""

import pytest

from provisioning.models import Domain
from tenants.models import AuditEntry, Instance
from tests import factories

pytestmark = pytest.mark.django_db
NAME = {"name": "erp.boulangerie.fr"}


@pytest.fixture
def path(ready):
    return f"/instances/{ready.public_id}/domains"


def test_a_domain_is_added_and_told(as_alice, ready, path):
    made = as_alice("POST", path, NAME)
    assert made.status_code == 202
    body = made.json()
    assert (body["name"], body["status"], body["records"]) == (NAME["name"], "waiting", [])
    Domain.objects.update(
        state="records", target="x1.up.railway.app", zone="boulangerie.fr", proof="railway-verify=a",
        proof_host="_railway-verify.erp.boulangerie.fr", mistakes=[{"code": "missing", "host": NAME["name"]}],
    )  # fmt: skip
    told = as_alice("GET", f"{path}/{body['domainId']}").json()
    assert as_alice("GET", path).json()["data"] == [told]
    assert [(each["type"], each["host"], each["value"]) for each in told["records"]] == [
        ("CNAME", "erp", "x1.up.railway.app"),
        ("TXT", "_railway-verify.erp", "railway-verify=a"),
    ]
    (trouble,) = told["troubles"]
    assert trouble["code"] == "missing"
    assert NAME["name"] in trouble["detail"]
    entry = AuditEntry.objects.get(act="domain_added")
    assert entry.actor.startswith("Alice Conseil")


def test_a_repetition_with_the_same_key_adds_no_second_one(as_alice, path):
    first, again = (as_alice("POST", path, NAME, **{"Idempotency-Key": "k"}) for _ in range(2))
    assert again["Idempotent-Replayed"] == "true"
    assert first.json() == again.json()
    other = as_alice("POST", path, {"name": "www.boulangerie.fr"}, **{"Idempotency-Key": "k"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert Domain.objects.count() == 1


def test_the_same_name_again_is_the_one_that_there_is(as_alice, path):
    first, again = (as_alice("POST", path, NAME).json()["domainId"] for _ in range(2))
    assert first == again


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("*.boulangerie.fr", "invalid_domain"),
        ("boulangerie", "invalid_domain"),
        ("127.0.0.1", "invalid_domain"),
        ("odoo.local", "invalid_domain"),
        ("a@boulangerie.fr", "invalid_domain"),
        ("erp.boulangerie..fr", "invalid_domain"),
        ("bou_langerie.fr", "invalid_domain"),
        ("mine.up.railway.app", "reserved_domain"),
    ],
)
def test_what_is_no_domain_of_a_customer_is_refused(as_alice, path, name, code):
    answer = as_alice("POST", path, {"name": name})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["errors"][0]["pointer"] == "/name"


def test_a_name_of_the_house_is_nobodys(as_alice, path, settings):
    settings.PUBLIC_BASE_URL = "https://www.eazynova.example"
    answer = as_alice("POST", path, {"name": "shop.www.eazynova.example"})
    assert answer.json()["code"] == "reserved_domain"


def test_a_domain_of_another_customer_is_taken_and_no_more_is_said(as_alice, path):
    other = factories.make_instance("secret-name", state="ready")
    Domain.objects.create(instance=other, name=NAME["name"])
    answer = as_alice("POST", path, NAME)
    assert (answer.status_code, answer.json()["code"]) == (409, "domain_taken")
    assert "secret-name" not in answer.content.decode()


def test_only_so_many_and_so_often(as_alice, path, settings):
    settings.DOMAINS_PER_INSTANCE, settings.DOMAIN_RATE = 2, "3/d"
    for number in range(2):
        assert as_alice("POST", path, {"name": f"n{number}.fr"}).status_code == 202
    assert as_alice("POST", path, {"name": "n3.fr"}).json()["code"] == "too_many_domains"
    Domain.objects.update(state="removed")
    assert as_alice("POST", path, {"name": "n4.fr"}).status_code == 202
    assert as_alice("POST", path, {"name": "n5.fr"}).status_code == 429


def test_it_is_looked_at_on_demand_within_a_limit_and_taken_away(as_alice, path, settings):
    settings.DOMAIN_CHECK_RATE = "2/h"
    own = f"{path}/{as_alice('POST', path, NAME).json()['domainId']}"
    assert [as_alice("POST", f"{own}/check").status_code for _ in range(3)] == [202, 202, 429]
    gone = as_alice("DELETE", own)
    assert (gone.status_code, gone.json()["status"]) == (202, "removing")
    assert as_alice("DELETE", own).json()["code"] == "wrong_state"
    assert AuditEntry.objects.filter(act="domain_removed").count() == 1


def test_a_domain_of_another_instance_is_not_found_under_this_one(as_alice, path, alice):
    other = factories.make_instance("other-one", state="ready", partner=alice)
    domain = Domain.objects.create(instance=other, name=NAME["name"])
    for method, address in (("GET", ""), ("DELETE", ""), ("POST", "/check")):
        assert as_alice(method, f"{path}/{domain.public_id}{address}").status_code == 404
    domain.refresh_from_db()
    assert domain.state == "waiting"


def test_what_stands_still_gets_no_domain(as_alice, ready, path):
    Instance.objects.filter(pk=ready.pk).update(state="suspended")
    assert as_alice("POST", path, NAME).json()["code"] == "wrong_state"


def test_the_instances_address_is_the_domain_once_it_is_on(as_alice, ready):
    Instance.objects.filter(pk=ready.pk).update(own_domain=NAME["name"])
    told = as_alice("GET", f"/instances/{ready.public_id}").json()
    assert told["instanceUrl"] == "https://erp.boulangerie.fr"
    assert as_alice("GET", "/instances").json()["data"][0]["instanceUrl"] == "https://erp.boulangerie.fr"
