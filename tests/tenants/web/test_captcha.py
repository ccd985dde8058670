"""Cloudflare Turnstile on the form, played by a server in this process."""

import json
import re

import pytest

from tenants.limits import captcha
from tenants.models import ApiKey, Instance
from tests import factories
from tests.provisioning.hooks.partner_site import PartnerSite
from tests.tenants.api.conftest import ORIGIN, Caller, key_of, order

pytestmark = [
    pytest.mark.any_store("Turnstile's answer decides; the orders that it lets through are those of test_pages"),
    pytest.mark.django_db,
]
ORDER = {"company": "Acme", "email": "a@acme.example", "plan": "demo", "language": "fr"}


@pytest.fixture
def turnstile(settings, monkeypatch):
    settings.SIGNUP_MIN_SECONDS = 0
    settings.TURNSTILE_SITE_KEY, settings.TURNSTILE_SECRET_KEY = "site-key", "turnstile-secret"
    with PartnerSite(status=200, headers={"Content-Type": "application/json"}) as site:
        monkeypatch.setattr(captcha, "VERIFY_URL", site.url)
        yield site


def sign_up(client, answer):
    ticket = re.search(r'name="ticket" value="([^"]+)"', client.get("/").content.decode())[1]
    return client.post("/signup", ORDER | {"ticket": ticket, captcha.FIELD: answer})


def test_who_solved_it_gets_an_instance(client, turnstile):
    turnstile.body = json.dumps({"success": True}).encode()
    assert sign_up(client, "solved").status_code == 302
    [(_path, _headers, asked)] = turnstile.received
    assert b"secret=turnstile-secret" in asked
    assert b"response=solved" in asked


@pytest.mark.parametrize("answer", ["", "wrong"])
def test_who_did_not_is_asked_again_and_loses_nothing(client, turnstile, answer):
    turnstile.body = json.dumps({"success": False, "error-codes": ["invalid-input-response"]}).encode()
    refused = sign_up(client, answer)
    assert refused.status_code == 422
    assert 'value="a@acme.example"' in refused.content.decode()
    assert not Instance.objects.exists()


@pytest.mark.parametrize("status", [500, 503])
def test_while_turnstile_is_away_nobody_is_turned_away(client, turnstile, status):
    turnstile.status = status
    assert sign_up(client, "solved").status_code == 302


def test_nobody_is_turned_away_either_while_turnstile_cannot_be_reached(client, turnstile, monkeypatch):
    monkeypatch.setattr(captcha, "VERIFY_URL", "http://127.0.0.1:1/")
    assert sign_up(client, "solved").status_code == 302


@pytest.mark.parametrize("answered", [{"status": 400}, {"status": 413}, {"body": b"no json"}, {"body": b"[1]"}])
def test_an_answer_that_does_not_say_it_was_solved_is_a_refusal(client, turnstile, answered):
    for name, value in answered.items():
        setattr(turnstile, name, value)
    assert sign_up(client, "solved").status_code == 422
    sent = client.post("/signup", json.dumps(ORDER | {"captcha": "solved"}), content_type="application/json")
    assert (sent.status_code, sent.json()["code"]) == (422, "captcha")
    assert not Instance.objects.exists()


def test_an_answer_longer_than_any_of_turnstiles_is_refused_unasked(client, turnstile):
    turnstile.body = json.dumps({"success": True}).encode()
    long = "x" * 2049
    assert sign_up(client, long).status_code == 422
    sent = client.post("/signup", json.dumps(ORDER | {"captcha": long}), content_type="application/json")
    assert sent.status_code == 422
    copied = Caller(key_of(factories.make_partner(allowed_origins=[ORIGIN]), ApiKey.Kind.PUBLISHABLE), ORIGIN)
    assert copied("POST", "/instances", order("acme-corp", captcha=long)).status_code == 422
    assert turnstile.received == []
    assert sign_up(client, "x" * 2048).status_code == 302


def test_only_a_page_that_uses_it_may_load_it(client, turnstile, settings):
    page = client.get("/")
    assert captcha.FIELD.removesuffix("-response") in page.content.decode()
    assert "https://challenges.cloudflare.com" in page["Content-Security-Policy"]
    settings.TURNSTILE_SITE_KEY = settings.TURNSTILE_SECRET_KEY = ""
    page = client.get("/")
    assert "cloudflare" not in page.content.decode()
    assert "cloudflare" not in page["Content-Security-Policy"]


def test_the_json_signup_asks_for_a_person_too(client, turnstile):
    turnstile.body = json.dumps({"success": False}).encode()
    for sent in (ORDER, ORDER | {"captcha": "wrong"}):
        refused = client.post("/signup", json.dumps(sent), content_type="application/json")
        assert (refused.status_code, refused.json()["code"]) == (422, "captcha")
    turnstile.body = json.dumps({"success": True}).encode()
    taken = client.post("/signup", json.dumps(ORDER | {"captcha": "solved"}), content_type="application/json")
    assert taken.status_code == 202


def test_a_key_copied_from_a_page_and_a_forged_origin_do_not_stand_for_a_person(turnstile):
    partner = factories.make_partner(allowed_origins=[ORIGIN])
    copied = Caller(key_of(partner, ApiKey.Kind.PUBLISHABLE), ORIGIN)
    refused = copied.order("acme-corp")
    assert (refused.status_code, refused.json()["code"], refused.json()["siteKey"]) == (422, "captcha", "site-key")
    turnstile.body = json.dumps({"success": False}).encode()
    assert copied("POST", "/instances", order("acme-corp", captcha="guess")).status_code == 422
    assert not Instance.objects.exists()
    turnstile.body = json.dumps({"success": True}).encode()
    assert copied("POST", "/instances", order("acme-corp", captcha="solved")).status_code == 202


def test_a_proof_is_not_spent_on_a_name_that_is_taken(turnstile, order_instance):
    order_instance("acme-corp")
    partner = factories.make_partner(allowed_origins=[ORIGIN])
    caller = Caller(key_of(partner, ApiKey.Kind.PUBLISHABLE), ORIGIN)
    answer = caller("POST", "/instances", order("acme-corp", captcha="solved"))
    assert answer.json()["code"] == "client_name_taken"
    assert turnstile.received == []


def test_a_partners_own_server_is_asked_for_no_proof(turnstile):
    assert Caller(key_of(factories.make_partner())).order("acme-corp").status_code == 202
