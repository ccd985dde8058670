"""What the mail provider reports, from its HTTP call to the console and to the partner's site."""

import json
from base64 import b64encode

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse
from standardwebhooks import Webhook

from provisioning.models import Operation
from tenants.mails import outbox
from tenants.models import Mail, WebhookEvent
from tenants.services import webhooks as services
from tenants.webhooks import deliveries
from tests import factories
from tests.provisioning.hooks.partner_site import PartnerSite

pytestmark = pytest.mark.django_db
ADDRESS = "/webhooks/mail/brevo/tracking/"


@pytest.fixture
def partner_site():
    with PartnerSite() as running:
        yield running


@pytest.fixture
def letter():
    """A failure mail that the provider has taken, to a customer of a partner."""
    partner = factories.make_partner()
    instance = factories.order_instance(partner=partner)
    mail = outbox.write_failure(instance, Operation.objects.get(instance=instance))
    Mail.objects.filter(pk=mail.pk).update(state=Mail.State.SENT, provider_id="<77@brevo>")
    return mail


def report(client, event, credentials=None, **more):
    header = b64encode((credentials or settings.ANYMAIL["WEBHOOK_SECRET"]).encode()).decode()
    body = {"event": event, "email": "x@acme.example", "id": 1, "message-id": "<77@brevo>", "ts_event": 1} | more
    return client.post(ADDRESS, body, content_type="application/json", headers={"Authorization": f"Basic {header}"})


@pytest.mark.parametrize(
    ("kind", "event", "state", "news"),
    [
        ("welcome", "hard_bounce", "bounced", "welcome.bounced"),
        ("failure", "hard_bounce", "bounced", "mail.bounced"),
        ("welcome", "spam", "complained", "mail.complained"),
    ],
)
def test_a_bounce_or_a_complaint_marks_the_mail_and_reaches_the_partner_once(
    client, letter, partner_site, kind, event, state, news
):
    Mail.objects.filter(pk=letter.pk).update(kind=kind)
    _endpoint, secret = services.create_endpoint(letter.instance.tenant.partner, url=partner_site.url)
    for _twice in range(2):
        assert report(client, event, reason="no such mailbox").status_code == 200
    letter.refresh_from_db()
    assert letter.state == state
    deliveries.deliver_due(limit=10)
    [(_path, headers, body)] = partner_site.received
    told = Webhook(secret).verify(body, headers)
    assert (told["type"], told["data"]["instanceId"]) == (news, letter.instance.public_id)


def test_staff_see_the_bounce_and_its_words_in_the_list_of_mails(client, letter):
    report(client, "hard_bounce", reason="550 no such mailbox")
    client.force_login(User.objects.create_superuser("olga"))
    page = client.get(reverse("admin:tenants_mail_changelist"), {"state__exact": "bounced"}).content.decode()
    assert letter.recipient in page
    assert "550 no such mailbox" in page


@pytest.mark.parametrize("event", ["hard_bounce", "spam"])
def test_staff_see_that_the_partner_was_told(client, letter, partner_site, event):
    services.create_endpoint(letter.instance.tenant.partner, url=partner_site.url)
    client.force_login(User.objects.create_superuser("olga"))
    page = reverse("admin:tenants_mail_change", args=[letter.pk])
    assert partner_site.url not in client.get(page).content.decode()
    report(client, event)
    assert partner_site.url in client.get(page).content.decode()


def test_who_does_not_know_the_secret_changes_nothing_and_tells_nobody(client, letter, partner_site):
    services.create_endpoint(letter.instance.tenant.partner, url=partner_site.url)
    assert report(client, "hard_bounce", credentials="someone:else").status_code == 400
    letter.refresh_from_db()
    assert letter.state == Mail.State.SENT
    assert not WebhookEvent.objects.exists()


ELSEWHERE = {"message-id": "<elsewhere@brevo>", "email": "somebody@else.example"}


def custom(metadata):
    """Where Brevo hands back what it was given with the mail."""
    return {"X-Mailin-custom": json.dumps(metadata)}


@pytest.mark.parametrize("guess", [lambda mail: mail.pk, lambda mail: str(mail.pk), lambda mail: mail.reference])
def test_a_report_about_somebody_elses_mail_changes_nothing_whatever_it_quotes(client, letter, guess):
    report(client, "hard_bounce", **ELSEWHERE, **custom({"mail": guess(letter)}))
    letter.refresh_from_db()
    assert (letter.state, letter.error) == (Mail.State.SENT, "")


def test_a_number_and_the_right_recipient_are_not_enough(client, letter):
    report(client, "hard_bounce", **ELSEWHERE | {"email": letter.recipient}, **custom({"mail": str(letter.pk)}))
    letter.refresh_from_db()
    assert letter.state == Mail.State.SENT


def test_a_mail_that_went_out_twice_is_known_by_its_reference_and_recipient(client, letter):
    Mail.objects.filter(pk=letter.pk).update(recipient="boss@straße.de")
    ours = {"message-id": "<first-try@brevo>", "email": "Boss@xn--strae-oqa.de"}
    report(client, "hard_bounce", **ours, **custom({"mail": letter.reference}))
    letter.refresh_from_db()
    assert letter.state == Mail.State.BOUNCED


def test_another_site_with_a_copy_of_our_rows_signs_other_references(letter, settings):
    ours = letter.reference
    settings.SECRET_KEY = "of the staging system" * 3
    assert not Mail.objects.referred_to(ours).exists()


@pytest.mark.parametrize("metadata", [[], "5", {"mail": ["5"]}, {"mail": "5" * 5000}, {"mail": None}])
def test_metadata_of_any_shape_names_no_mail_and_is_no_error(client, letter, metadata):
    assert report(client, "hard_bounce", **ELSEWHERE, **custom(metadata)).status_code == 200
    letter.refresh_from_db()
    assert letter.state == Mail.State.SENT


def test_the_provider_is_given_the_reference_and_no_number(letter, mailoutbox, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    Mail.objects.filter(pk=letter.pk).update(state=Mail.State.QUEUED)
    assert outbox.deliver(letter.pk)
    assert mailoutbox[0].metadata == {"mail": letter.reference}
