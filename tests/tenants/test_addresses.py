"""One rule for e-mail addresses, at every door: what is accepted is mailed, typed and stored as it is shown."""

import json
import re

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from provisioning.mail.recipient import on_the_wire
from provisioning.models import Operation
from tenants import addresses
from tenants.errors import InvalidEmail
from tenants.mails import outbox
from tenants.models import Instance, Partner, Plan
from tests import factories

REFUSED = {
    "a capital that lower case makes two letters": "boss@İSTANBUL.com",
    "an accent that composing makes ASCII": "b\u1fefo@exemple.fr",
    "a direction sign": "boss@exemple\u202c.fr",
    "a zero-width space": "boss@exem\u200bple.fr",
    "a zero-width joiner": "bo\u200dss@exemple.fr",
    "a label too long once encoded": "boss@" + "ü" * 60 + ".de",
    "control characters in quotes": '"bo\x01ss"@exemple.fr',
    "a quoted local part": '"bo ss"@exemple.fr',
    "a host without a dot": "boss@localhost",
    "an address of a machine": "boss@[127.0.0.1]",
    "numbers for a domain": "boss@127.0.0.1",
    "a domain of no network": "boss@server.local",
    "full-width letters": "boss@ｅxemple.fr",
    "a full-width dot": "boss@exemple。fr",
    "another letter before the @": "léa@exemple.fr",
    "a sign that no domain has": "boss@☃.fr",
    "65 letters before the @": "a" * 65 + "@exemple.fr",
    "255 letters in all": "a@" + "abcdefghi." * 25 + "com",
    "NUL": "boss\x00@exemple.fr",
    "half a character": "boss@exemple\ud800.fr",
    "two addresses": "boss@exemple.fr,eve@exemple.fr",
    "a name before it": "Boss <boss@exemple.fr>",
    "a line break": "boss@exemple.fr\r\nBcc: eve@exemple.fr",
}
hostile = pytest.mark.parametrize("address", REFUSED.values(), ids=REFUSED)


@hostile
def test_what_cannot_be_mailed_or_typed_is_refused_with_a_sentence(address):
    with pytest.raises(InvalidEmail) as refusal:
        addresses.normal(address)
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize(
    ("typed", "kept", "mailed"),
    [
        (" Boss@Exemple.FR\n", "boss@exemple.fr", "boss@exemple.fr"),
        ("boss@straße.de", "boss@straße.de", "boss@xn--strae-oqa.de"),
        ("boss@STRASSE.de", "boss@strasse.de", "boss@strasse.de"),
        ("boss@xn--strae-oqa.de", "boss@straße.de", "boss@xn--strae-oqa.de"),
        ("boss@cafe\u0301.fr", "boss@café.fr", "boss@xn--caf-dma.fr"),
        ("o'brien+odoo@exemple.fr", "o'brien+odoo@exemple.fr", "o'brien+odoo@exemple.fr"),
    ],
)
def test_an_address_has_one_form_and_goes_where_its_domain_is_registered(typed, kept, mailed):
    assert addresses.normal(typed) == kept
    assert addresses.normal(kept) == kept
    assert on_the_wire(kept) == mailed


@given(st.text(max_size=30), st.text(max_size=80))
def test_whatever_is_accepted_can_be_mailed_and_does_not_change_again(local, domain):
    try:
        kept = addresses.normal(f"{local}@{domain}")
    except InvalidEmail:
        return
    assert on_the_wire(kept).isascii()
    assert addresses.normal(kept) == kept == kept.lower()


@pytest.mark.django_db(transaction=True)
def test_a_german_domain_gets_the_welcome_at_its_own_name_and_logs_in_as_it_is_shown(mailoutbox):
    instance = factories.order_instance(email="Boss@Straße.de")
    assert Operation.objects.get().spec["email"] == instance.admin_email == "boss@straße.de"
    mail = outbox.write_welcome(instance, Operation.objects.get())
    assert outbox.deliver(mail.pk)
    assert mailoutbox[0].recipients() == ["boss@xn--strae-oqa.de"]


def _order(client, address):
    order = {"clientName": "acme-corp", "adminEmail": address, "companyName": "Acme"}
    answer = client.post("/api/instances", json.dumps(order), content_type="application/json")
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["pointer"]) == (422, "/adminEmail")
    return error["detail"]


def _sign_up_by_json(client, address):
    order = {"company": "Acme", "email": address, "plan": "demo"}
    answer = client.post("/signup", json.dumps(order), content_type="application/json")
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["pointer"]) == (422, "/email")
    return error["detail"]


def _sign_up(client, address):
    ticket = re.search(r'name="ticket" value="([^"]+)"', client.get("/").content.decode())[1]
    order = {"company": "Acme", "email": address, "plan": "demo", "language": "fr", "ticket": ticket}
    answer = client.post("/signup", order)
    assert answer.status_code == 422
    return answer.context["form"].errors["email"][0]


def _order_as_staff(client, address):
    client.force_login(User.objects.create_superuser("olga"))
    order = {"client_name": "acme-corp", "email": address, "company": "Acme", "language": "fr"}
    order |= {"partner": Partner.objects.get().pk, "plan": Plan.objects.get(code="demo").pk}
    answer = client.post(reverse("admin:tenants_instance_add"), order)
    return answer.context["form"].errors["email"][0]


def _order_by_command(client, address):
    with pytest.raises(CommandError) as refusal:
        call_command("create_instance", "acme-corp", address)
    return str(refusal.value)


DOORS = [_order, _sign_up_by_json, _sign_up, _order_as_staff, _order_by_command]


@pytest.mark.django_db
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__.strip("_"))
@pytest.mark.parametrize("kind", ["a direction sign", "a label too long once encoded", "a host without a dot"])
def test_every_door_refuses_it_in_french_and_takes_no_order(request, client, settings, door, kind):
    settings.SIGNUP_MIN_SECONDS = 0
    if door is _order_by_command:
        # it looks at Railway first
        request.getfixturevalue("sandbox")
    sentence = door(client, REFUSED[kind])
    assert "adresse e\u2011mail" in sentence
    assert not Instance.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["contact_email", "reply_to"])
def test_a_partners_addresses_are_held_to_the_same_rule(client, field):
    client.force_login(User.objects.create_superuser("olga"))
    form = {"name": "Alice", "language": "fr", "is_active": "on", field: "aide@exem\u200bple.fr"}
    page = client.post(reverse("admin:tenants_partner_add"), form)
    assert page.context["adminform"].form.errors[field]
    client.post(reverse("admin:tenants_partner_add"), form | {field: "Aide@Straße.de"})
    assert getattr(Partner.objects.get(name="Alice"), field) == "aide@straße.de"
