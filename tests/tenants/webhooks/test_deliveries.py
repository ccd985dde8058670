import json
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import transaction
from django.utils import timezone
from standardwebhooks import Webhook

from provisioning.doorbell import LOST_AFTER
from provisioning.models import Operation
from provisioning.signals import operation_changed
from tenants.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent
from tenants.models.webhook import WebhookEvents
from tenants.services import making
from tenants.services import webhooks as services
from tenants.webhooks import deliveries, notices
from tests import factories
from tests.provisioning.hooks.partner_site import PartnerSite

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    with PartnerSite() as running:
        yield running


@pytest.fixture
def partner(db):
    return factories.make_partner(contact_email="dev@alice.example")


@pytest.fixture
def listening(partner, site):
    """An endpoint of the partner at its running site, with the secret that it was shown."""
    return services.create_endpoint(partner, url=site.url)


def deliver_all():
    return deliveries.deliver_due(limit=100)


def test_a_message_proves_who_sent_it_and_carries_no_secret(partner, listening, site, make_instance):
    _endpoint, secret = listening
    instance = make_instance(partner=partner, state="ready")
    deliveries.announce(instance, WebhookEvents.READY)
    assert deliver_all() == 1
    [(_path, headers, body)] = site.received
    event = Webhook(secret).verify(body, headers)
    assert event["type"] == "instance.ready"
    assert event["data"] == {
        "instanceId": instance.public_id,
        "clientName": "acme-corp",
        "status": "ready",
        "instanceUrl": instance.url,
    }
    assert headers["webhook-id"] == WebhookEvent.objects.get().public_id
    assert instance.status_token.encode() not in body


@pytest.mark.parametrize(
    ("kind", "before", "event"),
    [
        ("create", "provisioning", "instance.ready"),
        ("suspend", "ready", "instance.suspended"),
        ("resume", "suspended", "instance.resumed"),
        ("decommission", "decommissioning", "instance.decommissioned"),
    ],
)
def test_every_change_that_a_partner_wants_to_hear_is_written_with_it(
    partner, listening, make_instance, kind, before, event
):
    instance = make_instance(partner=partner, state=before)
    _tell(instance, kind, "succeeded")
    assert [row.type for row in WebhookEvent.objects.all()] == [event]


def test_a_failed_creation_is_told(partner, listening, make_instance):
    _tell(make_instance(partner=partner), "create", "failed")
    assert [row.type for row in WebhookEvent.objects.all()] == ["instance.failed"]


def _tell(instance, kind, state):
    spec = making.spec_of(instance).to_json()
    now = timezone.now()
    operation = Operation.objects.create(
        instance=instance, kind=kind, state=state, spec=spec, deadline_at=now, ended_at=now,
        facts={"url": "https://acme.example", "project_id": "p"},
    )  # fmt: skip
    with transaction.atomic():
        operation_changed.send(Operation, operation=operation)


def test_a_change_that_is_undone_is_told_to_nobody(partner, listening, make_instance):
    instance = make_instance(partner=partner)
    with transaction.atomic():
        deliveries.announce(instance, WebhookEvents.READY)
        transaction.set_rollback(True)
    assert not WebhookEvent.objects.exists()


def test_an_endpoint_hears_only_what_it_asked_for_and_only_its_own(partner, site, make_instance):
    services.create_endpoint(partner, url=site.url, events=["instance.failed"])
    services.create_endpoint(factories.make_partner("Bob"), url=site.url)
    assert deliveries.announce(make_instance(partner=partner), WebhookEvents.READY) is None


def test_a_refused_message_is_tried_over_days_with_one_id_and_then_given_up(partner, listening, site):
    site.status = 500
    services.send_test(listening[0])
    started = timezone.now()
    with time_machine.travel(started) as clock:
        while (delivery := WebhookDelivery.objects.get()).state == "queued":
            assert deliver_all() == 0
            delivery.refresh_from_db()
            clock.move_to(max(delivery.run_after, timezone.now()) + timedelta(seconds=1))
        lasted = timezone.now() - started
    assert len(site.received) == 1 + len(deliveries.PAUSES)
    assert len({headers["webhook-id"] for _path, headers, _body in site.received}) == 1
    assert len({body for _path, _headers, body in site.received}) == 1
    assert timedelta(days=2) < lasted < timedelta(days=5)
    assert [attempt.status for attempt in WebhookAttempt.objects.all()] == [500] * len(site.received)


def test_nothing_is_sent_before_its_time_nor_twice(listening, site):
    services.send_test(listening[0])
    delivery = WebhookDelivery.objects.get()
    assert deliveries.deliver(delivery.pk)
    assert not deliveries.deliver(delivery.pk)
    site.status = 500
    services.send_test(listening[0])
    latest = WebhookDelivery.objects.first()
    deliveries.deliver(latest.pk)
    deliveries.deliver(latest.pk)
    assert len(site.received) == 2


def test_a_slow_endpoint_does_not_fill_the_queue_with_repetitions(listening, site):
    services.send_test(listening[0])
    assert deliveries.sweep() == 0, "its writing has rung for it"
    with time_machine.travel(timezone.now() + LOST_AFTER + timedelta(seconds=1), tick=False):
        assert (deliveries.sweep(), deliveries.sweep()) == (1, 0)
        site.status = 500
        deliveries.deliver(WebhookDelivery.objects.get().pk)
    with time_machine.travel(WebhookDelivery.objects.get().run_after + timedelta(seconds=1), tick=False):
        assert (deliveries.sweep(), deliveries.sweep()) == (1, 0), "it has become due anew"


def test_retry_after_is_honoured(listening, site):
    site.status, site.headers = 429, {"Retry-After": "3000"}
    services.send_test(listening[0])
    deliver_all()
    wait = WebhookDelivery.objects.get().run_after - timezone.now()
    assert timedelta(seconds=2990) < wait <= timedelta(seconds=3000)


def test_gone_disables_at_once_and_the_partner_is_told(listening, site):
    site.status = 410
    services.send_test(listening[0])
    deliver_all()
    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.state, endpoint.disabled_reason) == ("disabled", "gone")
    assert notices.send_due() == 1
    assert notices.send_due() == 0
    assert [message.to for message in mail.outbox] == [["dev@alice.example"]]
    assert endpoint.url in mail.outbox[0].body


def test_an_endpoint_that_fails_for_five_days_is_disabled(listening, site):
    site.status = 500
    WebhookEndpoint.objects.update(failures=30, failing_since=timezone.now() - timedelta(days=6))
    services.send_test(listening[0])
    deliver_all()
    assert WebhookEndpoint.objects.get().disabled_reason == "failing"


def test_one_success_forgets_the_failures(listening, site):
    WebhookEndpoint.objects.update(failures=30, failing_since=timezone.now() - timedelta(days=6))
    services.send_test(listening[0])
    deliver_all()
    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.failures, endpoint.failing_since, endpoint.state) == (0, None, "active")


def test_what_a_disabled_endpoint_missed_is_delivered_once_it_is_enabled(listening, site):
    endpoint, _secret = listening
    services.send_test(endpoint)
    services.change_endpoint(endpoint, enabled=False)
    assert deliver_all() == 0
    services.change_endpoint(endpoint, enabled=True)
    assert deliver_all() == 1


def test_a_replay_comes_with_the_same_id(listening, site):
    endpoint, _secret = listening
    event = services.send_test(endpoint)
    services.send_test(endpoint)
    assert deliver_all() == 2
    assert services.replay(endpoint, event_id=event.public_id) == 1
    assert deliver_all() == 1
    assert site.received[-1][1]["webhook-id"] == event.public_id
    assert services.replay(endpoint, since=timezone.now() - timedelta(hours=1)) == 2
    assert services.replay(endpoint, since=timezone.now() - timedelta(hours=1), only_failed=True) == 0


def test_after_a_rotation_both_secrets_sign_for_a_day(listening, site):
    endpoint, old = listening
    new = services.rotate_secret(endpoint)
    services.send_test(endpoint)
    deliver_all()
    _path, headers, body = site.received[-1]
    for secret in (old, new):
        assert Webhook(secret).verify(body, headers)
    WebhookEndpoint.objects.update(rotated_at=timezone.now() - timedelta(hours=25))
    assert WebhookEndpoint.objects.get().signing_secrets() == [new]


def test_a_secret_is_stored_sealed(listening):
    _endpoint, secret = listening
    assert secret not in json.dumps(WebhookEndpoint.objects.values("sealed").get())


def test_an_address_that_has_become_private_is_never_called(listening, site, settings):
    settings.WEBHOOK_ALLOW_LOOPBACK = False
    WebhookEndpoint.objects.update(url="https://127.0.0.1/")
    services.send_test(listening[0])
    assert deliver_all() == 0
    assert site.received == []
    assert WebhookAttempt.objects.get().error == "The address must be a public one."


def test_old_events_are_forgotten(listening, site):
    services.send_test(listening[0])
    assert deliveries.purge() == 0
    WebhookEvent.objects.update(created_at=timezone.now() - timedelta(days=31))
    deliveries.purge()
    assert not WebhookDelivery.objects.exists()
