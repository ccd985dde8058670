"""A status link is good for one revision: whoever corrects an address takes every key from the former one."""

import re

import pytest
import time_machine
from django.core import mail as mailbox
from django.core.management import CommandError, call_command
from django.core.signing import Signer
from django.urls import reverse
from django.utils import timezone

from provisioning.engine import recording
from provisioning.models import Operation
from provisioning.states import OperationState
from tenants.errors import WrongState
from tenants.mails import composing, news, outbox
from tenants.models import ApiKey, AuditEntry, Instance, Mail
from tenants.services import access, keys, links
from tests import factories
from tests.tenants.api.conftest import ORIGIN, Caller, key_of, make_ready, order

pytestmark = pytest.mark.django_db
NEW = "right@acme.example"


@pytest.fixture
def alice(db):
    return factories.make_partner("Alice Conseil", allowed_origins=[ORIGIN])


@pytest.fixture
def visitor():
    return Caller()


def status(visitor, instance, token):
    return visitor("GET", f"/instances/{instance.public_id}", **{"X-Status-Token": token})


def opens(client, visitor, instance, token):
    """Whether the page and the API take this token, which they do together."""
    page = client.get(f"/instances/{instance.public_id}/?token={token}").status_code == 200
    assert (status(visitor, instance, token).status_code == 200) == page
    return page


def succeed(operation):
    """As the engine does when the last step is done."""
    recording.end(operation, OperationState.SUCCEEDED)


def ready_instance(client_name="acme-corp"):
    return make_ready(factories.order_instance(client_name).public_id)


@pytest.mark.parametrize(
    "change",
    [
        lambda instance: succeed(access.change_email(instance, NEW)),
        lambda instance: succeed(access.reset_password(instance)),
        links.revoke,
    ],
)
def test_a_link_given_before_a_change_of_access_opens_neither_page_nor_api(client, visitor, change):
    instance = ready_instance()
    before = instance.status_token
    assert opens(client, visitor, instance, before)
    change(instance)
    instance.refresh_from_db()
    assert not opens(client, visitor, instance, before)
    assert opens(client, visitor, instance, instance.status_token)


def test_the_address_of_a_failed_creation_takes_link_and_password_from_the_former_one(client, visitor):
    instance = factories.order_instance()
    operation = Operation.objects.get()
    before, password = instance.status_token, operation.secrets()["admin_password"]
    Operation.objects.update(state=OperationState.FAILED, ended_at=timezone.now())
    Instance.objects.update(state="failed")
    instance.refresh_from_db()
    access.change_email(instance, NEW)
    operation.refresh_from_db()
    assert operation.secrets()["admin_password"] != password
    assert not opens(client, visitor, instance, before)
    assert opens(client, visitor, instance, instance.status_token)


def test_what_was_given_by_an_earlier_release_is_good_until_the_first_revision(client, visitor):
    instance = ready_instance()
    former = Signer(salt="tenants.instance.status-token").signature(instance.public_id)
    assert opens(client, visitor, instance, former)
    links.revoke(instance)
    assert not opens(client, visitor, instance, former)


@pytest.mark.parametrize("path", ["", "progress", "password"])
def test_a_dead_link_says_what_to_do_and_reveals_no_account(client, settings, path):
    settings.DEFAULT_FROM_EMAIL = "EAZYNOVA <bonjour@eazynova.example>"
    instance = ready_instance()
    dead = f"/instances/{instance.public_id}/{path}?token={instance.status_token}"
    links.revoke(instance)
    answers = [client.get(dead), client.get(f"/instances/nobody-abc/{path}?token=x")]
    for answer in answers:
        page = answer.content.decode()
        assert answer.status_code == 404
        assert "Ce lien n’ouvre plus rien" in page
        assert "bonjour@eazynova.example" in page
        assert instance.client_name not in page.replace(instance.public_id, "")
        assert instance.admin_email not in page
        assert "no-store" in answer["Cache-Control"]
    text = [re.sub(r'next=[^"]*', "", answer.content.decode()) for answer in answers]
    assert text[0] == text[1], "an instance that there is cannot be told from one that there is not"


def test_the_tokens_of_a_revoked_key_end_and_the_customers_mailed_link_goes_on(client, visitor, alice):
    caller = Caller(key_of(alice))
    answer = caller.order().json()
    instance = make_ready(answer["instanceId"])
    assert opens(client, visitor, instance, answer["statusToken"])
    mailed = composing.status_page(instance).partition("token=")[2]
    keys.revoke(ApiKey.objects.get())
    assert not opens(client, visitor, instance, answer["statusToken"])
    assert opens(client, visitor, instance, mailed)


def test_the_page_opened_with_a_keys_token_gives_no_longer_lived_one(client, alice):
    answer = Caller(key_of(alice, ApiKey.Kind.PUBLISHABLE), ORIGIN)("POST", "/instances", order()).json()
    instance = make_ready(answer["instanceId"])
    address = f"/instances/{instance.public_id}/"
    for response in (
        client.get(f"{address}?token={answer['statusToken']}"),
        client.get(f"{address}password?token={answer['statusToken']}", follow=True),
        client.post(f"{address}password?token={answer['statusToken']}"),
    ):
        assert answer["statusToken"] in response.content.decode()
        assert instance.status_token not in response.content.decode()


def test_tokens_of_a_rotated_key_live_as_long_as_its_successor(client, visitor, alice):
    answer = Caller(key_of(alice)).order().json()
    instance, old = make_ready(answer["instanceId"]), ApiKey.objects.get()
    new, _clear = keys.rotate(old)
    with time_machine.travel(timezone.now() + keys.OVERLAP * 2):
        assert opens(client, visitor, instance, answer["statusToken"])
        keys.revoke(new)
        assert not opens(client, visitor, instance, answer["statusToken"])


@pytest.mark.parametrize("end", ["revoke", "deactivate", "delete", "expire"])
def test_tokens_of_a_key_end_with_it_however_it_ends(client, visitor, alice, end):
    answer = Caller(key_of(alice)).order().json()
    instance = make_ready(answer["instanceId"])
    {
        "revoke": lambda: keys.revoke(ApiKey.objects.get()),
        "deactivate": lambda: type(alice).objects.filter(pk=alice.pk).update(is_active=False),
        "delete": lambda: ApiKey.objects.get().delete(),
        "expire": lambda: ApiKey.objects.update(expires_at=timezone.now()),
    }[end]()
    assert not opens(client, visitor, instance, answer["statusToken"])
    assert opens(client, visitor, instance, instance.status_token)


def test_another_keys_or_instances_token_opens_nothing(client, visitor, alice):
    first = Caller(key_of(alice)).order("client-a").json()
    second = Caller(key_of(alice)).order("client-b").json()
    instance = make_ready(first["instanceId"])
    assert not opens(client, visitor, instance, second["statusToken"])
    assert not opens(client, visitor, instance, ready_instance("client-c").status_token)


def test_a_mail_that_still_waits_for_the_former_address_is_never_sent(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    instance = ready_instance()
    former = instance.admin_email
    waiting = outbox.write_welcome(instance, Operation.objects.get())
    given_up = news.write_expires_soon(_with_end(instance), 7)
    Mail.objects.filter(pk=given_up.pk).update(state=Mail.State.FAILED)
    succeed(access.change_email(instance, NEW))
    for mail in (waiting, given_up):
        mail.refresh_from_db()
        assert mail.state == Mail.State.SUPERSEDED
        assert not outbox.send_again(mail)
    outbox.deliver_due()
    sent = {message.to[0]: message.body for message in mailbox.outbox}
    instance.refresh_from_db()
    assert set(sent) == {former, NEW}
    assert instance.status_token in sent[NEW]
    assert instance.admin_password() in sent[NEW]
    assert "token=" not in sent[former]
    assert instance.admin_password() not in sent[former]


def test_a_mail_taken_up_while_the_address_is_corrected_tells_the_former_nothing(settings, monkeypatch):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    instance = ready_instance()
    mail = outbox.write_welcome(instance, Operation.objects.get())
    operation = access.change_email(instance, NEW)

    def meanwhile(*arguments, **options):
        monkeypatch.undo()
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        succeed(operation)
        return Instance.objects.get().admin_password()

    monkeypatch.setattr(composing, "kept_password", meanwhile)
    assert not outbox.deliver(mail.pk)
    assert mailbox.outbox == []
    mail.refresh_from_db()
    assert mail.state == Mail.State.SUPERSEDED


def test_whoever_sends_the_form_again_later_gets_no_newer_link(client, settings):
    settings.SIGNUP_MIN_SECONDS = 0
    keyed = {"Idempotency-Key": "form-1"}
    body = {"company": "Acme", "email": "wrong@acme.example", "plan": "demo", "language": "fr"}
    first = client.post("/signup", body, content_type="application/json", headers=keyed).json()
    instance = make_ready(first["instanceId"])
    succeed(access.change_email(instance, NEW))
    again = client.post("/signup", body, content_type="application/json", headers=keyed).json()
    assert again["statusToken"] == first["statusToken"]
    assert client.get(again["progressUrl"]).status_code == 404


def test_staff_revoke_links_in_the_console_and_the_trail_says_who(client, sign_in):
    instance = ready_instance()
    before = instance.status_token
    address = reverse("admin:tenants_instance_act", args=[instance.pk, "revoke_links"])
    assert sign_in("Support").get(address).status_code == 403
    sign_in("Operations").post(address, {"reason": "the link was forwarded"})
    assert client.get(f"/instances/{instance.public_id}/?token={before}").status_code == 404
    entry = AuditEntry.objects.get(act="links_revoked")
    assert (entry.actor, entry.reason) == ("staff-Operations", "the link was forwarded")


def test_links_are_revoked_on_the_command_line_by_client_name_or_id(capsys):
    instance = ready_instance()
    seen = {instance.status_token}
    for name in (instance.client_name, instance.public_id):
        call_command("revoke_links", name, "--reason", "lost laptop")
        instance.refresh_from_db()
        seen.add(instance.status_token)
    assert len(seen) == 3
    entry = AuditEntry.objects.filter(act="staff:revoke_links").first()
    assert entry.actor.startswith("shell:")
    assert entry.reason == "lost laptop"
    with pytest.raises(CommandError, match="nobody"):
        call_command("revoke_links", "nobody")


def test_there_is_nothing_to_revoke_of_what_is_no_more():
    instance = factories.make_instance(state="decommissioned")
    with pytest.raises(WrongState):
        links.revoke(instance)
    with pytest.raises(CommandError):
        call_command("revoke_links", instance.public_id)


def _with_end(instance):
    Instance.objects.filter(pk=instance.pk).update(expires_at=timezone.now())
    instance.refresh_from_db()
    return instance
