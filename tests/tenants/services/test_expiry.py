from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from provisioning.models import Operation
from provisioning.signals import operation_changed
from provisioning.states import OperationKind
from tenants.errors import InvalidExpiry, WrongState
from tenants.lifecycle import InstanceState
from tenants.models import AuditEntry, Instance
from tenants.services import ending, instances

pytestmark = pytest.mark.django_db


@pytest.fixture
def expired(make_instance):
    instance = make_instance(state=InstanceState.READY)
    Instance.objects.filter(pk=instance.pk).update(expires_at=timezone.now() - timedelta(hours=1))
    return instance


def test_a_dry_run_tells_and_does_nothing(expired, told):
    told()
    said = StringIO()
    call_command("expire_instances", "--dry-run", stdout=said)
    assert said.getvalue() == f"suspend {expired.public_id}\n"
    assert not Operation.objects.exists()


def test_what_expired_is_suspended_once_and_deleted_after_the_grace_period(expired, told):
    told()
    assert len(ending.expire()) == 1
    assert ending.expire() == []
    assert Operation.objects.get().kind == OperationKind.SUSPEND
    Operation.objects.all().delete()
    Instance.objects.update(state=InstanceState.SUSPENDED)
    told()
    with time_machine.travel(timezone.now() + timedelta(days=settings.EXPIRY_GRACE_DAYS, minutes=1)):
        assert [act for act, _ in ending.expire()] == ["decommission"]
        assert ending.expire() == []
    assert Instance.objects.get().state == InstanceState.DECOMMISSIONING


def test_what_is_prolonged_while_others_are_suspended_stays(expired, make_instance, told):
    other = make_instance("other-corp", state=InstanceState.READY)
    Instance.objects.filter(pk=other.pk).update(expires_at=timezone.now() - timedelta(minutes=1))
    both = {expired.pk, other.pk}
    told()

    def prolong_the_other(operation, **news):
        for pk in both - {operation.instance_id}:
            Instance.objects.filter(pk=pk).update(expires_at=timezone.now() + timedelta(days=30))

    operation_changed.connect(prolong_the_other)
    try:
        assert len(ending.expire()) == 1
    finally:
        operation_changed.disconnect(prolong_the_other)
    (kept,) = Instance.objects.exclude(operations__kind=OperationKind.SUSPEND)
    assert (kept.state, kept.decommission_after) == (InstanceState.READY, None)


def test_what_will_be_deleted_is_not_resumed_before_that_is_undone(expired, told):
    told()
    ending.expire()
    Operation.objects.all().delete()
    Instance.objects.update(state=InstanceState.SUSPENDED)
    with pytest.raises(WrongState):
        instances.resume(Instance.objects.get())
    ending.undo_decommission(expired)
    assert ending.expire() == []
    instances.resume(Instance.objects.get())


def test_what_failed_and_will_be_deleted_is_stopped_and_its_creation_not_retried_before_that_is_undone(order_instance):
    instance = order_instance()
    instances.cancel(instance)
    instance.refresh_from_db()
    stopping = ending.schedule_decommission(instance, grace_days=7)
    assert stopping.kind == OperationKind.SUSPEND
    Operation.objects.filter(pk=stopping.pk).update(state="succeeded", ended_at=timezone.now())
    instance.refresh_from_db()
    with pytest.raises(WrongState):
        instances.retry(instance)
    ending.undo_decommission(instance)
    instance.refresh_from_db()
    assert instances.retry(instance).kind == OperationKind.CREATE


def test_each_reminder_goes_out_once_and_again_for_another_end(expired, settings):
    settings.EXPIRY_REMINDER_DAYS = [7, 1]
    now = timezone.now()
    ending.change_expiry(expired, now + timedelta(days=6))
    assert [ending.remind_of_ends(), ending.remind_of_ends()] == [1, 0]
    with time_machine.travel(now + timedelta(days=5, hours=1)):
        assert [ending.remind_of_ends(), ending.remind_of_ends()] == [1, 0]
        ending.change_expiry(expired, now + timedelta(days=20))
        assert ending.remind_of_ends() == 0
    with pytest.raises(InvalidExpiry):
        ending.change_expiry(expired, now)
    assert list(AuditEntry.objects.filter(act="change_expiry").values_list("instance", flat=True)) == [expired.pk] * 2
