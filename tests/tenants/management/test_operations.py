"""manage.py operations acts by the same checks as the console, and leaves the same traces."""

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from provisioning.models import Operation
from provisioning.states import OperationKind, OperationState, StepState
from tenants.models import AuditEntry
from tenants.services import ending, instances
from tests.factories import order_instance

pytestmark = pytest.mark.django_db


@pytest.fixture
def stopped():
    """A creation that was cancelled after Odoo had been started, then stopped since it will be deleted."""
    instance = order_instance()
    creation = instance.active_operation()
    creation.steps.filter(code__in=("deploy_postgres", "deploy_odoo")).update(state=StepState.DONE)
    instances.cancel(instance)
    instance.refresh_from_db()
    suspension = ending.schedule_decommission(instance)
    Operation.objects.filter(pk=suspension.pk).update(state=OperationState.SUCCEEDED, ended_at=timezone.now())
    return instance


def test_what_will_be_deleted_is_not_created_further_before_that_is_undone(stopped):
    creation = Operation.objects.get(kind=OperationKind.CREATE)

    with pytest.raises(CommandError):
        call_command("operations", "retry", creation.reference)
    creation.refresh_from_db()
    assert creation.state == OperationState.CANCELLED

    ending.undo_decommission(stopped)
    call_command("operations", "retry", creation.reference)
    creation.refresh_from_db()
    assert creation.state == OperationState.ACTIVE
    # what was stopped meanwhile is started anew
    assert not creation.steps.filter(state=StepState.DONE).exists()


def test_only_the_work_that_can_go_on_is_retried_and_the_refusal_names_it(stopped):
    ending.undo_decommission(stopped)
    suspension = Operation.objects.get(kind=OperationKind.SUSPEND)
    creation = Operation.objects.get(kind=OperationKind.CREATE)

    with pytest.raises(CommandError, match=creation.reference):
        call_command("operations", "retry", suspension.reference)
    assert not Operation.objects.active().exists()


def test_retry_and_cancel_stand_in_the_audit_trail_with_who_did_it():
    operation = order_instance().active_operation()
    call_command("operations", "cancel", operation.reference)
    call_command("operations", "retry", operation.reference)
    with pytest.raises(CommandError):
        call_command("operations", "retry", operation.reference)

    entries = AuditEntry.objects.filter(act__in=("staff:cancel", "staff:retry")).order_by("pk")
    assert [entry.act for entry in entries] == ["staff:cancel", "staff:retry"]
    assert all(entry.actor.startswith("shell:") for entry in entries)
    assert all(entry.after == {"operation": operation.reference} for entry in entries)
