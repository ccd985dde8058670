"""The address that a visitor chooses: told while one types, kept to or refused, and never lost on the way."""

import re
import threading
from html import unescape

import pytest
from django.core import mail as mailbox
from django.test import Client

from tenants.limits import counters
from tenants.mails import outbox
from tenants.models import Instance, Mail, Signup
from tests import factories
from tests.tenants.api.test_idempotency import together
from tests.tenants.web.test_back_button import ORDER, ticket_in
from tests.tenants.web.test_json_signup import post
from tests.tenants.web.test_once_at_once import MAILBOX

pytestmark = pytest.mark.django_db
SHAPE = (
    "Utilisez de 3 à 50 lettres minuscules sans accent, chiffres et traits d’union, sans trait d’union au début "
    "ni à la fin."
)
RESERVED = "Cette adresse est réservée. Choisissez-en une autre."
TAKEN = "Cette adresse est déjà prise. Choisissez-en une autre."
FREE = "Encore libres\u00a0:"


@pytest.fixture(autouse=True)
def _settings(settings):
    settings.SIGNUP_MIN_SECONDS = 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def form(client):
    return ORDER | {"client_name": "etoile", "ticket": ticket_in(client.get("/"))}


def asked(client, **about):
    return client.get("/availability", about).json()


def beside_the_field(answer):
    found = re.search(r'id="client_name-error">([^<]+)<', answer.content.decode())
    return unescape(found[1]) if found else ""


def test_a_wish_is_kept_to_whatever_the_company_is_called(client, form):
    assert client.post("/signup", form | {"client_name": " Etoile "}).status_code == 302
    assert Instance.objects.get().client_name == "etoile"


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ("Étoile & Cie", f"{SHAPE} {FREE} etoile-et-cie, o-neill-et-fils, etoile-et-cie-2."),
        ("admin", f"{RESERVED} {FREE} o-neill-et-fils, o-neill-et-fils-2, o-neill-et-fils-pro."),
        ("acme", f"{TAKEN} {FREE} o-neill-et-fils, acme-2, acme-pro."),
    ],
)
def test_a_wish_that_cannot_be_had_is_told_beside_the_field_with_what_can(client, form, wish, told):
    factories.order_instance("acme")
    page = client.post("/signup", form | {"client_name": wish})
    assert page.status_code == 422
    assert beside_the_field(page) == told
    assert f'value="{wish}"'.replace("&", "&amp;") in page.content.decode()
    assert not Signup.objects.exists()
    assert counters.read(MAILBOX) == [0]
    assert client.post("/signup", form | {"client_name": "acme-2"}).status_code == 302


def test_what_is_told_while_one_types(client):
    factories.order_instance("acme")
    whole = {"clientName": "acme-2", "address": "eazynova-acme-2.up.railway.app", "available": True}
    nothing_wrong = {"reason": "", "suggestions": []}
    nothing = {"clientName": "", "address": "", "available": False}
    assert asked(client, company="Acme") == whole | nothing_wrong
    assert asked(client, company="日本") == nothing | nothing_wrong
    assert asked(client, company="Other", client_name=" ACME-2") == whole | nothing_wrong
    taken = {"reason": "client_name_taken", "suggestions": ["acme-sarl", "acme-2", "acme-pro"]}
    assert asked(client, company="Acme SARL", client_name="acme") == nothing | taken
    assert asked(client, client_name="login")["reason"] == "reserved_client_name"
    assert asked(client, client_name="-")["reason"] == "invalid_client_name"
    assert asked(client, client_name="é" * 9999)["suggestions"][0] == "e" * 50


def test_what_has_ended_gives_its_address_back(client):
    factories.make_instance("acme", state="decommissioned")
    assert asked(client, client_name="acme")["available"]


def test_another_language_keeps_the_wish(client, form):
    assert 'value="etoile"' in client.post("/en/", form).content.decode()


def test_the_same_form_with_the_same_wish_is_one_order_and_with_another_it_is_asked_about(client, form):
    first, again = client.post("/signup", form), client.post("/signup", form)
    assert (first.status_code, first["Location"]) == (again.status_code, again["Location"])
    assert client.post("/signup", form | {"client_name": "comete"}).status_code == 409
    assert Signup.objects.count() == 1


def test_a_wish_as_json_bears_the_apis_name(client):
    assert post(client, ORDER | {"clientName": "etoile"}).json()["instanceId"].startswith("etoile-")
    for wish in ("etoile", "é", 5):
        refusal = post(client, ORDER | {"clientName": wish})
        assert refusal.status_code == 422
        assert [error["pointer"] for error in refusal.json()["errors"]] == ["/clientName"]


@pytest.mark.usefixtures("services")
@pytest.mark.django_db(transaction=True)
def test_of_those_who_choose_one_address_at_once_one_gets_it_and_the_others_are_told(client):
    ready = threading.Barrier(3)

    def send(number):
        browser = Client()
        order = ORDER | {"company": f"Rival {number}", "email": f"a{number}@example.com", "client_name": "etoile"}
        order |= {"ticket": ticket_in(browser.get("/"))}
        ready.wait(10)
        return browser, order, browser.post("/signup", order)

    answers = together(3, send)
    assert sorted(answer.status_code for *_form, answer in answers) == [302, 422, 422]
    for browser, order, answer in answers:
        if answer.status_code == 422:
            assert beside_the_field(answer).startswith(TAKEN)
            assert f'value="{order["company"]}"' in answer.content.decode()
            order |= {"client_name": f"etoile-{order['company'][-1]}", "ticket": ticket_in(answer)}
            assert browser.post("/signup", order).status_code == 302
    assert Instance.objects.count() == Signup.objects.count() == 3


@pytest.fixture
def link(client, form, settings):
    """Of a visitor who has chosen "etoile" and has to confirm the e-mail address first."""
    settings.CONFIRM_EMAIL = True
    assert client.post("/signup", form)["Location"] == "/confirm/sent/"
    assert outbox.deliver(Mail.objects.get().pk)
    return re.search(r"/confirm/\S+", mailbox.outbox[0].body)[0]


def test_a_wish_outlives_the_confirmation(client, link):
    assert 'name="client_name"' not in client.get(link).content.decode()
    assert client.post(link)["Location"].startswith("/instances/etoile-")


def test_a_wish_that_was_taken_meanwhile_is_told_and_another_one_is_confirmed_with_the_same_link(client, link):
    factories.order_instance("etoile")
    for page in (client.get(link), client.post(link)):
        assert page.status_code == 409
        assert beside_the_field(page) == f"{TAKEN} {FREE} o-neill-et-fils, etoile-2, etoile-pro."
    assert client.post(link, {"client_name": "É"}).status_code == 409
    assert Signup.objects.get().confirmed_at is None
    assert client.post(link, {"client_name": "etoile-pro"})["Location"].startswith("/instances/etoile-pro-")
    signup = Signup.objects.get()
    assert (signup.client_name, signup.instance.client_name) == ("etoile-pro", "etoile-pro")
    assert client.post(link, {"client_name": "etoile-2"}).status_code == 410


def test_who_then_leaves_the_field_empty_gets_the_name_of_the_company(client, link):
    factories.order_instance("etoile")
    assert client.post(link, {"client_name": ""})["Location"].startswith("/instances/o-neill-et-fils-")


def test_a_wish_that_is_taken_when_the_form_is_sent_is_not_left_for_the_mail(client, form, settings):
    settings.CONFIRM_EMAIL = True
    factories.order_instance("etoile")
    assert beside_the_field(client.post("/signup", form)).startswith(TAKEN)
    assert not Mail.objects.filter(kind="confirmation").exists()
