import re

import pytest

from tenants.models import ApiKey
from tests.tenants.api.conftest import ORIGIN, Caller, key_of, order

pytestmark = pytest.mark.django_db


def test_the_sixth_creation_of_an_hour_waits(visitor):
    answers = [visitor.order(f"client-{number}") for number in range(6)]
    assert [answer.status_code for answer in answers] == [202] * 5 + [429]
    refused = answers[-1]
    assert refused.json()["code"] == "rate_limited"
    assert 1 <= int(refused["Retry-After"]) <= 3600
    assert refused["RateLimit-Policy"] == '"signup";q=5;w=3600'
    assert re.fullmatch(r'"signup";r=0;t=\d+', refused["RateLimit"])
    assert answers[0]["RateLimit"].startswith('"signup";r=4;')


def test_a_typing_error_costs_nothing(visitor):
    for _attempt in range(10):
        assert visitor.order("Not A Name").status_code == 422
    assert visitor.order().status_code == 202


def test_a_repeated_answer_costs_nothing(visitor):
    answers = [visitor.order(**{"Idempotency-Key": "k"}) for _attempt in range(8)]
    assert {answer.status_code for answer in answers} == {202}


def test_each_address_has_its_own_count_behind_a_trusted_proxy(visitor, settings):
    settings.TRUSTED_PROXY_HOPS = 1
    for number in range(6):
        answer = visitor.order(f"client-{number}", **{"X-Forwarded-For": f"6.6.6.{number}, 203.0.113.{number}"})
        assert answer.status_code == 202
    spoofed = [
        visitor.order(f"more-{number}", **{"X-Forwarded-For": f"6.6.6.{number}, 203.0.113.99"}) for number in range(6)
    ]
    assert spoofed[-1].status_code == 429


def test_a_publishable_key_is_counted_by_the_visitors_address(alice):
    caller = Caller(key_of(alice, ApiKey.Kind.PUBLISHABLE), ORIGIN)
    statuses = [caller("POST", "/instances", order(f"client-{number}")).status_code for number in range(6)]
    assert statuses == [202] * 5 + [429]


def test_a_secret_key_has_a_limit_of_its_own(as_alice, settings):
    settings.API_KEY_RATE = "3/m"
    assert [as_alice("GET", "/me").status_code for _attempt in range(4)] == [200, 200, 200, 429]
