"""One form that is sent several times at the same moment, and what counts of it."""

import threading

import pytest
from django.test import Client

from tenants.limits import counters, occasions, policies
from tenants.limits.counters import Claim
from tenants.models import HeldBack, Instance, Signup
from tests.tenants.api.test_idempotency import together
from tests.tenants.web.test_back_button import ORDER, ticket_in
from tests.tenants.web.test_json_signup import post

AT_ONCE = 6
MAILBOX = Claim(policies.SIGNUP_RECIPIENT, occasions.mailbox(ORDER["email"]))


@pytest.fixture(autouse=True, params=["with Redis", "without"])
def _counts(request, settings):
    settings.SIGNUP_MIN_SECONDS = 0
    if request.param == "without":
        settings.REDIS_URL = ""
    elif not settings.REDIS_URL:
        pytest.skip("needs Redis")


@pytest.fixture
def send(client):
    """Send the same form from as many browsers at the same moment."""
    form = ORDER | {"ticket": ticket_in(client.get("/"))}

    def send(times=AT_ONCE):
        ready = threading.Barrier(times)

        def once(_number):
            browser = Client()
            ready.wait(10)
            return browser.post("/signup", form)

        return together(times, once)

    return send


@pytest.mark.usefixtures("services")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("confirmed_first", [False, True])
def test_the_same_form_at_once_counts_once_and_everybody_is_led_to_its_order(settings, send, confirmed_first):
    settings.SIGNUP_RECIPIENT_RATE, settings.CONFIRM_EMAIL = "1/d", confirmed_first
    answers = send()
    assert {answer.status_code for answer in answers} == {302}
    assert len({answer["Location"] for answer in answers}) == 1
    assert counters.read(MAILBOX) == [1]
    assert (Signup.objects.count(), Instance.objects.count()) == (1, 0 if confirmed_first else 1)
    assert not HeldBack.objects.exists()


@pytest.mark.usefixtures("services")
@pytest.mark.django_db(transaction=True)
def test_a_form_that_is_refused_at_once_is_refused_to_everybody_and_staff_see_who_is_held_back(settings, client, send):
    settings.SIGNUP_RECIPIENT_RATE = "1/d"
    assert post(client, ORDER | {"company": "First"}).status_code == 202
    assert {answer.status_code for answer in send(4)} == {429}
    assert Signup.objects.count() == 1
    held = HeldBack.objects.get()
    assert (held.policy, held.subject, held.refused) == (policies.SIGNUP_RECIPIENT.name, MAILBOX.subject, 4)
    assert counters.read(MAILBOX) == [1]


@pytest.mark.django_db
def test_an_order_that_is_refused_for_another_reason_counts_nothing(settings, client):
    assert post(client, ORDER | {"email": "first@example.com"}).status_code == 202
    house = Instance.objects.get().tenant.partner
    house.quota = 1
    house.save()
    refusal = post(client)
    assert (refusal.status_code, refusal.json()["code"]) == (422, "quota_reached")
    assert counters.read(MAILBOX) == [0]
    assert Signup.objects.count() == 1
