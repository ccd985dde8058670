"""What else is done to an instance does not lose its domain, and its end lets the name go."""

from datetime import timedelta

import pytest

from provisioning import driver
from provisioning.engine import running
from provisioning.models import Domain, OdooAddress, Operation
from provisioning.signals import operation_changed
from tenants.services import instances
from tests.provisioning.domains.conftest import NAME

pytestmark = pytest.mark.django_db(transaction=True)
A_DAY = timedelta(days=1, minutes=1)


def drive(operation):
    done = driver.drive(operation.pk, timeout=60, tick=lambda _: None)
    assert done.state == "succeeded", (done.reason, done.message)


def test_stopped_and_started_again_it_has_its_domain_and_our_work_went_by_railways_address(on):
    former = on.instance.url
    drive(instances.suspend(on.instance))
    on.look(A_DAY)
    assert (on.domain.state, on.codes()) == ("on", [])
    on.set(erp={})
    on.instance.refresh_from_db()
    drive(instances.resume(on.instance))
    on.instance.refresh_from_db()
    assert (on.instance.state, on.instance.url, on.instance.own_domain) == ("ready", former, NAME)


def test_its_end_lets_the_name_go(on):
    operation = instances.decommission(on.instance)
    for _ in range(3):
        running.run(operation.pk)
        on.sandbox.advance(timedelta(hours=50).total_seconds())
        on.clock.shift(timedelta(hours=2))
    on.instance.refresh_from_db()
    assert (on.instance.state, on.instance.own_domain) == ("decommissioned", "")
    assert Domain.objects.get().state == "removed"


def test_after_a_restoration_odoo_is_told_its_address_again(on):
    OdooAddress.objects.update(told_at=on.instance.created_at)
    operation = Operation.objects.create(instance=on.instance, kind="restore", state="active",
                                         deadline_at=on.instance.created_at, spec={})  # fmt: skip
    operation.state, operation.reason = "failed", "restore_failed"
    operation_changed.send(Operation, operation=operation)
    row = OdooAddress.objects.get()
    assert (row.told_at, row.url) == (None, on.instance.address)
