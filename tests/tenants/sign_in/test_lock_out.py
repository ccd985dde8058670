"""Passwords that are guessed, sessions that end, and a console that lives where the settings say."""

import importlib
from http import HTTPStatus

import pytest
from django.conf import settings as configured
from django.urls import NoReverseMatch, clear_url_caches, reverse

import eazynova_site.urls
from tenants.models import AuditEntry

pytestmark = pytest.mark.django_db
MINUTE = 60


def guess(person, times, **options):
    return [person.sign_in(password="guessed", **options) for _attempt in range(times)]


def test_ten_wrong_passwords_lock_out_and_the_page_says_in_french_until_when(person):
    *earlier, last = guess(person, configured.AXES_FAILURE_LIMIT)
    assert {page.status_code for page in earlier} == {HTTPStatus.OK}
    assert last.status_code == HTTPStatus.TOO_MANY_REQUESTS
    # the clock of the tests stands at nine o'clock in Paris
    assert "Réessayez après 10:00" in last.content.decode()
    assert last.headers["Retry-After"] == "3600"


def test_the_page_is_in_english_for_who_reads_english(person):
    *_earlier, last = guess(person, configured.AXES_FAILURE_LIMIT, headers={"accept-language": "en"})
    assert "Try again after 10:00" in last.content.decode()


def test_the_right_password_does_not_help_before_that_moment_and_does_after(person):
    guess(person, configured.AXES_FAILURE_LIMIT)
    person.later(59 * MINUTE)
    assert person.sign_in().status_code == HTTPStatus.TOO_MANY_REQUESTS
    person.later(2 * MINUTE)
    person.sign_in()
    assert person.is_in()


def test_an_account_that_does_not_exist_looks_the_same(person):
    real = guess(person, configured.AXES_FAILURE_LIMIT)
    invented = guess(person, configured.AXES_FAILURE_LIMIT, name="nobody")
    assert [page.status_code for page in real] == [page.status_code for page in invented]
    assert real[-1].content == invented[-1].content.replace(b"nobody", b"olga")


def test_somebody_else_behind_another_address_is_not_locked_out(person, settings):
    settings.TRUSTED_PROXY_HOPS = 1
    guess(person, configured.AXES_FAILURE_LIMIT, headers={"x-forwarded-for": "2001:db8:1:2::3"})
    assert person.sign_in(headers={"x-forwarded-for": "198.51.100.7"}).status_code == HTTPStatus.FOUND


def test_the_trail_groups_failures_and_tells_of_the_lock_out(person):
    guess(person, configured.AXES_FAILURE_LIMIT + 3)
    guess(person, 2, name="nobody")
    acts = list(AuditEntry.objects.filter(act__startswith="signin").order_by("pk").values_list("act", "subject"))
    assert acts == [("signin:failed", "olga"), ("signin:locked", "olga")]


def test_a_session_ends_after_a_working_day(person):
    person.sign_in()
    person.later(configured.SESSION_COOKIE_AGE - MINUTE)
    assert person.is_in()
    person.later(2 * MINUTE)
    assert not person.is_in()


def test_the_cookies_stay_with_the_server_that_set_them(person):
    cookie = person.sign_in().cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


@pytest.fixture
def elsewhere(settings):
    settings.ADMIN_PATH = "guichet/"
    importlib.reload(eazynova_site.urls)
    clear_url_caches()
    yield
    settings.ADMIN_PATH = "admin/"
    importlib.reload(eazynova_site.urls)
    clear_url_caches()


def test_the_console_lives_where_the_setting_says(elsewhere, person):
    assert reverse("admin:index") == "/guichet/"
    person.sign_in()
    assert person.is_in()
    assert person.client.get("/admin/").status_code == HTTPStatus.NOT_FOUND
    assert "'unsafe-eval'" not in person.client.get("/").headers["Content-Security-Policy"]


def test_no_second_sign_in_page_stands_beside_ours():
    for name in ("login", "rest_framework:login", "admin_password_reset"):
        with pytest.raises(NoReverseMatch):
            reverse(name)
