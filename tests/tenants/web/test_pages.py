import re
import time
from datetime import timedelta

import pytest
import time_machine
from anymail.signals import AnymailTrackingEvent, tracking
from django.core import mail as mailbox
from django.utils import timezone, translation

from provisioning.models import Operation, Slot
from provisioning.states import OperationState
from tenants.lifecycle import InstanceState
from tenants.mails import news, outbox
from tenants.models import Instance, Mail, Plan, Signup
from tenants.services import ending, retention
from tenants.wording import prices
from tests import factories

pytestmark = pytest.mark.django_db

ORDER = {"company": "O’Neill & Fils", "email": "Marie@Example.com", "plan": "demo", "language": "fr"}


@pytest.fixture(autouse=True)
def _no_haste(settings):
    settings.SIGNUP_MIN_SECONDS = 0


def ticket(client):
    return re.search(r'name="ticket" value="([^"]+)"', client.get("/").content.decode())[1]


def test_every_page_sends_strict_security_headers(client):
    for path in ("/", "/confirm/sent/", "/instances/nothing/"):
        headers = client.get(path).headers
        assert "'unsafe" not in headers["Content-Security-Policy"], path
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] in ("same-origin", "no-referrer")


def test_the_first_page_sets_no_cookie_and_holds_no_inline_script(client):
    response = client.get("/")
    assert not response.cookies
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|\sstyle=", response.content.decode())


def test_the_same_form_twice_is_one_instance(client):
    form = ORDER | {"ticket": ticket(client)}
    first, second = client.post("/signup", form), client.post("/signup", form)
    assert first.status_code == 302
    assert first["Location"] == second["Location"]
    assert Instance.objects.count() == 1


def test_a_company_whose_name_is_taken_gets_the_next_one(client):
    for _ in range(2):
        client.post("/signup", ORDER | {"ticket": ticket(client), "email": f"a{_}@example.com"})
    names = sorted(Instance.objects.values_list("client_name", flat=True))
    assert names == ["o-neill-et-fils", "o-neill-et-fils-2"]


@pytest.mark.parametrize("trap", [{"website": "http://spam.example"}, {"ticket": "forged"}])
def test_a_machine_gets_no_instance(client, trap):
    assert client.post("/signup", ORDER | {"ticket": ticket(client)} | trap).status_code == 422
    assert not Signup.objects.exists()


def test_a_form_faster_than_a_person_is_asked_for_again(client, settings):
    settings.SIGNUP_MIN_SECONDS = 30
    response = client.post("/signup", ORDER | {"ticket": ticket(client)})
    assert response.status_code == 422
    assert "O’Neill &amp; Fils" in response.content.decode()


def test_json_is_answered_like_the_api(client):
    order = {"company": "Acme", "email": "a@acme.example", "plan": "demo"}
    answer = client.post("/signup", order, content_type="application/json")
    assert answer.status_code == 202
    assert {"instanceId", "status", "message", "statusUrl", "statusToken"} <= set(answer.json())
    refused = client.post("/signup", {"email": "x", "plan": "demo"}, content_type="application/json")
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert {error["pointer"] for error in refused.json()["errors"]} == {"/company", "/email"}


def test_the_confirmation_link_works_once_and_only_by_its_button(client, settings, django_capture_on_commit_callbacks):
    settings.CONFIRM_EMAIL = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    client.post("/signup", ORDER | {"ticket": ticket(client)})
    assert not Instance.objects.exists()
    assert outbox.deliver(Mail.objects.get().pk)
    link = re.search(r"/confirm/\S+", mailbox.outbox[0].body)[0]
    assert client.get(link).status_code == 200
    assert not Instance.objects.exists()
    assert client.post(link).status_code == 302
    assert client.post(link).status_code == 410
    assert Instance.objects.count() == 1


def test_the_progress_page_needs_its_token_and_is_kept_by_nobody(client, order_instance):
    instance = order_instance()
    address = f"/instances/{instance.public_id}/"
    assert client.get(address).status_code == client.get(f"{address}?token=wrong").status_code == 404
    response = client.get(f"{address}?token={instance.status_token}")
    assert "no-store" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "no-referrer"
    assert "noindex" in response["X-Robots-Tag"]
    part = f"{address}progress?token={instance.status_token}"
    etag = client.get(part)["ETag"]
    for known in (etag, etag.removeprefix("W/"), f'"other", {etag}'):
        assert client.get(part, headers={"If-None-Match": known}).status_code == 304
    assert client.get(part, headers={"If-None-Match": '"other"'}).status_code == 200


def test_addresses_that_take_forms_lead_somewhere_when_they_are_opened(client, order_instance):
    instance = order_instance()
    address = f"/instances/{instance.public_id}/"
    assert client.get("/signup")["Location"] == "/"
    token = f"?token={instance.status_token}"
    assert client.get(f"{address}password{token}")["Location"] == address + token
    assert client.get(f"{address}password?token=wrong").status_code == 404


def test_every_page_names_the_address_to_write_to_and_a_partners_customer_the_partners(
    client, order_instance, settings
):
    settings.DEFAULT_FROM_EMAIL = "EAZYNOVA <bonjour@eazynova.example>"
    for path in ("/", "/confirm/sent/", "/nowhere/"):
        assert 'href="mailto:bonjour@eazynova.example"' in client.get(path).content.decode(), path
    partner = factories.make_partner(reply_to="aide@alice.example")
    instance = order_instance(partner=partner)
    page = client.get(f"/instances/{instance.public_id}/?token={instance.status_token}").content.decode()
    assert 'href="mailto:aide@alice.example"' in page
    assert "bonjour@eazynova.example" not in page


@pytest.mark.parametrize(("ahead", "seconds"), [(0, 2), (2, 6), (30, 15)])
def test_who_waits_far_back_in_the_queue_looks_again_less_often(client, order_instance, settings, ahead, seconds):
    settings.RAILWAY_PROJECT_INTERVAL_SECONDS = 30
    for number in range(ahead):
        order_instance(f"before-{number}")
    instance = order_instance("mine")
    Operation.objects.update(queue="project_create:default")
    with time_machine.travel(timezone.now(), tick=False):
        Slot.objects.create(key="project_create:default", free_at=time.time())
        page = client.get(f"/instances/{instance.public_id}/progress?token={instance.status_token}").content.decode()
    assert f'data-again="{seconds}"' in page


def test_who_only_looks_again_costs_few_queries_and_no_page(client, order_instance, django_assert_max_num_queries):
    instance = order_instance()
    part = f"/instances/{instance.public_id}/progress?token={instance.status_token}"
    minute = timezone.now().replace(second=5, microsecond=0)
    with time_machine.travel(minute, tick=False) as clock:
        etag = client.get(part)["ETag"]
        clock.shift(2)
        with django_assert_max_num_queries(4):
            assert client.get(part, headers={"If-None-Match": etag}).status_code == 304


def finished(instance, days):
    ended = timezone.now() - timedelta(days=days)
    Operation.objects.filter(instance=instance).update(state=OperationState.SUCCEEDED, ended_at=ended)
    Instance.objects.filter(pk=instance.pk).update(
        state=InstanceState.READY, url="https://x.example", ready_at=ended, expires_at=ended + timedelta(days=14)
    )


def test_the_password_is_fetched_on_demand_and_gone_after_its_time(client, order_instance):
    instance = order_instance()
    finished(instance, days=6)
    address = f"/instances/{instance.public_id}/"
    password = instance.admin_password()
    assert password not in client.get(f"{address}?token={instance.status_token}").content.decode()
    ask = f"{address}password?token={instance.status_token}"
    assert client.post(ask, headers={"Accept": "application/json"}).json() == {"password": password}
    finished(instance, days=8)
    assert retention.forget_passwords() == 1
    assert client.post(ask, headers={"Accept": "application/json"}).json() == {"password": None}


def test_an_end_is_announced_once_three_days_before(order_instance):
    instance = order_instance()
    finished(instance, days=12)
    assert [ending.remind_of_ends(), ending.remind_of_ends()] == [1, 0]
    assert Mail.objects.get(instance=instance).kind == Mail.Kind.EXPIRES_SOON


@pytest.mark.parametrize(
    ("report", "state"), [("bounced", "bounced"), ("complained", "complained"), ("opened", "sent")]
)
def test_what_the_provider_reports_marks_the_mail(order_instance, report, state):
    letter = outbox.write_failure(order_instance(), Operation.objects.get())
    Mail.objects.filter(pk=letter.pk).update(state=Mail.State.SENT, provider_id="abc")
    event = AnymailTrackingEvent(event_type=report, message_id="abc", metadata={})
    tracking.send(object(), event=event, esp_name="Brevo")
    assert Mail.objects.get(pk=letter.pk).state == state


@pytest.mark.parametrize("kind", ["failure", "expires_soon", "email_changed"])
def test_mails_are_written_in_the_customers_language_with_a_link_back(order_instance, settings, kind):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    instance = order_instance()
    finished(instance, days=12)
    instance.refresh_from_db()
    write = {"failure": lambda: outbox.write_failure(instance, Operation.objects.get())}
    former = "wrong@acme.example"
    write |= {"email_changed": lambda: news.write_email_changed(instance, Operation.objects.get(), former)}
    letter = write.get(kind, lambda: news.write_expires_soon(instance, 7))()
    assert outbox.deliver(letter.pk)
    sent = mailbox.outbox[0]
    assert sent.body.startswith("Bonjour")
    assert "http" in sent.body
    assert instance.admin_password() not in sent.body


def test_prices_are_written_as_the_language_has_them():
    plan = Plan.objects.get(code="starter")
    with translation.override("fr"):
        assert prices.price(plan.price_per_month, "USD") == "49,00\u00a0$\u00a0US\u00a0/\u00a0mois"
    with translation.override("en"):
        assert prices.price(plan.price_per_month, "USD") == "US$49.00 / month"
