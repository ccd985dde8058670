"""Abuse as it was tried on the running product, and the answers that end it."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from tenants.alerts import conditions
from tenants.limits import counters
from tenants.mails import outbox
from tenants.models import ApiKey, HeldBack, Instance, Mail
from tests.tenants.api.conftest import ORIGIN, Caller, key_of, order
from tests.tenants.web.test_json_signup import ORDER, post

pytestmark = pytest.mark.django_db


@pytest.fixture
def proxied(settings):
    settings.TRUSTED_PROXY_HOPS = 1


def refused(answer):
    """Told what was too much and when to come back."""
    assert answer.status_code == 429
    body = answer.json()
    assert body["code"] == "rate_limited"
    assert int(answer["Retry-After"]) >= 1
    assert re.search(r"\d \(UTC[+-]\d\d:\d\d\)", body["detail"].replace("\xa0", " ")), body["detail"]
    return body["detail"]


def test_eight_households_of_one_network_are_no_eight_strangers(visitor, proxied, settings):
    settings.SIGNUP_NETWORK_RATE = "6/d"
    answers = [
        visitor.order(f"client-{number}", **{"X-Forwarded-For": f"2001:db8:7:{number}::1"}) for number in range(8)
    ]
    assert [answer.status_code for answer in answers] == [202] * 6 + [429] * 2
    neighbour = visitor.order("client-9", **{"X-Forwarded-For": "2001:db8:8::1"})
    assert neighbour.status_code == 202


def test_of_an_ipv4_network_too(visitor, proxied, settings):
    settings.SIGNUP_NETWORK_RATE = "2/d"
    answers = [visitor.order(f"client-{n}", **{"X-Forwarded-For": f"198.51.100.{n}"}) for n in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]


@pytest.mark.parametrize(
    "addresses",
    [
        ["boss@victim.example"] * 4,
        ["boss+1@victim.example", "Boss+2@victim.example", "boss@VICTIM.example", "boss+x@victim.example"],
        ["b.oss@gmail.com", "bo.ss@gmail.com", "boss+a@gmail.com", "b.o.s.s@gmail.com"],
        ["boss@gmail.com", "boss@googlemail.com", "b.oss@googlemail.com", "boss+a@gmail.com"],
    ],
)
def test_nobody_is_mailed_by_strangers_from_everywhere(visitor, proxied, addresses):
    answers = [
        visitor("POST", "/instances", order(f"c-{n}", adminEmail=address), **{"X-Forwarded-For": f"198.51.{n}.1"})
        for n, address in enumerate(addresses)
    ]
    assert [answer.status_code for answer in answers] == [202] * 3 + [429]
    refused(answers[-1])


def test_a_day_has_an_end_and_staff_know_at_half_of_it(visitor, proxied, settings):
    settings.SIGNUP_TOTAL_RATE = "4/d"
    told = []
    for number in range(5):
        answer = visitor.order(f"client-{number}", **{"X-Forwarded-For": f"198.51.{number}.1"})
        told.append([(each.kind, each.topic, each.references) for each in conditions.present()])
    refused(answer)
    assert told[0] == []
    assert told[1] == [("limit", "signup_total", ("2/4",))]
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        assert not [each for each in conditions.present() if each.kind == "limit"]
        assert visitor.order("tomorrow", **{"X-Forwarded-For": "198.51.77.1"}).status_code == 202


def test_a_partner_too_cannot_spend_without_end(as_alice, settings):
    settings.ORDER_PARTNER_RATE = "2/d"
    answers = [as_alice.order(f"client-{number}") for number in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert ("limit", "order_partner:Alice Conseil") in [(each.kind, each.topic) for each in conditions.present()]


def test_a_corrected_address_costs_a_mail_to_the_former_one_too(ready, alice, settings):
    settings.MAIL_RECIPIENT_RATE = "2/d"
    caller = Caller(key_of(alice, scopes=["write", "secrets"]))
    former, path = ready.admin_email, f"/instances/{ready.public_id}/change-email"
    assert caller("POST", path, {"adminEmail": "new@acme.example"}).status_code == 202
    # the order, the news of the change, and no third
    refused(caller("POST", "/instances", order("another", adminEmail=former)))
    assert caller("POST", "/instances", order("another", adminEmail="new@acme.example")).status_code == 202


def test_a_partner_that_mails_too_much_silences_nobody_else(ready, as_alice, as_bob, visitor, settings):
    settings.MAIL_TOTAL_RATE, settings.MAIL_PARTNER_RATE, settings.MAIL_RECIPIENT_RATE = "6/d", "3/d", "100/d"
    path = f"/instances/{ready.public_id}/resend-welcome"
    answers = []
    for number in range(6):
        with time_machine.travel(timezone.now() + timedelta(minutes=6 * number)):
            answers.append(as_alice("POST", path))
    # her order was the first of the three
    assert [answer.status_code for answer in answers] == [202] * 2 + [429] * 4
    assert as_alice.order("another").status_code == 429
    assert as_bob.order("from-bob").status_code == 202
    assert visitor.order("from-a-visitor").status_code == 202
    assert ("limit", "mail_partner:Alice Conseil") in [(each.kind, each.topic) for each in conditions.present()]


def test_the_welcome_mail_is_sent_again_once_in_some_minutes(ready, as_alice):
    path = f"/instances/{ready.public_id}/resend-welcome"
    answers = [as_alice("POST", path) for _attempt in range(60)]
    assert [answer.status_code for answer in answers] == [202] + [429] * 59
    assert int(refused(answers[1]) and answers[1]["Retry-After"]) <= 300
    assert Mail.objects.count() == 1
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert as_alice("POST", path).status_code == 202


def test_what_is_refused_for_another_reason_costs_nothing(visitor, as_alice):
    as_alice.order("taken")
    assert {visitor.order("taken").json()["code"] for _attempt in range(8)} == {"client_name_taken"}
    assert visitor.order("free").status_code == 202


def test_one_visitor_cannot_use_up_a_widget_for_all_others(alice, proxied, settings):
    settings.API_VISITOR_RATE = settings.API_KEY_RATE = "3/m"
    caller = Caller(key_of(alice, ApiKey.Kind.PUBLISHABLE), ORIGIN)
    greedy = [caller("GET", "/plans", **{"X-Forwarded-For": "198.51.100.1"}) for _attempt in range(5)]
    assert [answer.status_code for answer in greedy] == [200] * 3 + [429] * 2
    assert caller.order("from-next-door", **{"X-Forwarded-For": "203.0.113.1"}).status_code == 202


@pytest.mark.parametrize("sent", ["nonsense", "eaz_live_00000000_" + "x" * 51])
def test_wrong_keys_are_answered_a_few_times_and_a_right_one_always(as_alice, visitor, settings, sent):
    settings.GUESS_RATE = "3/m"
    answers = [visitor("GET", "/me", Authorization=f"Bearer {sent}") for _attempt in range(5)]
    assert [answer.status_code for answer in answers] == [401] * 3 + [429] * 2
    refused(answers[-1])
    assert as_alice("GET", "/me").status_code == 200


def test_wrong_status_tokens_are_answered_a_few_times_in_the_api_and_on_the_pages(ready, visitor, client, settings):
    settings.GUESS_RATE = "4/m"
    path = f"/instances/{ready.public_id}"
    answers = [visitor("GET", path, **{"X-Status-Token": "wrong"}).status_code for _attempt in range(2)]
    pages = [client.get(f"{path}{page}?token=wrong") for page in ("/", "/progress", "/password")]
    assert answers == [403, 403]
    assert [page.status_code for page in pages] == [404, 404, 429]
    assert "Revenez" in pages[-1].content.decode()
    assert int(pages[-1]["Retry-After"]) <= 60
    refused(visitor("GET", path, **{"X-Status-Token": "wrong"}))
    assert client.get(f"{path}/?token={ready.status_token}").status_code == 200


DOORS = {
    "agent": ("/agent/", {"Authorization": "Bearer wrong"}, 401),
    "railway": ("/webhooks/railway/wrong", {}, 404),
    "mail": ("/webhooks/mail/brevo/tracking/", {"Authorization": "Basic bm9ib2R5Om5vdGhpbmc="}, 400),
}


@pytest.mark.parametrize(("path", "headers", "status"), DOORS.values(), ids=DOORS)
def test_wrong_secrets_at_a_door_for_programs_are_answered_a_few_times(client, settings, path, headers, status):
    settings.GUESS_RATE, settings.TRUSTED_PROXY_HOPS = "3/m", 1

    def call(address="203.0.113.1"):
        return client.post(path, "{}", content_type="application/json", headers={**headers, "X-Forwarded-For": address})

    answers = [call() for _attempt in range(5)]
    assert [answer.status_code for answer in answers] == [status] * 3 + [429] * 2
    refused(answers[-1])
    assert call("198.51.100.1").status_code == status
    assert HeldBack.objects.get().subject == "203.0.113.1"


def test_a_right_secret_is_let_in_beside_a_guesser(client, settings):
    settings.GUESS_RATE, settings.RAILWAY_WEBHOOK_SECRET = "1/m", "railway-" * 4
    hooks = [f"/webhooks/railway/{secret}" for secret in ("wrong", "wrong", settings.RAILWAY_WEBHOOK_SECRET)]
    answers = [client.post(hook, "{}", content_type="application/json").status_code for hook in hooks]
    assert answers == [404, 429, 204]


def test_confirmation_links_cannot_be_guessed_without_end(client, settings):
    settings.GUESS_RATE = "2/m"
    assert [client.get(f"/confirm/guess-{n}/").status_code for n in range(3)] == [410, 410, 429]


def test_webhook_tests_and_replays_have_an_end(as_alice, settings):
    settings.WEBHOOK_TEST_RATE, settings.WEBHOOK_REPLAY_RATE = "2/h", "1/h"
    endpoint = as_alice("POST", "/webhook-endpoints", {"url": "https://alice.example/hook"}).json()
    path = f"/webhook-endpoints/{endpoint['id']}"
    tests = [as_alice("POST", f"{path}/test") for _attempt in range(3)]
    replays = [as_alice("POST", f"{path}/replay", {"eventId": "evt"}) for _attempt in range(2)]
    assert [answer.status_code for answer in tests] == [202, 202, 429]
    assert [answer.status_code for answer in replays] == [202, 429]
    refused(tests[-1])


def test_the_signup_as_json_has_the_same_five_an_hour(client):
    answers = [post(client, ORDER | {"company": f"Acme {n}", "email": f"boss@acme{n}.example"}) for n in range(6)]
    assert [answer.status_code for answer in answers] == [202] * 5 + [429]
    refused(answers[-1])
    assert Instance.objects.count() == 5


def test_the_address_that_is_tried_while_one_types_cannot_be_asked_without_end(client, settings):
    settings.API_VISITOR_RATE = "3/m"
    answers = [client.get(f"/availability?company=acme-{n}") for n in range(4)]
    assert [answer.status_code for answer in answers] == [200] * 3 + [429]
    refused(answers[-1])


@pytest.mark.parametrize(
    ("company", "told"),
    [
        ("Win at https://evil.example/x?y=1", "Win at https evil example/x?y=1"),
        ("evil.com", "evil com"),
        ("www.evil.com SARL", "www evil com SARL"),
        ("mail boss@evil.com now", "mail boss evil com now"),
        ("evil。com and evil．com", "evil com and evil com"),
        ("S.A.R.L. Dupont", "S.A.R.L. Dupont"),
        ("Ets. Dupont & Fils", "Ets. Dupont & Fils"),
        ("Version 2.0", "Version 2.0"),
    ],
)
def test_a_company_name_makes_no_link_in_a_mail_to_somebody_who_has_ordered_nothing(order_instance, company, told):
    instance = order_instance("acme-corp")
    type(instance.tenant).objects.update(company=company)
    instance.refresh_from_db()
    outbox.write_failure(instance, instance.active_operation())
    outbox.deliver_due()
    [letter] = mail.outbox
    html = next(content for content, kind in letter.alternatives if kind == "text/html")
    assert told in letter.body
    assert "evil.com" not in letter.body + html + letter.subject
    assert "evil.example" not in letter.body + html


def test_counts_survive_a_restart_of_the_process(visitor):
    for number in range(5):
        visitor.order(f"client-{number}")
    counters.memory.clear()
    assert visitor.order("client-6").status_code == 429


def test_while_redis_is_away_each_process_counts_alone(visitor, settings, services):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answers = [visitor.order(f"client-{number}") for number in range(6)]
    assert [answer.status_code for answer in answers] == [202] * 5 + [429]


def test_what_one_limit_refuses_is_not_counted_in_the_others(visitor, proxied, settings):
    settings.SIGNUP_RATE, settings.SIGNUP_TOTAL_RATE = "1/h", "2/d"
    for number in range(5):
        visitor.order(f"client-{number}", **{"X-Forwarded-For": "198.51.100.1"})
    assert visitor.order("from-elsewhere", **{"X-Forwarded-For": "203.0.113.1"}).status_code == 202
