"""A mail that does not go out at once: what is tried again, what fails for good, and who is told."""

import json
from datetime import timedelta
from smtplib import (
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

import pytest
import time_machine
from anymail.exceptions import AnymailConfigurationError, AnymailUnsupportedFeature
from django.core.mail import BadHeaderError
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection, transaction
from django.utils import timezone

from tenants.alerts import conditions
from tenants.mails import outbox
from tenants.models import Instance, Mail
from tenants.signals import mail_due
from tests import factories
from tests.tenants.mails.conftest import BREVO

pytestmark = pytest.mark.django_db(transaction=True)


class BrokenBackend(EmailBackend):
    def send_messages(self, messages):
        raise ZeroDivisionError("secret in the text")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_provider_in_trouble_is_asked_again_later(ready, brevo, status):
    brevo.post(BREVO, json={"code": "trouble"}, status=status)
    brevo.post(BREVO, json={"messageId": "<brevo-2@smtp>"}, status=201)
    _instance, mail = ready()
    assert not outbox.deliver(mail.pk)
    mail.refresh_from_db()
    assert mail.state == Mail.State.QUEUED
    assert str(status) in mail.error
    with time_machine.travel(timezone.now() + timedelta(minutes=10), tick=False):
        assert outbox.deliver(mail.pk)
    ids = {json.loads(call.request.body)["headers"]["Message-ID"] for call in brevo.calls}
    assert len(ids) == 1


def test_a_refusal_is_final_and_keeps_no_word_of_the_mail(ready, brevo):
    brevo.post(BREVO, json={"code": "invalid_parameter", "message": "bad sender"}, status=400)
    instance, mail = ready()
    assert not outbox.deliver(mail.pk)
    mail.refresh_from_db()
    assert mail.state == Mail.State.FAILED
    assert instance.admin_password() not in mail.error


def test_what_nobody_expected_is_tried_a_few_times_and_then_told(ready, settings):
    settings.EMAIL_BACKEND = f"{__name__}.BrokenBackend"
    _instance, mail = ready()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(outbox.MAX_ATTEMPTS):
            assert not outbox.deliver(mail.pk)
            clock.shift(outbox.LONGEST_PAUSE)
    mail.refresh_from_db()
    assert (mail.state, mail.error) == (Mail.State.FAILED, "ZeroDivisionError")


def _sent(ready, **values):
    _instance, mail = ready(**values)
    outbox.deliver(mail.pk)
    mail.refresh_from_db()
    return mail


def test_a_mail_whose_address_nobody_can_mail_fails_at_once_and_raises_an_alert(ready):
    """An address from before the rule of today."""
    instance, mail = ready()
    Mail.objects.filter(pk=mail.pk).update(recipient="boss@exemple\u202c.fr")
    Instance.objects.filter(pk=instance.pk).update(admin_email="boss@exemple\u202c.fr")
    assert not outbox.deliver(mail.pk)
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == (Mail.State.FAILED, 1)
    assert mail.error
    assert any((found.kind, found.topic) == ("mail", "failed") for found in conditions.present())


def test_a_partners_name_that_no_header_holds_fails_its_mails_at_once(ready):
    partner = factories.make_partner("Alice\nConseil")
    mail = _sent(ready, partner=partner)
    assert (mail.state, mail.attempts) == (Mail.State.FAILED, 1)


class AnsweringBackend(EmailBackend):
    error = None

    def send_messages(self, messages):
        raise self.error


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (SMTPRecipientsRefused({"a@b.example": (550, b"no such user")}), Mail.State.FAILED),
        (SMTPRecipientsRefused({"a@b.example": (451, b"later")}), Mail.State.QUEUED),
        (SMTPSenderRefused(553, b"not you", "a@b.example"), Mail.State.FAILED),
        (SMTPDataError(554, b"spam"), Mail.State.FAILED),
        (SMTPDataError(452, b"full"), Mail.State.QUEUED),
        (SMTPServerDisconnected("gone"), Mail.State.QUEUED),
        (SMTPAuthenticationError(535, b"wrong password"), Mail.State.QUEUED),
        (SMTPNotSupportedError("SMTPUTF8"), Mail.State.FAILED),
        (AnymailUnsupportedFeature("metadata"), Mail.State.FAILED),
        (AnymailConfigurationError("no key"), Mail.State.QUEUED),
        (BadHeaderError("newline"), Mail.State.FAILED),
        (TimeoutError(), Mail.State.QUEUED),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, Exception) else str(each),
)
def test_a_refusal_for_good_is_final_and_a_trouble_of_the_moment_is_not(ready, settings, monkeypatch, error, state):
    settings.EMAIL_BACKEND = f"{__name__}.AnsweringBackend"
    monkeypatch.setattr(AnsweringBackend, "error", error)
    mail = _sent(ready)
    assert (mail.state, mail.attempts) == (state, 1)
    assert mail.error


def test_a_mail_that_a_provider_cannot_take_is_tried_ten_times_over_hours_before_it_is_given_up(ready, brevo):
    brevo.assert_all_requests_are_fired = False
    brevo.post(BREVO, json={}, status=503)
    _instance, mail = ready()
    began = timezone.now()
    with time_machine.travel(began, tick=False) as clock:
        while Mail.objects.get(pk=mail.pk).state == Mail.State.QUEUED:
            outbox.deliver_due()
            clock.shift(timedelta(minutes=1))
        waited = timezone.now() - began
    assert len(brevo.calls) == 10
    assert timedelta(hours=2) < waited < timedelta(hours=24)


class OvertakenBackend(EmailBackend):
    """It keeps its first client waiting while something else happens."""

    meanwhile = None

    def send_messages(self, messages):
        if (meanwhile := type(self).meanwhile) is None:
            return super().send_messages(messages)
        type(self).meanwhile = None
        meanwhile()
        return 1


def test_a_late_failure_leaves_what_another_worker_has_sent(ready, settings, monkeypatch, mailoutbox):
    settings.EMAIL_BACKEND = f"{__name__}.OvertakenBackend"
    _instance, mail = ready()
    with time_machine.travel(timezone.now(), tick=False) as clock:

        def another_worker_sends_it():
            clock.shift(600)
            assert outbox.deliver_due() == 1
            raise TimeoutError

        monkeypatch.setattr(OvertakenBackend, "meanwhile", another_worker_sends_it)
        assert not outbox.deliver(mail.pk)
    mail.refresh_from_db()
    assert (mail.state, mail.error, len(mailoutbox)) == (Mail.State.SENT, "", 1)


def test_a_report_that_is_faster_than_the_sender_stands(ready, settings, monkeypatch):
    settings.EMAIL_BACKEND = f"{__name__}.OvertakenBackend"
    _instance, mail = ready()

    def it_bounces():
        Mail.objects.filter(pk=mail.pk).update(state=Mail.State.BOUNCED, error="550 no such mailbox")

    monkeypatch.setattr(OvertakenBackend, "meanwhile", it_bounces)
    assert outbox.deliver(mail.pk)
    mail.refresh_from_db()
    assert (mail.state, mail.error) == (Mail.State.BOUNCED, "550 no such mailbox")


def test_a_mail_is_rung_for_once_it_is_committed_and_not_before(ready):
    heard = []

    def hear(mail_id, **news):
        heard.append((mail_id, connection.in_atomic_block))

    mail_due.connect(hear)
    try:
        instance, mail = ready()
        assert heard == [(mail.pk, False)]
        with transaction.atomic():
            outbox.write_welcome_again(instance)
            transaction.set_rollback(True)
        assert len(heard) == 1, "what was rolled back is rung for by nobody"
    finally:
        mail_due.disconnect(hear)
