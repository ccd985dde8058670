"""Another plan as a use case: what is offered, agreed, taken back, carried out on its day, and refused."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from provisioning.models import Backup, Operation, Restore
from provisioning.spec import TEST
from provisioning.states import OperationKind, OperationState
from tenants.errors import OperationInProgress, PlanNotOffered, SamePlan, UnknownPlan, WrongState
from tenants.lifecycle import InstanceState
from tenants.models import AuditEntry, Instance, Mail, Plan, PlanChange
from tenants.services import customer_choices, ending, instances, plan_changes, preconditions

pytestmark = pytest.mark.django_db


@pytest.fixture
def trial(make_instance):
    """A trial that ends in ten days."""
    instance = make_instance(state=InstanceState.READY)
    Instance.objects.update(expires_at=timezone.now() + timedelta(days=10))
    instance.refresh_from_db()
    return instance


@pytest.fixture
def paid(make_instance):
    return make_instance(state=InstanceState.READY, plan_code="starter")


def test_trials_are_not_offered_nor_the_present_plan_nor_what_takes_no_orders(paid):
    Plan.objects.filter(code="business").update(is_public=False)
    assert [each.plan.code for each in plan_changes.offers(paid)] == []
    assert [each.plan.code for each in plan_changes.possible(paid)] == ["business"]
    Plan.objects.filter(code="business").update(takes_orders=False)
    for code, refusal in (("demo", PlanNotOffered), ("business", PlanNotOffered), ("starter", SamePlan),
                          ("nothing", UnknownPlan)):  # fmt: skip
        with pytest.raises(refusal):
            plan_changes.order(paid, code)
    assert not PlanChange.objects.exists()


def test_an_order_keeps_price_and_terms_of_its_moment_whatever_the_plan_costs_later(trial, settings, tmp_path):
    settings.PRICES_TAX, settings.LEGAL_FOLDER = "excluded", str(tmp_path)
    (tmp_path / "terms.fr.txt").write_text("Version: 2026-11\n\nTexte", encoding="utf-8")
    plan_changes.order(trial, "starter", at_period_end=True)
    Plan.objects.update(price_per_month=999)
    [change] = PlanChange.objects.all()
    assert (change.price_per_month, change.tax, change.terms_version) == (49, "excluded", "2026-11")
    assert (change.former_plan.code, change.due_at, change.state) == ("demo", trial.expires_at, "scheduled")


def test_at_the_end_of_a_trial_the_plan_is_changed_and_nothing_is_stopped_or_announced(trial, told):
    plan_changes.order(trial, "starter", at_period_end=True)
    assert ending.stops_at(trial) is None
    with time_machine.travel(trial.expires_at - timedelta(days=1)):
        assert (ending.remind_of_ends(), plan_changes.carry_out_due()) == (0, 0)
    with time_machine.travel(trial.expires_at + timedelta(minutes=1)):
        assert ending.expire() == []
        assert plan_changes.carry_out_due() == 1
        assert plan_changes.carry_out_due() == 0
        assert ending.expire() == []
        operation = Operation.objects.active().get()
    assert (operation.kind, PlanChange.objects.get().operation) == (OperationKind.CHANGE_PLAN, operation)
    assert not Mail.objects.filter(kind=Mail.Kind.EXPIRES_SOON).exists()


def test_of_a_paid_plan_the_period_ends_with_the_month(paid):
    with time_machine.travel("2026-12-31T22:30:00Z"):
        end = timezone.localtime(plan_changes.period_end(paid))
    assert (end.year, end.month, end.day, end.hour) == (2027, 1, 1, 0)


def test_what_waits_for_its_day_is_taken_back_by_one_act_and_by_the_end_of_the_instance(trial):
    plan_changes.order(trial, "starter", at_period_end=True)
    plan_changes.undo(trial)
    assert PlanChange.objects.get().state == PlanChange.State.UNDONE
    with pytest.raises(WrongState):
        plan_changes.undo(trial)
    plan_changes.order(trial, "starter", at_period_end=True)
    ending.schedule_decommission(trial, grace_days=7)
    assert not PlanChange.objects.unfinished().exists()


def test_what_stands_still_on_its_day_keeps_its_plan_and_its_customer_is_told(trial):
    plan_changes.order(trial, "starter", at_period_end=True)
    Instance.objects.update(state=InstanceState.SUSPENDED)
    with time_machine.travel(trial.expires_at + timedelta(minutes=1)):
        assert plan_changes.carry_out_due() == 0
    change = PlanChange.objects.get()
    assert (change.state, change.reason) == (PlanChange.State.FAILED, "plan_not_changed")
    assert Mail.objects.get().kind == Mail.Kind.PLAN_KEPT


def test_what_is_busy_on_its_day_waits_until_it_is_not(trial):
    plan_changes.order(trial, "starter", at_period_end=True)
    busy = instances.suspend(trial)
    with time_machine.travel(trial.expires_at + timedelta(minutes=1)):
        assert plan_changes.carry_out_due() == 0
        Operation.objects.filter(pk=busy.pk).update(state=OperationState.CANCELLED, ended_at=timezone.now())
        assert plan_changes.carry_out_due() == 1


def test_two_acts_at_once_are_one_of_them(trial):
    plan_changes.order(trial, "starter")
    for other in (
        lambda: plan_changes.order(trial, "business"),
        lambda: instances.suspend(trial),
        lambda: instances.decommission(trial),
    ):
        with pytest.raises(OperationInProgress):
            other()
    assert PlanChange.objects.count() == 1


def test_a_plan_is_not_changed_of_what_will_end_or_is_brought_back_or_has_an_order(trial):
    def refused():
        return str(preconditions.why_not("change_plan", Instance.objects.get()))

    plan_changes.order(trial, "starter", at_period_end=True)
    assert "agreed already" in refused() or "convenue" in refused()
    with pytest.raises(WrongState):
        customer_choices.end_on(trial, timezone.localdate() + timedelta(days=3))
    plan_changes.undo(trial)
    customer_choices.end_on(trial, timezone.localdate() + timedelta(days=3))
    with pytest.raises(WrongState):
        plan_changes.order(trial, "starter")
    customer_choices.keep(Instance.objects.get())

    backup = Backup.objects.create(instance=trial)
    Restore.objects.create(instance=trial, backup=backup, state=Restore.State.LOADED)
    with pytest.raises(WrongState):
        plan_changes.order(trial, "starter")
    Restore.objects.all().delete()
    Instance.objects.update(decommission_after=timezone.now() + timedelta(days=3))
    with pytest.raises(WrongState):
        plan_changes.order(trial, "starter")
    assert AuditEntry.objects.filter(act="plan_change_asked").count() == 1


@pytest.mark.parametrize("days", [2, 40])
def test_the_plan_that_was_ordered_for_the_end_of_a_trial_moves_with_that_end(trial, days):
    plan_changes.order(trial, "starter", at_period_end=True)
    end = timezone.now() + timedelta(days=days)
    ending.change_expiry(trial, end)
    assert PlanChange.objects.get().due_at == end
    with time_machine.travel(end + timedelta(minutes=1)):
        assert ending.expire() == []
        assert plan_changes.carry_out_due() == 1


def test_a_trial_that_is_over_changes_now_or_not_at_all(trial):
    plan_changes.order(trial, "starter", at_period_end=True)
    plan_changes.undo(trial)
    with time_machine.travel(trial.expires_at + timedelta(minutes=1)):
        with pytest.raises(WrongState):
            plan_changes.order(trial, "starter", at_period_end=True)
        assert ending.due() == [("suspend", trial)]
        assert plan_changes.order(trial, "starter").state == PlanChange.State.BEGUN
        assert ending.due() == []


def test_a_change_for_a_day_after_the_trial_keeps_it_from_no_end(trial):
    plan_changes.order(trial, "starter", at_period_end=True)
    PlanChange.objects.update(due_at=trial.expires_at + timedelta(days=20))
    assert ending.stops_at(trial) == trial.expires_at
    with time_machine.travel(trial.expires_at - timedelta(days=1)):
        assert ending.remind_of_ends() == 1
    with time_machine.travel(trial.expires_at + timedelta(minutes=1)):
        assert ending.due() == [("suspend", trial)]


def test_what_is_paid_and_has_an_end_is_stopped_then_and_no_plan_waits_beyond_it(paid):
    with time_machine.travel("2026-12-01T12:00:00Z", tick=False) as clock:
        end = timezone.now() + timedelta(days=5)
        ending.change_expiry(paid, end)
        with pytest.raises(WrongState):
            plan_changes.order(paid, "business", at_period_end=True)
        ending.change_expiry(paid, end + timedelta(days=30))
        plan_changes.order(paid, "business", at_period_end=True)
        ending.change_expiry(paid, end)
        paid.refresh_from_db()
        assert ending.stops_at(paid) == end
        clock.move_to(end + timedelta(minutes=1))
        assert ending.due() == [("suspend", paid)]


def test_what_is_tried_out_in_test_mode_costs_nothing_with_another_plan_either(trial):
    Instance.objects.update(workspace=TEST)
    assert plan_changes.order(trial, "starter").estimated_cost == 0


def test_the_command_means_the_living_instance_of_customers_and_none_of_test_mode(paid, make_instance):
    tried = make_instance("tried", state=InstanceState.READY)
    Instance.objects.filter(pk=tried.pk).update(workspace=TEST, client_name=paid.client_name)
    call_command("change_plan", paid.client_name, "business", "--json", stdout=StringIO())
    assert PlanChange.objects.get().instance == paid
