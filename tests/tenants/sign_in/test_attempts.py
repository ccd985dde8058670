"""Passwords guessed over many accounts and from many addresses, before any of them is looked at."""

from http import HTTPStatus

import pytest
from django.contrib.auth.hashers import BasePasswordHasher, get_hasher
from django.test import Client

from tenants.limits import counters
from tenants.limits.counters import Claim
from tenants.limits.policies import POLICIES
from tenants.models import HeldBack
from tests.tenants.sign_in.conftest import Person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def proxied(settings):
    settings.TRUSTED_PROXY_HOPS = 1


@pytest.fixture
def hashes(monkeypatch):
    """How often a password was hashed: what an attempt costs us."""
    counted = []
    hasher = type(get_hasher())
    real = hasher.encode
    monkeypatch.setattr(hasher, "encode", lambda self, *given: counted.append(1) or real(self, *given))
    assert issubclass(hasher, BasePasswordHasher)
    return counted


def elsewhere(address):
    return {"headers": {"x-forwarded-for": address}}


def test_random_names_from_one_address_are_refused_before_a_password_is_hashed(person, settings, hashes):
    settings.LOGIN_RATE = "4/h"
    pages = [person.sign_in(name=f"nobody-{number}", password="guess") for number in range(10)]
    assert [page.status_code for page in pages] == [HTTPStatus.OK] * 4 + [HTTPStatus.TOO_MANY_REQUESTS] * 6
    assert len(hashes) == 4
    assert "Réessayez après 10:00" in pages[-1].content.decode()
    assert pages[-1]["Retry-After"] == "3600"
    person.later(61 * 60)
    person.sign_in()
    assert person.is_in()


def test_a_network_of_addresses_is_counted_together(person, settings):
    settings.LOGIN_NETWORK_RATE = "3/h"
    pages = [
        person.sign_in(name=f"nobody-{number}", password="guess", **elsewhere(f"2001:db8:1:{number}::1"))
        for number in range(5)
    ]
    assert [page.status_code for page in pages] == [HTTPStatus.OK] * 3 + [HTTPStatus.TOO_MANY_REQUESTS] * 2


def test_one_account_is_not_guessed_from_everywhere_and_its_owner_gets_in_all_the_same(person, clock, settings):
    settings.LOGIN_ACCOUNT_RATE = "5/h"
    person.sign_in(**elsewhere("192.0.2.7"))
    del person.client.cookies["sessionid"]
    stranger = Person(Client(), clock)
    pages = [stranger.sign_in(password="guess", **elsewhere(f"198.51.{number}.1")) for number in range(8)]
    assert [page.status_code for page in pages] == [HTTPStatus.OK] * 5 + [HTTPStatus.TOO_MANY_REQUESTS] * 3
    # even the right password, which a guesser would otherwise find
    assert stranger.sign_in(**elsewhere("198.51.99.1")).status_code == HTTPStatus.TOO_MANY_REQUESTS
    # in the browser that has opened the account before, from wherever it is now
    assert person.sign_in(**elsewhere("203.0.113.9")).status_code == HTTPStatus.FOUND


def test_other_spellings_of_a_name_are_the_same_account(person, clock, settings):
    settings.LOGIN_ACCOUNT_RATE = "3/h"
    person.sign_in(name="ｏlga", **elsewhere("192.0.2.7"))
    del person.client.cookies["sessionid"]
    stranger = Person(Client(), clock)
    spellings = ["olga", "ｏlga", "oｌga", " ＯＬＧＡ", "olgａ"]
    pages = [
        stranger.sign_in(name=name, password="guess", **elsewhere(f"198.51.{number}.1"))
        for number, name in enumerate(spellings)
    ]
    assert [page.status_code for page in pages] == [HTTPStatus.OK] * 3 + [HTTPStatus.TOO_MANY_REQUESTS] * 2
    # the browser that has opened the account, however its owner writes the name
    assert person.sign_in(**elsewhere("203.0.113.9")).status_code == HTTPStatus.FOUND


def test_a_browser_that_knows_one_account_is_a_stranger_to_another(person, settings, django_user_model):
    django_user_model.objects.create_user("omar", password="another-long-phrase", is_staff=True)
    settings.LOGIN_ACCOUNT_RATE = "2/h"
    person.sign_in()
    del person.client.cookies["sessionid"]
    pages = [person.sign_in(name="omar", password="guess", **elsewhere(f"198.51.{n}.1")) for n in range(3)]
    assert [page.status_code for page in pages] == [HTTPStatus.OK] * 2 + [HTTPStatus.TOO_MANY_REQUESTS]


@pytest.mark.parametrize(("name", "kept"), [("ol\0ga", "ol�ga"), ("a" * 5000, "a" * 150)])
def test_a_name_that_no_database_can_keep_is_answered(person, settings, name, kept):
    settings.LOGIN_ACCOUNT_RATE = "2/h"
    pages = [person.sign_in(name=name, password="guess", **elsewhere(f"198.51.{n}.1")) for n in range(4)]
    assert [page.status_code for page in pages] == [HTTPStatus.OK] * 2 + [HTTPStatus.TOO_MANY_REQUESTS] * 2
    [row] = HeldBack.objects.all()
    assert row.subject == kept
    counters.forget(Claim(POLICIES[row.policy], row.subject))
    assert person.sign_in(name=name, password="guess", **elsewhere("198.51.9.1")).status_code == HTTPStatus.OK


def test_who_signs_in_rightly_uses_nothing_up(person, settings):
    settings.LOGIN_RATE = "2/h"
    for _day in range(5):
        person.client.cookies.clear()
        assert person.sign_in().status_code == HTTPStatus.FOUND
