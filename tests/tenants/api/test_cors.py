import pytest

from tenants.models import ApiKey
from tests.tenants.api.conftest import ORIGIN, Caller, key_of

pytestmark = pytest.mark.django_db
ALLOW = "Access-Control-Allow-Origin"


def preflight(visitor, origin):
    return visitor(
        "OPTIONS",
        "/instances",
        **{
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "idempotency-key",
        },
    )


def test_a_browser_on_a_partners_site_may_ask(alice, visitor):
    answer = preflight(visitor, ORIGIN)
    assert answer[ALLOW] == ORIGIN
    assert "idempotency-key" in answer["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer


def test_a_browser_elsewhere_may_not(alice, visitor):
    for origin in ("https://evil.example", "null", "https://www.alice.example:8443"):
        assert ALLOW not in preflight(visitor, origin)


def test_an_answer_is_readable_only_on_the_sites_of_the_keys_own_partner(alice, bob):
    key = key_of(alice, ApiKey.Kind.PUBLISHABLE)
    assert Caller(key, ORIGIN).order()[ALLOW] == ORIGIN
    assert ALLOW not in Caller(key, "https://bob.example").order("other")


def test_a_secret_key_in_a_browser_gets_nothing_to_read(as_alice):
    as_alice.origin = ORIGIN
    assert ALLOW not in as_alice("GET", "/me")


def test_problems_are_readable_too(alice):
    key = key_of(alice, ApiKey.Kind.PUBLISHABLE)
    answer = Caller(key, ORIGIN).order("Not A Name")
    assert (answer.status_code, answer[ALLOW]) == (422, ORIGIN)
