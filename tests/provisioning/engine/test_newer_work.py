"""After a rollback: what only the newer version knows waits for it, and holds nobody else up."""

import pytest
from django.urls import reverse

from provisioning.engine import running
from provisioning.models import Operation
from provisioning.signals import operation_due
from provisioning.states import OperationState
from tests.tenants.api.conftest import Caller, key_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def newer(order_instance):
    operation = order_instance("acme-newer").operations.get()
    Operation.objects.filter(pk=operation.pk).update(kind="transmute", rung_at=None)
    return operation


def test_it_is_not_taken_up_and_everybody_else_is_rung_for(newer, order_instance):
    other = order_instance("acme-other").operations.get()
    Operation.objects.filter(pk=other.pk).update(rung_at=None)
    rung = []

    def hear(sender, operation_id, **news):
        rung.append(operation_id)

    operation_due.connect(hear)
    try:
        running.sweep()
    finally:
        operation_due.disconnect(hear)
    assert rung == [other.pk]
    assert not running.run(newer.pk)
    newer.refresh_from_db()
    assert newer.state == OperationState.ACTIVE


def test_the_status_of_its_instance_is_told_all_the_same(newer, admin_client):
    instance = newer.instance
    assert Caller(key_of(instance.tenant.partner))("GET", f"/instances/{instance.public_id}").status_code == 200
    for address in (
        f"/instances/{instance.public_id}/?token={instance.status_token}",
        reverse("admin:tenants_instance_change", args=[instance.pk]),
        reverse("admin:tenants_instance_changelist"),
    ):
        assert admin_client.get(address).status_code == 200, address
