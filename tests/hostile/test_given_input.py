"""Inputs by which the running product was once broken; each stands for its kind."""

import json
from io import BytesIO

import pytest
import time_machine
from django.conf import settings as live
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from eazynova_site.wsgi_request import Request
from provisioning.models import UnreadableEvent
from tenants.alerts import conditions
from tenants.models import Alert
from tenants.services import retention
from tests.hostile.conftest import PROVEN, RAILWAY_SECRET, Browser

pytestmark = pytest.mark.django_db
DEEP = "[" * 20_000
LONG_NUMBER = '{"a": ' + "1" * 5000 + "}"


def post(path, text, **extra):
    return Client(raise_request_exception=False).generic("POST", path, text, "application/json", **extra)


def railway(text):
    return post(f"/webhooks/railway/{RAILWAY_SECRET}", text)


def brevo(**values):
    event = {"event": "hard_bounce", "email": "x@acme.example", "id": 1, "message-id": "<77@brevo>", "ts_event": 1}
    return post("/webhooks/mail/brevo/tracking/", json.dumps(event | values), **PROVEN)


@pytest.mark.parametrize(
    "text", [DEEP, LONG_NUMBER, '{"a": 1e999}', '{"a": NaN}', "\ufeff[]", "null", '{"a": ' * 40 + "1" + "}" * 40]
)
def test_a_signup_that_is_no_readable_object_is_refused_as_malformed(text):
    answer = post("/signup", text)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")


@pytest.mark.parametrize("path", ["/signup", "/api/instances"])
@pytest.mark.parametrize("field", ["language", "plan", "company", "somethingElse"])
@pytest.mark.parametrize("text", ["\ud800", "a\0b"])
def test_a_character_that_nobody_can_keep_is_told_with_its_field(path, field, text):
    order = {"clientName": "acme-corp", "adminEmail": "a@acme.example", "email": "a@acme.example", field: text}
    answer = post(path, json.dumps(order))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{field}")


@pytest.mark.parametrize("name", ["createdBefore", "createdAfter"])
@pytest.mark.parametrize("moment", ["0001-01-01", "9999-12-31T23:59:59-14:00", "9999-12-31", "99999-01-01"])
def test_a_moment_at_the_end_of_time_is_refused(known, name, moment):
    answer = Client().get("/api/instances", {name: moment}, headers={"Authorization": f"Bearer {known['key']}"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{name}")


@pytest.mark.parametrize("values", [{"since": "0001-01-01"}, {"since": "2026-01-01", "until": "9999-12-31"}])
def test_a_replay_since_the_beginning_of_time_is_refused(known, values):
    path = f"/api/webhook-endpoints/{known['endpoint_id']}/replay"
    assert post(path, json.dumps(values), HTTP_AUTHORIZATION=f"Bearer {known['key']}").status_code == 422


def test_a_name_longer_than_any_account_is_a_wrong_password(client):
    answer = client.post(reverse("admin:login"), {"username": "x" * 300, "password": "x"})
    assert answer.status_code == 200
    assert answer.context["form"].errors["username"]


@pytest.mark.parametrize(
    "query", ["state=%00", "q=%00", "created_at__year=99999", "created_at__gte=0001-01-01", "plan__id__exact=%00"]
)
def test_a_filter_that_cannot_be_read_leads_to_the_whole_list_or_a_page_of_ours(known, query):
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(username="olga"))
    answer = client.get(f"{reverse('admin:tenants_instance_changelist')}?{query}", follow=True)
    assert answer.status_code in (200, 400)
    assert "EAZYNOVA" in answer.content.decode()


def test_an_unreadable_filter_is_said_above_the_whole_list(known):
    client = Client()
    client.force_login(User.objects.get(username="olga"))
    page = client.get(f"{reverse('admin:tenants_instance_changelist')}?created_at__year=99999", follow=True)
    assert "ne peut pas être lue" in page.content.decode()


@pytest.mark.parametrize("charset", ["hex", "idna", "undefined", "unicode-escape", "utf-16"])
@pytest.mark.parametrize("path", ["/?plan=%5cud800", "/healthz?a=1", "/admin/login/?next=%5cud800", "/api/plans?a=1"])
@pytest.mark.django_db(transaction=True)
def test_another_charset_than_utf_8_is_refused_before_anything_is_decoded(path, charset):
    answer = Browser().generic("GET", path, CONTENT_TYPE=f"text/plain; charset={charset}")
    assert answer.status_code == 415


def test_a_content_type_that_cannot_be_read_gets_an_answer_all_the_same():
    request = Request({"REQUEST_METHOD": "GET", "CONTENT_TYPE": "a/b; charset*=bogus'en'%FF", "wsgi.input": BytesIO()})
    assert request.content_params == {"charset": "unknown"}


def test_a_cookie_that_no_database_can_look_for_is_taken_for_none(client):
    cookie = f'{live.SESSION_COOKIE_NAME}="\\000aaaaaaaaaaaaa"'
    answer = Client(raise_request_exception=False).get(reverse("admin:index"), headers={"Cookie": cookie})
    assert answer.status_code == 302


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ('{"resource": {"deployment": {"id": "\\u0000"}}}', 400),
        ('{"resource": {"deployment": {"id": "\\ud800"}}}', 400),
        (LONG_NUMBER, 400),
        (DEEP, 400),
        ('{"resource": []}', 204),
        ('{"resource": {"deployment": {"id": 7}}}', 204),
        ("[]", 204),
    ],
)
def test_what_railway_tells_and_nobody_understands_is_kept_and_told(text, status):
    assert railway(text).status_code == status
    kept = UnreadableEvent.objects.get()
    assert (kept.source, len(kept.body)) == ("railway", min(len(text), UnreadableEvent.MOST_CHARACTERS))
    [told] = [each for each in conditions.present() if each.kind == Alert.Kind.EVENT]
    assert (told.topic, told.count) == ("railway", 1)


def test_news_of_other_things_are_understood_and_not_kept():
    assert railway('{"type": "Monitor.triggered", "resource": {"id": "x"}}').status_code == 204
    assert not UnreadableEvent.objects.exists()


@pytest.mark.parametrize(
    "values",
    [
        {"message-id": "\ud800"},
        {"message-id": "\0", "reason": "\0"},
        {"event": []},
        {"event": {}},
        {"X-Mailin-custom": "[" * 20_000},
    ],
)
def test_what_a_mail_provider_tells_and_nobody_understands_is_taken_kept_and_told(values):
    for _twice in range(2):
        assert brevo(**values).status_code == 200
    kept = UnreadableEvent.objects.get()
    assert (kept.source, kept.count) == ("mail: Brevo", 2)
    assert "hard_bounce" in kept.body or "event" in values


@pytest.mark.parametrize("custom", [json.dumps({"mail": "9" * 5000}), "[1]", '{"mail": [{}]}', '{"mail": "\\u0000"}'])
def test_metadata_that_is_none_of_ours_belongs_to_no_mail(custom):
    assert brevo(**{"X-Mailin-custom": custom}).status_code == 200
    assert not UnreadableEvent.objects.exists()


@pytest.mark.parametrize("body", ["[]", '"x"', "null", "7", DEEP, "", LONG_NUMBER])
def test_whatever_a_provider_posts_it_is_never_an_error_of_ours(body):
    assert post("/webhooks/mail/brevo/tracking/", body, **PROVEN).status_code == 200
    assert UnreadableEvent.objects.count() == 1


@pytest.mark.parametrize("body", ["{}", DEEP, '{"signature": []}', "[]"])
@pytest.mark.parametrize("provider", ["mailgun", "unisender_go", "mailersend", "postal"])
def test_a_provider_that_is_not_configured_has_no_address_here(provider, body):
    assert post(f"/webhooks/mail/{provider}/tracking/", body, **PROVEN).status_code == 404
    assert post("/webhooks/mail/mandrill/", body, **PROVEN).status_code == 404


def test_who_does_not_prove_to_be_the_provider_leaves_no_trace():
    for body in ("{}", DEEP, "[]"):
        assert post("/webhooks/mail/brevo/tracking/", body).status_code == 400
    assert not UnreadableEvent.objects.exists()


def test_mails_that_come_in_are_nobodys_business_here():
    assert post("/webhooks/mail/brevo/inbound/", "{}", **PROVEN).status_code == 404


def test_what_was_not_understood_is_forgotten_after_three_months():
    with time_machine.travel("2026-01-01", tick=False) as clock:
        railway("[]")
        clock.move_to("2026-03-01")
        assert retention.forget_events() == 0
        clock.move_to("2026-05-01")
        assert retention.forget_events() == 1


def test_with_debug_on_a_failure_that_holds_a_surrogate_is_shown_at_once(settings, monkeypatch):
    """The page of debugging once failed itself, and its failure again, for minutes."""

    def broken(body):
        raise ZeroDivisionError(json.loads(body)["resource"]["deployment"]["id"])

    settings.DEBUG = True
    monkeypatch.setattr("provisioning.watching.railway_webhook.deployment_id", broken)
    answer = railway('{"resource": {"deployment": {"id": "\\ud800"}}}')
    assert answer.status_code == 500
    assert b"ZeroDivisionError" in answer.content
