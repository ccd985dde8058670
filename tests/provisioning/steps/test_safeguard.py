"""Nobody's only copy is deleted: a backup before Odoo stops, and the certainty of one before anything is deleted."""

import contextlib
from datetime import timedelta

import pytest
from django.utils import timezone

from provisioning.agents import tokens
from provisioning.backups import checking
from provisioning.engine import running
from provisioning.models import Agent, Backup, Operation, Step
from provisioning.sandbox import Sandbox
from provisioning.states import OperationState, StepState
from tenants.alerts.conditions import present
from tenants.errors import WrongState
from tenants.lifecycle import InstanceState
from tenants.models import Alert, Instance
from tenants.services import backups, certificates, ending, instances, preconditions
from tests import trials
from tests.provisioning.backups.little_agent import LittleAgent, packed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bucket")]
_S = InstanceState
GOOD = Backup.State.GOOD


@pytest.fixture
def sandbox(settings):
    with Sandbox(deletion_grace_seconds=600) as running:
        settings.RAILWAY_API_URL = running.url
        settings.RAILWAY_WORKSPACE_ID = running.workspace_id
        yield running


@pytest.fixture
def instance(order_instance, clock, bucket):
    instance = order_instance()
    assert trials.finish(Operation.objects.get(instance=instance), clock, bucket).state == OperationState.SUCCEEDED
    instance.refresh_from_db()
    return instance


@pytest.fixture
def agent(client, instance):
    agent = LittleAgent(client, tokens.renew(instance.pk))
    agent.call(report={})
    return agent


def work(agent):
    """The agent calls, and makes the backup that is asked for."""
    Agent.objects.update(reported_at=None)
    job = agent.job()
    if job is None:
        return
    body = packed()
    agent.done(job, body, agent.send(job, body))
    checking.check(Backup.objects.get(public_id=job["id"]).pk)


def step(operation):
    """Where it stands after one more look, and why."""
    Operation.objects.filter(pk=operation.pk).update(run_after=timezone.now())
    running.run(operation.pk)
    at = Step.objects.filter(operation=operation).exclude(state=StepState.DONE).order_by("position").first()
    return (at.code, at.reason) if at else None


def state_of(instance):
    return Instance.objects.get(pk=instance.pk).state


def waiting():
    return [each.references for each in present() if each.topic == "waiting_for_last_backup"]


def suspended(instance, agent, clock, sandbox, days=7):
    operation = ending.schedule_decommission(instance, grace_days=days)
    assert step(operation) == ("back_up", "making_backup")
    work(agent)
    assert trials.finish(operation, clock, sandbox).state == OperationState.SUCCEEDED
    return operation


def test_a_deletion_at_once_waits_for_a_last_backup_and_its_certificate_names_it(instance, agent, clock, sandbox):
    operation = instances.decommission(instance)
    assert step(operation) == ("last_backup", "making_backup")
    assert state_of(instance) == _S.READY
    work(agent)
    assert trials.finish(operation, clock, sandbox).state == OperationState.SUCCEEDED
    instance.refresh_from_db()
    assert instance.state == _S.DECOMMISSIONED
    made = Backup.objects.get(instance=instance)
    assert made.occasion == Backup.Occasion.FINAL
    told = certificates.told(certificates.of(instance))
    assert told["lastBackup"]["sha256"] == made.sha256
    assert {"project", "service", "volume"} <= {row["kind"] for row in told["deleted"]}


def test_the_last_backup_is_kept_ninety_days_after_the_end_and_then_erased(
    instance, agent, clock, sandbox, settings, told
):
    settings.BACKUP_LOCK_DAYS = 0
    suspended(instance, agent, clock, sandbox)
    clock.shift(timedelta(days=30))
    instance.refresh_from_db()
    Instance.objects.filter(pk=instance.pk).update(decommission_after=timezone.now())
    told()
    assert ending.expire()
    trials.finish(instance.active_operation(), clock, sandbox)
    clock.shift(timedelta(days=89))
    assert backups.erase_due() == 0
    clock.shift(timedelta(days=2))
    assert backups.erase_due() == 1
    instance.refresh_from_db()
    assert certificates.told(certificates.of(instance))["lastBackup"]["erasedAt"]


def test_the_only_copy_of_what_stands_still_is_kept_however_old(instance, agent, clock, sandbox, settings):
    settings.BACKUP_LOCK_DAYS = 0
    suspended(instance, agent, clock, sandbox)
    ending.undo_decommission(instance)
    clock.shift(timedelta(days=700))
    assert backups.erase_due() == 0


def test_what_expires_is_backed_up_before_it_stops_and_needs_no_other_one(instance, agent, clock, sandbox, told):
    Instance.objects.filter(pk=instance.pk).update(expires_at=timezone.now())
    told()
    assert ending.expire()
    operation = instance.active_operation()
    assert step(operation) == ("back_up", "making_backup")
    work(agent)
    trials.finish(operation, clock, sandbox)
    assert state_of(instance) == _S.SUSPENDED
    clock.shift(timedelta(days=31))
    told()
    assert ending.expire()
    assert trials.finish(instance.active_operation(), clock, sandbox).state == OperationState.SUCCEEDED
    assert Backup.objects.filter(instance=instance, occasion="final").count() == 1


def test_a_suspension_goes_on_when_no_agent_is_there_and_the_deletion_then_waits_for_a_person(
    instance, clock, sandbox, told
):
    suspension = ending.schedule_decommission(instance, grace_days=7)
    assert trials.finish(suspension, clock, sandbox).facts["without_backup"] == "agent_silent"
    assert state_of(instance) == _S.SUSPENDED
    clock.shift(timedelta(days=8))
    told()
    assert ending.expire()
    deletion = instance.active_operation()
    for _week in range(5):
        assert step(deletion) == ("last_backup", "waiting_for_last_backup")
        clock.shift(timedelta(days=7))
    assert state_of(instance) == _S.SUSPENDED
    assert waiting() == [(instance.client_name,)]
    assert len(trials.only_project(sandbox, instance)["services"]) == 2


def test_undoing_a_deletion_that_waits_cancels_it_and_resuming_lets_the_agent_make_the_backup(
    instance, client, clock, sandbox, told
):
    trials.finish(ending.schedule_decommission(instance, grace_days=1), clock, sandbox)
    clock.shift(timedelta(days=2))
    told()
    ending.expire()
    deletion = instance.active_operation()
    step(deletion)
    ending.undo_decommission(instance)
    deletion.refresh_from_db()
    assert deletion.state == OperationState.CANCELLED
    instance.refresh_from_db()
    assert preconditions.retryable(instance) is None, "a deletion that was undone does not begin by a retry"
    trials.finish(instances.resume(instance), clock, sandbox)
    agent = LittleAgent(client, tokens.renew(instance.pk))
    instance.refresh_from_db()
    again = instances.decommission(instance)
    step(again)
    work(agent)
    assert trials.finish(again, clock, sandbox).state == OperationState.SUCCEEDED


def test_a_person_can_decide_to_delete_without_a_copy_and_the_certificate_says_so(instance, clock, sandbox):
    with pytest.raises(WrongState):
        ending.go_on_without_backup(instance)
    deletion = instances.decommission(instance)
    assert step(deletion) == ("last_backup", "waiting_for_last_backup")
    ending.go_on_without_backup(instance)
    assert trials.finish(deletion, clock, sandbox).state == OperationState.SUCCEEDED
    instance.refresh_from_db()
    told = certificates.told(certificates.of(instance))
    assert (told["lastBackup"], told["withoutBackup"]) == (None, "waived")


@pytest.mark.parametrize("code", ["storage_full", "storage_unavailable"])
def test_a_storage_that_takes_nothing_delays_a_suspension_and_stops_a_deletion(code, instance, agent, clock, sandbox):
    suspension = instances.suspend(instance)
    for _minute in range(45):
        assert step(suspension) == ("back_up", "making_backup")
        job = agent.job()
        if job:
            agent.call(job={"id": job["id"], "event": "failed", "reason": code, "message": "no"})
        clock.shift(timedelta(minutes=1))
        Agent.objects.update(reported_at=timezone.now())
    assert trials.finish(suspension, clock, sandbox).facts["without_backup"] == "late"
    assert state_of(instance) == _S.SUSPENDED
    clock.shift(timedelta(hours=1))
    instance.refresh_from_db()
    assert step(instances.decommission(instance)) == ("last_backup", "waiting_for_last_backup")
    assert state_of(instance) == _S.SUSPENDED


def test_a_creation_that_failed_is_deleted_without_waiting(order_instance, clock, sandbox):
    instance = order_instance()
    sandbox.faults.add(kind="token_refused", operation="*")
    assert trials.finish(Operation.objects.get(), clock, sandbox).state == OperationState.FAILED
    sandbox.faults.clear()
    instance.refresh_from_db()
    deletion = trials.finish(instances.decommission(instance), clock, sandbox)
    assert (deletion.state, deletion.facts["without_backup"]) == (OperationState.SUCCEEDED, "never_ready")


def test_a_backup_from_before_odoo_ran_again_is_not_the_last_one(instance, agent, clock, sandbox):
    suspended(instance, agent, clock, sandbox)
    ending.undo_decommission(instance)
    instance.refresh_from_db()
    trials.finish(instances.resume(instance), clock, sandbox)
    Agent.objects.update(reported_at=None)
    instance.refresh_from_db()
    assert step(instances.decommission(instance)) == ("last_backup", "waiting_for_last_backup")


def test_a_deletion_that_is_retried_days_later_makes_another_backup_while_odoo_runs(instance, agent, clock, sandbox):
    deletion = instances.decommission(instance)
    step(deletion)
    work(agent)
    sandbox.faults.add(kind="token_refused", operation="*")
    assert trials.finish(deletion, clock, sandbox).state == OperationState.FAILED
    sandbox.faults.clear()
    for day in (1, 2):
        clock.shift(timedelta(days=1))
        trials.retry(deletion)
        work(agent)
        assert step(deletion) == ("last_backup", "making_backup")
        work(agent)
        assert Backup.objects.filter(instance=instance, state=GOOD).count() == day + 1
        sandbox.faults.add(kind="token_refused", operation="*")
        trials.finish(deletion, clock, sandbox)
        sandbox.faults.clear()
    trials.retry(deletion)
    assert trials.finish(deletion, clock, sandbox).state == OperationState.SUCCEEDED
    assert Backup.objects.filter(instance=instance, state=GOOD).count() == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("kind", "code"), [("suspend", "back_up"), ("decommission", "last_backup")])
def test_killed_at_every_write_it_asks_for_one_backup_only(kind, code, instance, agent, clock, sandbox):
    operation = trials.order(kind, instance)
    tripwire, deaths = trials.Tripwire(), []

    def arm(row):
        deaths.append(row)
        tripwire.arm(len(deaths), after=len(deaths) % 2 == 0)

    with tripwire.watching(), trials.at_step(code, StepState.RUNNING, arm):
        for _round in range(12):
            with contextlib.suppress(trials.Killed):
                step(operation)
            tripwire.deadly = None
            work(agent)
            clock.shift(31)
    assert len(deaths) > 3
    assert trials.finish(operation, clock, sandbox).state == OperationState.SUCCEEDED
    assert Backup.objects.filter(instance=instance).count() == 1


def test_an_alert_tells_staff_which_deletion_waits(instance, clock):
    assert step(instances.decommission(instance)) == ("last_backup", "waiting_for_last_backup")
    kinds = [each.kind for each in present() if each.references == (instance.client_name,)]
    assert kinds == [Alert.Kind.BACKUP]
