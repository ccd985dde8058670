"""Webhooks that cannot be sent, partners who answer slowly, and endpoints that go while a message is on its way."""

import threading
import time
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.utils import timezone

from tenants.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent
from tenants.models.webhook import WebhookEvents
from tenants.services import webhooks as services
from tenants.signals import webhook_due
from tenants.webhooks import deliveries, notices
from tests import factories
from tests.provisioning.hooks.partner_site import PartnerSite

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    with PartnerSite() as running:
        yield running


@pytest.fixture
def postgres(request):
    request.getfixturevalue("services")


@pytest.fixture
def partner(db):
    return factories.make_partner(contact_email="dev@alice.example")


@pytest.fixture
def listening(partner, site):
    endpoint, _secret = services.create_endpoint(partner, url=site.url)
    return endpoint


def until_given_up():
    """Let days pass, trying whenever something is due; returns what became of the deliveries."""
    with time_machine.travel(timezone.now()) as clock:
        while waiting := WebhookDelivery.objects.filter(state="queued").order_by("run_after").first():
            clock.move_to(max(waiting.run_after, timezone.now()) + timedelta(seconds=1))
            deliveries.deliver_due(limit=10)
    return list(WebhookDelivery.objects.values_list("state", flat=True))


@pytest.mark.parametrize(
    "poison", ["https://0177.0.0.1/", "https://xn--a/", "https://[::1/", "https://partner.example:443:443/", "nonsense"]
)
def test_an_address_that_was_let_in_long_ago_and_cannot_be_sent_to_is_given_up_with_its_attempts(listening, poison):
    services.send_test(listening)
    WebhookEndpoint.objects.update(url=poison)
    assert until_given_up() == ["failed"]
    assert WebhookAttempt.objects.count() == 1 + len(deliveries.PAUSES)
    assert all(WebhookAttempt.objects.values_list("error", flat=True))


def test_a_secret_in_a_form_that_nobody_foresaw_is_an_attempt_with_a_limit(listening):
    services.send_test(listening)
    WebhookEndpoint.objects.update(sealed=services.seal({"current": "not base64 §"}))
    assert until_given_up() == ["failed"]
    assert "could not be sent" in WebhookAttempt.objects.first().error


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("vanish", ["endpoint", "event"])
def test_what_is_deleted_while_its_message_is_on_its_way_leaves_nothing_and_breaks_nothing(listening, site, vanish):
    services.send_test(listening)

    def gone():
        if vanish == "endpoint":
            services.delete_endpoint(listening)
        else:
            WebhookEvent.objects.all().delete()
        connection.close()

    site.meanwhile = gone
    assert deliveries.deliver_due() == 0
    assert len(site.received) == 1
    assert not WebhookAttempt.objects.exists()


def test_an_endpoint_that_refuses_a_weeks_news_is_disabled_and_its_partner_told_once(listening, site, make_instance):
    site.status = 500
    instance = make_instance(partner=listening.partner, state="ready")
    with time_machine.travel(timezone.now()) as clock:
        for hour in range(7 * 24):
            if hour % 24 == 0:
                deliveries.announce(instance, WebhookEvents.SUSPENDED)
            clock.shift(timedelta(hours=1))
            deliveries.deliver_due(limit=100)
            notices.send_due()
        endpoint = WebhookEndpoint.objects.get()
        assert (endpoint.state, endpoint.disabled_reason) == ("disabled", "failing")
        assert [message.to for message in mail.outbox] == [["dev@alice.example"]]
        attempts = WebhookAttempt.objects.count()
        clock.shift(timedelta(days=3))
        deliveries.deliver_due(limit=100)
        assert WebhookAttempt.objects.count() == attempts


def test_staff_who_have_the_notice_are_not_mailed_again_because_a_colleague_cannot_be_reached(
    listening, site, settings
):
    settings.STAFF_ALERT_EMAILS = ["broken\naddress@staff.example", "ops@staff.example"]
    type(listening.partner).objects.update(contact_email="")
    site.status = 410
    services.send_test(listening)
    deliveries.deliver_due()
    with time_machine.travel(timezone.now()) as clock:
        for _times in range(5):
            notices.send_due()
            clock.shift(timedelta(minutes=11))
    assert [message.to for message in mail.outbox] == [["ops@staff.example"]]


def test_without_a_broker_one_partners_sixty_messages_keep_nobody_else_waiting(listening, site):
    for _number in range(60):
        services.send_test(listening)
    with PartnerSite() as elsewhere:
        other, _secret = services.create_endpoint(factories.make_partner("Bob"), url=elsewhere.url)
        services.send_test(other)
        for _turn in range(2):
            deliveries.deliver_due()
        assert len(elsewhere.received) == 1


def test_the_sweep_rings_for_no_more_of_an_endpoint_than_may_be_under_way(listening, settings):
    other, _secret = services.create_endpoint(factories.make_partner("Bob"), url=listening.url)
    for _number in range(60):
        services.send_test(listening)
    services.send_test(other)
    rung = []
    webhook_due.connect(lambda delivery_id, **news: rung.append(delivery_id), weak=False, dispatch_uid="told here")
    with time_machine.travel(timezone.now() + timedelta(minutes=1), tick=False):
        assert deliveries.sweep() == settings.WEBHOOKS_AT_ONCE_PER_ENDPOINT + 1
    webhook_due.disconnect(dispatch_uid="told here")
    assert WebhookDelivery.objects.get(endpoint=other).pk in rung


@pytest.mark.django_db(transaction=True)
def test_a_slow_endpoint_is_sent_a_few_at_once_and_the_rest_follow_when_those_have_ended(postgres, site, settings):
    """Eight threads, as the worker has them; each message is rung for once."""
    settings.WEBHOOKS_AT_ONCE_PER_ENDPOINT = 2
    deliver_in_threads(site, tests=8)
    assert site.most_at_once == 2
    assert len(site.received) == 8


class Worker:
    """Stands in for the broker and eight threads that deliver what is rung for."""

    def __init__(self, queue):
        self.queue, self.lock, self.ended = queue, threading.Lock(), threading.Event()

    def hear(self, delivery_id, **news):
        with self.lock:
            self.queue.append(delivery_id)

    def work(self):
        while not self.ended.is_set():
            with self.lock:
                pk = self.queue.pop(0) if self.queue else None
            if pk is not None:
                deliveries.deliver(pk)
            self.ended.wait(0.01)
        connection.close()


def deliver_in_threads(site, tests):
    endpoint, _secret = services.create_endpoint(factories.make_partner(), url=site.url)
    site.answer_seconds = 0.1
    for _number in range(tests):
        services.send_test(endpoint)
    worker = Worker(list(WebhookDelivery.objects.values_list("pk", flat=True)))
    webhook_due.connect(worker.hear, dispatch_uid="queue of the test")
    threads = [threading.Thread(target=worker.work) for _number in range(8)]
    for thread in threads:
        thread.start()
    give_up = time.monotonic() + 20
    while WebhookDelivery.objects.exclude(state="delivered").exists() and time.monotonic() < give_up:
        time.sleep(0.02)
    worker.ended.set()
    for thread in threads:
        thread.join()
    webhook_due.disconnect(dispatch_uid="queue of the test")
