from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
import responses
import time_machine
from django.conf import settings
from django.core.mail.backends.locmem import EmailBackend
from django.template.loader import get_template
from django.utils import timezone

from provisioning.doorbell import LOST_AFTER
from provisioning.models import Operation
from tenants.mails import notices, outbox, sign_in_notices
from tenants.models import Mail
from tests import factories
from tests.tenants.mails.conftest import BREVO

pytestmark = pytest.mark.django_db(transaction=True)


def _letters():
    """Two that are sent within one second may stand in one file."""
    files = sorted(Path(settings.EMAIL_FILE_PATH).glob("*"))
    letters = [letter for path in files for letter in path.read_bytes().split(b"\n" + b"-" * 79 + b"\n")]
    return [message_from_bytes(letter, policy=default) for letter in letters if letter.strip()]


def test_the_welcome_mail_says_in_french_all_that_the_customer_needs(ready):
    instance, mail = ready(company="L’Étoile & Fils")
    assert outbox.deliver(mail.pk)
    message = _letters()[0]
    assert message["Subject"] == "Votre Instance EAZYNOVA est Prête !"
    assert message["To"] == instance.admin_email
    assert message["Message-ID"] == mail.message_id
    text = message.get_body(("plain",)).get_content()
    html = message.get_body(("html",)).get_content()
    for needed in (instance.url, instance.admin_email, instance.admin_password(), "Premiers pas"):
        assert needed in text
        assert needed in html
    assert "désactivée" not in text + html, "nobody has had a second factor yet"
    assert "L’Étoile & Fils" in text
    assert "L’Étoile &amp; Fils" in html


def test_the_welcome_mail_speaks_english_to_those_who_do(ready):
    _instance, mail = ready(language="en")
    outbox.deliver(mail.pk)
    assert _letters()[0]["Subject"] == "Your EAZYNOVA Instance is Ready!"


@pytest.mark.parametrize("kind", sorted(set(Mail.Kind.values) - set(notices.NOTICES) - set(sign_in_notices.NOTICES)))
def test_every_kind_of_mail_that_is_no_notice_has_its_subject_and_both_its_texts(kind):
    for part in ("subject.txt", "txt", "html"):
        get_template(f"email/{kind}.{part}")


def test_a_mail_is_written_once_and_sent_once_however_often_it_is_asked_for(ready):
    instance, mail = ready()
    assert outbox.write_welcome(instance, Operation.objects.get()) == mail
    assert outbox.deliver(mail.pk)
    assert not outbox.deliver(mail.pk)
    assert outbox.deliver_due() == 0
    assert len(_letters()) == 1


def test_a_sweep_rings_for_a_mail_once_and_again_only_when_nobody_has_heard(ready, brevo):
    _instance, mail = ready()
    assert outbox.sweep() == 0, "its writing has rung for it"
    with time_machine.travel(timezone.now() + LOST_AFTER + timedelta(seconds=1), tick=False):
        assert (outbox.sweep(), outbox.sweep()) == (1, 0)
        brevo.add(responses.POST, BREVO, status=503)
        assert not outbox.deliver(mail.pk)
        mail.refresh_from_db()
    with time_machine.travel(mail.run_after + timedelta(seconds=1), tick=False):
        assert (outbox.sweep(), outbox.sweep()) == (1, 0), "it has become due anew"


class KilledBackend(EmailBackend):
    def send_messages(self, messages):
        raise SystemExit


def test_a_mail_whose_sender_was_killed_goes_out_later_under_the_same_message_id(ready, settings):
    _instance, mail = ready()
    kept, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, f"{__name__}.KilledBackend"
    with pytest.raises(SystemExit):
        outbox.deliver(mail.pk)
    settings.EMAIL_BACKEND = kept
    assert not outbox.deliver(mail.pk), "somebody else may be sending it"
    with time_machine.travel(timezone.now() + timedelta(minutes=10), tick=False):
        assert outbox.deliver_due() == 1
    assert _letters()[0]["Message-ID"] == mail.message_id


def test_a_provider_of_anymail_gets_the_mail_over_its_http_api(ready, brevo):
    brevo.post(BREVO, json={"messageId": "<brevo-1@smtp>"}, status=201)
    instance, mail = ready()
    assert outbox.deliver(mail.pk)
    sent = brevo.calls[0].request
    assert sent.headers["api-key"] == "a-key-of-the-provider"
    assert instance.admin_password() in sent.body
    mail.refresh_from_db()
    assert (mail.state, mail.provider_id) == (Mail.State.SENT, "<brevo-1@smtp>")


def test_a_partners_customer_reads_the_partners_name_as_sender_and_answers_to_the_partner(ready, settings):
    settings.DEFAULT_FROM_EMAIL = "EAZYNOVA <bonjour@eazynova.example>"
    partner = factories.make_partner("Alice, Conseil & Cie", reply_to="aide@alice.example")
    letters = [ready(), ready(client_name="bakery", partner=partner)]
    assert all(outbox.deliver(mail.pk) for _instance, mail in letters)
    sent = {letter["To"]: letter for letter in _letters()}
    ours, theirs = (sent[instance.admin_email] for instance, _mail in letters)
    assert ours["From"] == "EAZYNOVA <bonjour@eazynova.example>"
    assert theirs["From"].addresses[0].display_name == "Alice, Conseil & Cie"
    assert theirs["From"].addresses[0].addr_spec == "bonjour@eazynova.example"
    assert theirs["Reply-To"] == "aide@alice.example"
    assert "aide@alice.example" in theirs.get_body(("plain",)).get_content()


class SlowBackend(EmailBackend):
    """A mail server that keeps its clients waiting for a minute, while the sweep goes on."""

    clock = None

    def send_messages(self, messages):
        self.clock.shift(60)
        outbox.deliver_due()
        return super().send_messages(messages)


def test_a_mail_server_that_takes_a_minute_gets_the_mail_once(ready, settings, mailoutbox):
    settings.EMAIL_BACKEND = f"{__name__}.SlowBackend"
    _instance, mail = ready()
    with time_machine.travel(timezone.now(), tick=False) as SlowBackend.clock:
        assert outbox.deliver(mail.pk)
    assert [letter.extra_headers["Message-ID"] for letter in mailoutbox] == [mail.message_id]
