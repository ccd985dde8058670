"""A whole creation, driven in this process against the sandbox: what it leaves, and what it must never leave."""

import logging

import pytest
from django.db import connection

from provisioning import driver
from provisioning.models import Operation, Resource, Step
from provisioning.states import OperationState, ResourceState, StepState
from tenants.lifecycle import InstanceState
from tenants.models import Instance, Mail

pytestmark = pytest.mark.django_db(transaction=True)


def drive(instance):
    operation = Operation.objects.get(instance=instance)
    return driver.drive(operation.pk, timeout=60, tick=lambda _: None)


@pytest.mark.parametrize("plan", ["demo", "starter"])
def test_each_blueprint_becomes_a_ready_instance_with_one_of_everything(sandbox, order_instance, plan):
    instance = order_instance(plan_code=plan)
    assert drive(instance).state == OperationState.SUCCEEDED
    instance.refresh_from_db()
    assert instance.state == InstanceState.READY
    assert set(Step.objects.values_list("state", flat=True)) == {StepState.DONE}
    [project] = sandbox.state()["projects"]
    assert project["id"] == instance.project_id
    assert [len(service["deployments"]) for service in project["services"]] == [1, 1]
    assert Mail.objects.filter(kind=Mail.Kind.WELCOME).count() == 1


def test_the_ledger_lists_all_that_exists_at_railway(sandbox, order_instance):
    drive(order_instance())
    kinds = Resource.objects.filter(state=ResourceState.PRESENT).values_list("kind", flat=True)
    assert sorted(kinds) == sorted(
        ["project", "environment"] + 2 * ["service", "volume", "volume_instance", "deployment"] + ["domain"]
    )


def test_the_address_carries_a_suffix_when_the_plain_one_is_taken(sandbox, order_instance):
    first = order_instance()
    drive(first)
    Instance.objects.filter(pk=first.pk).update(state=InstanceState.DECOMMISSIONED)
    again = order_instance()
    assert drive(again).state == OperationState.SUCCEEDED


def test_only_the_hash_of_the_password_travels_and_nothing_is_kept_in_clear(sandbox, order_instance, caplog):
    caplog.set_level(logging.DEBUG)
    instance = order_instance(company="Nasty ${{Postgres.PGPASSWORD}} \"'; DROP TABLE")
    drive(instance)
    password = instance.admin_password()
    everything = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            everything.append(str(cursor.fetchall()))
    assert password not in "".join(everything)
    assert sandbox.token not in "".join(everything)
    assert password not in caplog.text
    assert sandbox.token not in caplog.text
    assert password not in str(sandbox.state())


def test_a_creation_costs_few_requests(sandbox, order_instance):
    drive(order_instance())
    assert sum(sandbox.state()["requests"].values()) <= 16
