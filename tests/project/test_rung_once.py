"""What waits in a row is told of at once: whoever is left to the sweep waits half a minute and more for nothing."""

import pytest
from django.db import transaction

from provisioning.engine import running
from provisioning.models import Operation
from provisioning.signals import operation_due
from tenants.mails import outbox
from tenants.models import WebhookDelivery
from tenants.models.webhook import WebhookEvents
from tenants.services import instances, webhooks
from tenants.signals import mail_due, webhook_due
from tenants.webhooks import deliveries
from tests import factories, trials

pytestmark = pytest.mark.django_db(transaction=True)


def order(instance):
    return instances.suspend(instance).pk


def mail(instance):
    return outbox.write_welcome_again(instance).pk


def news(instance):
    event = deliveries.announce(instance, WebhookEvents.READY)
    return WebhookDelivery.objects.get(event=event).pk


KINDS = {
    "an order": (order, operation_due, running.sweep),
    "a mail": (mail, mail_due, outbox.sweep),
    "a partner's news": (news, webhook_due, deliveries.sweep),
}


@pytest.fixture
def instance(make_instance):
    partner = factories.make_partner()
    webhooks.create_endpoint(partner, url="https://www.partner.com/hook")
    return make_instance(partner=partner, state="ready")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_rung_for_once_when_it_is_committed_and_not_before(kind, instance):
    write, bell, sweep = KINDS[kind]
    with trials.hearing(bell) as rung:
        with transaction.atomic():
            number = write(instance)
            assert rung == [], "nobody could find it yet"
        assert rung == [number]
        assert sweep() == 0
    assert rung == [number]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_taken_back_is_rung_for_by_nobody(kind, instance):
    write, bell, _sweep = KINDS[kind]
    with trials.hearing(bell) as rung, transaction.atomic():
        write(instance)
        transaction.set_rollback(True)
    assert rung == []


def test_what_is_retried_or_woken_is_rung_for_at_once(instance):
    operation = Operation.objects.get(pk=order(instance))
    with trials.hearing(operation_due) as rung:
        running.wake(operation.pk)
        instances.cancel(instance)
        running.retry(Operation.objects.get(pk=operation.pk))
    assert rung == [operation.pk] * 2
