"""The confirmation of an address before anything is created: its link works once, and not for ever."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail as mailbox
from django.test import Client
from django.utils import timezone

from tenants.mails import outbox
from tenants.models import Instance, Mail, Plan, Signup
from tenants.services import signup
from tests.tenants.api.test_idempotency import together

pytestmark = pytest.mark.django_db
ORDER = {"company": "Étoile & Fils", "email": "marie@example.com", "plan": "demo", "language": "fr"}


@pytest.fixture(autouse=True)
def _settings(settings):
    settings.SIGNUP_MIN_SECONDS = 0
    settings.CONFIRM_EMAIL = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def link(client):
    """The address in the mail that a visitor got."""
    ticket = re.search(r'name="ticket" value="([^"]+)"', client.get("/").content.decode())[1]
    sent = client.post("/signup", ORDER | {"ticket": ticket})
    assert sent["Location"] == "/confirm/sent/"
    assert outbox.deliver(Mail.objects.get().pk)
    return re.search(r"/confirm/\S+", mailbox.outbox[0].body)[0]


def test_a_link_that_is_too_old_says_so_and_shows_the_way_back(client, link, settings):
    with time_machine.travel(timezone.now() + timedelta(hours=settings.CONFIRMATION_HOURS, minutes=1), tick=False):
        for answer in (client.get(link), client.post(link)):
            assert answer.status_code == 410
            assert 'href="/"' in answer.content.decode()
    assert not Instance.objects.exists()


def test_until_then_it_works(client, link, settings):
    with time_machine.travel(timezone.now() + timedelta(hours=settings.CONFIRMATION_HOURS, minutes=-1), tick=False):
        assert client.post(link)["Location"].startswith("/instances/etoile-et-fils-")
    assert Instance.objects.count() == 1


@pytest.mark.parametrize(
    ("language", "until"),
    [
        ("fr", "jusqu’au 26\u00a0novembre 2026 à 14\u00a0h\u00a032 (UTC+01:00). Si"),
        ("en", "until Nov. 26, 2026 at 2:32 PM (UTC+01:00). If"),
    ],
)
def test_the_mail_says_until_when_wherever_it_is_read(client, language, until):
    with time_machine.travel("2026-11-25T13:32:00Z", tick=False):
        order = ORDER | {"language": language}
        client.post("/signup", order, content_type="application/json")
        assert outbox.deliver(Mail.objects.get().pk)
    assert until in mailbox.outbox[0].body


def test_scanners_that_open_links_confirm_nothing(client, link):
    for _ in range(3):
        assert client.get(link).status_code == 200
        assert client.head(link).status_code == 200
    assert Signup.objects.get().confirmed_at is None


@pytest.mark.parametrize("spoil", [lambda link: link[:-3] + "xyz/", lambda link: "/confirm/nonsense/"])
def test_a_link_that_is_not_ours_opens_nothing(client, link, spoil):
    assert client.post(spoil(link)).status_code == 410
    assert not Instance.objects.exists()


def test_the_second_click_says_that_it_was_used(client, link):
    client.post(link)
    used, never = client.post(link).content.decode(), client.post("/confirm/nonsense/").content.decode()
    assert used != never
    assert Instance.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_five_clicks_at_the_same_moment_one_creates_the_instance(services, client, link):
    answers = together(5, lambda number: Client().post(link).status_code)
    assert sorted(answers) == [302] + [410] * 4
    assert Instance.objects.count() == 1


def test_one_plan_may_ask_for_it_while_others_do_not(client, settings):
    settings.CONFIRM_EMAIL = False
    Plan.objects.filter(code="demo").update(confirm_email=True)
    plans = Plan.objects.filter(is_public=True).exclude(code="demo")
    asked = client.post("/signup", ORDER, content_type="application/json").json()
    assert asked["status"] == "confirming"
    assert not Instance.objects.exists()
    free = client.post("/signup", ORDER | {"plan": plans[0].code}, content_type="application/json").json()
    assert free["status"] == "creating"


def test_what_was_never_confirmed_is_forgotten_after_a_month(client, link):
    with time_machine.travel(timezone.now() + timedelta(days=29)):
        assert signup.purge() == 0
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        signup.purge()
    assert not Signup.objects.exists()


def test_while_orders_are_stopped_the_link_is_kept_for_later(client, link):
    Plan.objects.update(takes_orders=False)
    refused = client.post(link)
    assert refused.status_code == 503
    assert "Rouvrez plus tard" in refused.content.decode()
    Plan.objects.update(takes_orders=True)
    assert client.post(link).status_code == 302
