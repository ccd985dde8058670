"""Suspension, resumption and decommissioning against the sandbox: really stopped, really back, really gone."""

from datetime import timedelta

import httpx
import pytest
import time_machine
from django.utils import timezone

from provisioning import driver, engine
from provisioning.models import Operation, Resource
from provisioning.states import OperationState, ResourceState
from tenants.errors import OperationInProgress, WrongState
from tenants.lifecycle import InstanceState
from tenants.models import Instance, Mail
from tenants.services import instances

pytestmark = pytest.mark.django_db(transaction=True)


def drive(operation):
    done = driver.drive(operation.pk, timeout=60, tick=lambda _: None)
    assert done.state == OperationState.SUCCEEDED, (done.reason, done.message)


@pytest.fixture
def ready(sandbox, order_instance):
    instance = order_instance()
    drive(Operation.objects.get(instance=instance))
    return Instance.objects.get(pk=instance.pk)


def answers(instance):
    try:
        return httpx.get(f"{instance.url}/web/health", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def test_suspended_means_stopped_with_its_data_kept_and_resumed_means_proven_again(sandbox, ready):
    password = ready.admin_password()
    drive(instances.suspend(ready))
    ready.refresh_from_db()
    assert ready.state == InstanceState.SUSPENDED
    assert not answers(ready)
    assert {row.kind for row in Resource.objects.filter(state=ResourceState.PRESENT)} >= {"project", "volume"}
    drive(instances.resume(ready))
    ready.refresh_from_db()
    assert ready.state == InstanceState.READY
    assert answers(ready)
    assert ready.admin_password() == password
    assert Mail.objects.count() == 1, "a resumption is no second welcome"


def test_a_new_password_is_set_in_odoo_proven_and_mailed(sandbox, ready):
    before = ready.admin_password()
    drive(instances.reset_password(ready))
    after = Instance.objects.get().admin_password()
    assert after != before
    assert Mail.objects.filter(kind=Mail.Kind.WELCOME).count() == 2


def test_decommissioned_means_that_railway_no_longer_lists_it(sandbox, ready):
    operation = instances.decommission(ready)
    engine.run(operation.pk)
    ready.refresh_from_db()
    assert ready.state == InstanceState.DECOMMISSIONING
    assert not answers(ready)
    sandbox.advance(timedelta(days=2, minutes=1).total_seconds())
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        drive(operation)
    ready.refresh_from_db()
    assert ready.state == InstanceState.DECOMMISSIONED
    assert not Resource.objects.exclude(state=ResourceState.GONE).exists()


def test_decommissioning_touches_nobody_else(sandbox, ready, order_instance):
    neighbour = order_instance("neighbour")
    drive(Operation.objects.get(instance=neighbour))
    operation = instances.decommission(ready)
    engine.run(operation.pk)
    sandbox.advance(timedelta(days=3).total_seconds())
    neighbour.refresh_from_db()
    assert answers(neighbour)


def test_a_creation_that_failed_before_it_began_can_be_decommissioned(sandbox, order_instance):
    instance = order_instance()
    instances.cancel(instance)
    instance.refresh_from_db()
    drive(instances.decommission(instance))
    instance.refresh_from_db()
    assert instance.state == InstanceState.DECOMMISSIONED
    order_instance()


def test_a_project_whose_creation_was_never_answered_is_found_and_deleted_too(sandbox, order_instance):
    sandbox.faults.add(operation="projectCreate", kind="lost_answer", times=1)
    instance = order_instance()
    engine.run(Operation.objects.get().pk)
    instances.cancel(instance)
    instance.refresh_from_db()
    engine.run(instances.decommission(instance).pk)
    assert Resource.objects.get(kind="project").external_id
    sandbox.advance(timedelta(days=3).total_seconds())
    [project] = sandbox.state()["projects"]
    assert project["deleted"]


def test_what_does_not_fit_the_state_is_refused(sandbox, ready):
    with pytest.raises(WrongState):
        instances.resume(ready)
    instances.suspend(ready)
    with pytest.raises(OperationInProgress):
        instances.decommission(ready)
