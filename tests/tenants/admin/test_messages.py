"""E-mails, deliveries and signups as staff read them."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils import timezone

from provisioning.models import Operation
from tenants.mails import outbox
from tenants.models import AuditEntry, Mail, Signup, WebhookAttempt, WebhookDelivery
from tenants.models.webhook import WebhookEvents
from tenants.services import partners, webhooks
from tenants.webhooks import deliveries as news

pytestmark = pytest.mark.django_db


@pytest.fixture
def delivery(make_partner):
    endpoint, _secret = webhooks.create_endpoint(make_partner(), url="https://93.184.215.14/hook")
    webhooks.send_test(endpoint)
    made = WebhookDelivery.objects.get()
    WebhookDelivery.objects.update(state=WebhookDelivery.State.FAILED, tries=8)
    WebhookAttempt.objects.create(delivery=made, status=503, answer="closed for lunch")
    return made


def again(client, delivery):
    form = {"action": "deliver_again", "_selected_action": delivery.pk}
    return client.post(reverse("admin:tenants_webhookdelivery_changelist"), form, follow=True)


def test_a_delivery_shows_what_came_back_and_is_put_on_its_way_again(sign_in, delivery):
    client = sign_in("Operations")
    page = client.get(reverse("admin:tenants_webhookdelivery_change", args=[delivery.pk])).content.decode()
    assert "closed for lunch" in page
    again(client, delivery)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries) == (WebhookDelivery.State.QUEUED, 0)
    assert AuditEntry.objects.get(act="webhookdelivery:replayed").subject == delivery.public_id


def test_a_disabled_endpoint_gets_nothing_and_the_page_says_so(sign_in, delivery):
    webhooks.change_endpoint(delivery.endpoint, enabled=False)
    page = again(sign_in("Operations"), delivery)
    assert delivery.endpoint.url in page.content.decode()
    delivery.refresh_from_db()
    assert delivery.state == WebhookDelivery.State.FAILED


def test_support_reads_deliveries_and_does_not_repeat_them(sign_in, delivery):
    again(sign_in("Support"), delivery)
    delivery.refresh_from_db()
    assert delivery.state == WebhookDelivery.State.FAILED


def test_a_mail_that_came_back_says_why_and_whether_the_partner_was_told(sign_in, make_instance, make_partner):
    partner = make_partner()
    webhooks.create_endpoint(partner, url="https://93.184.215.14/hook")
    instance = make_instance(partner=partner)
    mail = Mail.objects.create(
        instance=instance, kind="welcome", purpose="w", recipient="a@a.example", message_id="m",
        state=Mail.State.BOUNCED, error="550 no such mailbox",
    )  # fmt: skip
    address = reverse("admin:tenants_mail_change", args=[mail.pk])
    client = sign_in("Support")
    before = client.get(address).content.decode()
    assert "550 no such mailbox" in before
    assert "93.184.215.14" not in before
    news.announce(instance, WebhookEvents.BOUNCED)
    assert "93.184.215.14" in client.get(address).content.decode()


def test_signups_say_where_they_stand_and_why(sign_in, order_instance):
    instance = order_instance()
    Operation.objects.filter(instance=instance).update(reason="deadline_passed")
    common = {"partner": partners.house(), "plan": instance.plan, "email": "a@a.example"}
    Signup.objects.create(ticket="1", company="Ordered", instance=instance, **common)
    Signup.objects.create(ticket="2", company="Late", expires_at=timezone.now() - timedelta(days=1), **common)
    Signup.objects.create(ticket="3", company="Waiting", expires_at=timezone.now() + timedelta(days=1), **common)
    client = sign_in("Support")
    page = client.get(reverse("admin:tenants_signup_changelist")).content.decode()
    for words in ("deadline_passed", "jamais confirmée", "à confirmer"):
        assert words in page
    assert client.post(reverse("admin:tenants_signup_add"), {"company": "x"}).status_code == 403


def test_a_signing_secret_goes_through_no_message_session_or_cookie(sign_in, make_partner):
    client = sign_in("Operations")
    form = {"partner": make_partner().pk, "url": "https://93.184.215.14/hook"}
    page = client.post(reverse("admin:tenants_webhookendpoint_add"), form)
    assert "whsec_" in page.content.decode()
    assert "whsec_" not in str(dict(client.session)) + str(client.cookies) + str(list(AuditEntry.objects.values()))
    assert "whsec_" not in client.get(reverse("admin:index")).content.decode()


def test_what_was_given_up_is_sent_again_as_the_same_mail(sign_in, make_instance, mailoutbox):
    instance = make_instance(state="ready")
    told = {"instance": instance, "kind": "failure", "recipient": instance.admin_email}
    given_up = Mail.objects.create(**told, purpose="p", state="failed", attempts=10, message_id="<one@example>")
    sent = Mail.objects.create(**told, purpose="q", state="sent", message_id="<two@example>")
    form = {"action": "send_again", "_selected_action": [given_up.pk, sent.pk]}
    sign_in("Support").post(reverse("admin:tenants_mail_changelist"), form)
    assert outbox.deliver_due() == 1
    assert [letter.extra_headers["Message-ID"] for letter in mailoutbox] == ["<one@example>"]
    assert AuditEntry.objects.get(act="mail:replayed").actor == "staff-Support"


def test_whoever_may_not_resend_sends_nothing_again(sign_in, make_instance):
    Mail.objects.create(instance=make_instance(), kind="failure", purpose="p", state="failed")
    client, user = sign_in(), User.objects.get()
    user.user_permissions.add(Permission.objects.get(codename="view_mail"))
    form = {"action": "send_again", "_selected_action": [Mail.objects.get().pk]}
    client.post(reverse("admin:tenants_mail_changelist"), form)
    assert Mail.objects.get().state == "failed"
