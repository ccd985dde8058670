"""The clock of this machine is put back by an hour: nothing waits for the former time."""

from datetime import timedelta

import pytest
from django.utils import timezone

from provisioning.engine import lease, running
from provisioning.gate import circuit, clients, outages
from provisioning.models import Operation
from provisioning.railway.errors import RailwayError
from provisioning.states import OperationState
from provisioning.vitals import heartbeat
from tenants.mails import outbox
from tests import trials

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_hashes")]
HOUR = 3600


@pytest.fixture
def operation(sandbox, order_instance):
    return Operation.objects.get(instance=order_instance())


def due(operation):
    return Operation.objects.due(timezone.now()).filter(pk=operation.pk).exists()


def test_what_waits_for_a_moment_of_the_former_time_looks_at_once(operation, sandbox, clock):
    sandbox.faults.add(kind="server_error", operation="ProjectCreate", times=1)
    running.run(operation.pk)
    assert not due(operation)
    clock.shift(-HOUR)
    running.sweep()
    assert due(operation)
    sandbox.advance(HOUR)
    assert trials.finish(operation, clock, sandbox).state == OperationState.SUCCEEDED
    trials.assert_exactly_one_of_everything(sandbox, operation.instance)


def test_a_dead_runners_lease_of_the_former_time_ends_soon(operation, clock):
    assert lease.claim(operation.pk) is not None
    clock.shift(-HOUR)
    running.sweep()
    assert not due(operation), "its runner may live"
    clock.shift(lease.LEASE_SECONDS + 1)
    assert due(operation)


def test_a_clock_that_differs_a_little_from_another_machines_disturbs_nobody(operation, sandbox, clock):
    sandbox.faults.add(kind="server_error", operation="ProjectCreate", times=1)
    running.run(operation.pk)
    clock.shift(-60)
    running.sweep()
    assert not due(operation)


def test_an_outage_of_the_former_time_is_probed_at_once(sandbox, clock):
    sandbox.faults.add(kind="server_error", status=503)
    for _ in range(3):
        with pytest.raises(RailwayError):
            clients.railway().platform_status()
    outages.tend()
    assert circuit.state().open
    sandbox.faults.clear()
    clock.shift(-HOUR)
    assert outages.tend() == 1
    assert not circuit.state().open


def test_a_sign_of_life_from_the_future_is_none(clock):
    for name in heartbeat.patience():
        heartbeat.beat(name)
    clock.shift(-HOUR)
    assert heartbeat.silent() == list(heartbeat.patience())


def test_a_mail_of_the_former_time_is_sent_at_once_and_once(make_instance, clock, mailoutbox, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    outbox.write_welcome_again(make_instance(state="ready"))
    clock.shift(-HOUR)
    assert (outbox.sweep(), outbox.sweep()) == (1, 0)
    assert outbox.deliver_due() == 1
    assert outbox.deliver_due() == 0
    assert len(mailoutbox) == 1


def test_a_mail_that_cannot_be_sent_is_not_tried_faster_by_a_clock_that_was_put_back(make_instance, clock, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    mail = outbox.write_welcome_again(make_instance(state="ready"))
    clock.shift(-HOUR)
    for _ in range(5):
        outbox.deliver_due()
    mail.refresh_from_db()
    assert mail.attempts == 1
    assert timedelta(0) < mail.run_after - timezone.now() < timedelta(minutes=5)
