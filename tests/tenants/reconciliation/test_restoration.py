"""The database came back from a backup, and Railway did not go back with it."""

import pytest
from django.core import serializers
from django.core.management import call_command

from provisioning.models import Operation, Resource, Step
from provisioning.states import OperationState, StepState
from tenants.models import Instance, Mail
from tests import trials

pytestmark = pytest.mark.django_db
KEPT = (Instance, Operation, Step, Resource)


def backup():
    return serializers.serialize("json", [row for model in KEPT for row in model.objects.order_by("pk")])


def restore(kept):
    Mail.objects.all().delete()
    for model in (Resource, Step, Operation):
        model.objects.all().delete()
    for row in serializers.deserialize("json", kept):
        row.save()


@pytest.mark.parametrize(
    "code", ["", "create_services", "create_volumes", "create_domain", "deploy_odoo", "prove_login", "announce"]
)
def test_a_creation_that_had_gone_on_since_the_backup_is_found_again_and_not_doubled(
    code, order_instance, clock, sandbox, capsys
):
    instance = order_instance()
    operation = instance.active_operation()
    copies = [backup()] if not code else []

    def copy(step):
        copies.append(backup())

    with trials.at_step(code or "none", StepState.RUNNING, copy):
        assert trials.finish(operation, clock, sandbox).state == OperationState.SUCCEEDED
    before = Instance.objects.get(pk=instance.pk)

    restore(copies[0])
    Operation.objects.active().update(lease_token="", lease_expires_at=None)
    call_command("after_restore")
    assert operation.reference in capsys.readouterr().out

    assert trials.finish(operation, clock, sandbox).state == OperationState.SUCCEEDED
    trials.assert_exactly_one_of_everything(sandbox, instance)
    assert Instance.objects.get(pk=instance.pk).url == before.url


def test_a_creation_that_nobody_had_begun_is_begun_after_the_look(order_instance, clock, sandbox):
    operation = order_instance().active_operation()
    call_command("after_restore")
    assert trials.finish(operation, clock, sandbox).state == OperationState.SUCCEEDED
    trials.assert_exactly_one_of_everything(sandbox, operation.instance)


def test_what_is_ready_or_decommissioned_is_not_doubted(order_instance, clock, sandbox):
    ready, ended = order_instance("ready-corp"), order_instance("ended-corp")
    sandbox.faults.add(kind="token_refused", operation="ProjectCreate", match="ended-corp")
    assert trials.finish(ready.active_operation(), clock, sandbox).state == OperationState.SUCCEEDED
    assert trials.finish(ended.active_operation(), clock, sandbox).state == OperationState.FAILED
    ended.refresh_from_db()
    assert trials.finish(trials.order("decommission", ended), clock, sandbox).state == OperationState.SUCCEEDED
    rows = list(Resource.objects.order_by("pk").values())

    call_command("after_restore")
    assert list(Resource.objects.order_by("pk").values()) == rows
