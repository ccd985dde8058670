"""Suspension, resumption and decommissioning against the sandbox: really stopped, really back, really gone."""

from datetime import timedelta

import httpx
import pytest
import time_machine
from django.utils import timezone

from provisioning import driver
from provisioning.engine import running
from provisioning.models import Operation, Resource
from provisioning.odoo.client import OdooClient
from provisioning.odoo.errors import LoginRefused
from provisioning.states import OperationState, ResourceState, StepState
from tenants.errors import OperationInProgress, WrongState
from tenants.lifecycle import InstanceState
from tenants.models import Instance, Mail
from tenants.services import access, ending, instances
from tests import trials

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
    assert Mail.objects.filter(kind="welcome").count() == 1, "a resumption is no second welcome"
    assert set(Mail.objects.values_list("kind", flat=True)) == {"welcome", "suspended", "resumed"}


def test_a_new_password_is_set_in_odoo_proven_and_mailed(sandbox, ready):
    before = ready.admin_password()
    drive(access.reset_password(ready))
    after = Instance.objects.get().admin_password()
    assert after != before
    assert Mail.objects.filter(kind=Mail.Kind.WELCOME).count() == 2


@pytest.mark.parametrize("kept", [True, False])
def test_a_corrected_address_logs_in_the_former_does_not_and_both_are_told(sandbox, ready, kept):
    former, new = ready.admin_email, "right@acme.example"
    before = ready.admin_password()
    if not kept:
        Operation.objects.update(sealed="")
    drive(access.change_email(ready, "Right@acme.example"))
    ready.refresh_from_db()
    password = ready.admin_password()
    assert ready.admin_email == new
    assert password != before, "whoever has the former address knows the former password"
    with OdooClient(ready.url, ready.database_name) as odoo:
        assert odoo.authenticate(new, password).is_administrator
        with pytest.raises(LoginRefused):
            odoo.authenticate(former, before)
    mails = Mail.objects.order_by("pk").values_list("kind", "recipient")
    assert list(mails) == [("welcome", former), ("welcome", new), ("email_changed", former)]


def test_a_password_that_is_not_kept_is_renewed_once_and_later_starts_leave_the_customers_own_alone(sandbox, ready):
    before = ready.admin_password()
    Operation.objects.update(sealed="")
    drive(access.reset_password(ready))
    given = ready.admin_password()
    with OdooClient(ready.url, ready.database_name) as odoo:
        with pytest.raises(LoginRefused):
            odoo.authenticate(ready.admin_email, before)
        odoo.change_password(ready.admin_email, given, "the customer's own")
    drive(instances.suspend(ready))
    ready.refresh_from_db()
    drive(instances.resume(ready))
    with OdooClient(ready.url, ready.database_name) as odoo:
        assert odoo.authenticate(ready.admin_email, "the customer's own").is_administrator


@pytest.mark.parametrize("failing", ["create_volumes", "prove_login"])
def test_the_address_of_a_failed_creation_is_corrected_and_its_retry_ends_ready(sandbox, order_instance, failing):
    instance = failed(sandbox, order_instance, failing)
    assert access.change_email(instance, "right@acme.example") is None
    drive(instances.retry(instance))
    instance.refresh_from_db()
    assert (instance.state, instance.admin_email) == (InstanceState.READY, "right@acme.example")
    assert Mail.objects.get(kind=Mail.Kind.WELCOME).recipient == "right@acme.example"


def test_what_failed_stands_still_until_it_is_deleted_and_runs_again_when_that_is_undone(sandbox, order_instance):
    instance = failed(sandbox, order_instance, "prove_login")
    drive(ending.schedule_decommission(instance))
    instance.refresh_from_db()
    assert instance.state == InstanceState.FAILED
    assert not answers(Instance(url=Operation.objects.first().facts.get("url", "http://127.0.0.1:9")))
    [project] = sandbox.state()["projects"]
    assert [service["deploymentsByStatus"].get("SUCCESS", 0) for service in project["services"]] == [0, 0]
    ending.undo_decommission(instance)
    instance.refresh_from_db()
    drive(instances.retry(instance))
    instance.refresh_from_db()
    assert instance.state == InstanceState.READY
    assert answers(instance)


def failed(sandbox, order_instance, step):
    """A creation that was stopped when it came to this step."""
    instance = order_instance()
    operation = Operation.objects.get()
    with trials.at_step(step, StepState.RUNNING, lambda _: running.cancel(operation)):
        driver.drive(operation.pk, timeout=60, tick=lambda _: None)
    instance.refresh_from_db()
    assert instance.state == InstanceState.FAILED
    return instance


def test_decommissioned_means_that_railway_no_longer_lists_it(sandbox, ready):
    operation = instances.decommission(ready)
    running.run(operation.pk)
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
    running.run(operation.pk)
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
    running.run(Operation.objects.get().pk)
    instances.cancel(instance)
    instance.refresh_from_db()
    running.run(instances.decommission(instance).pk)
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
