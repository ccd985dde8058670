"""A change of plan whose runners are killed, and whose answers are lost: one of the two plans, and nothing twice."""

import pytest

from provisioning.engine.recipes import RECIPES
from provisioning.states import OperationKind, OperationState, StepState
from tenants.models import Agreement, Instance, Mail, Plan
from tenants.services import plan_changes
from tests import trials
from tests.provisioning.steps.test_changing_plan import (  # noqa: F401  fixtures
    assert_as_before,
    change,
    like,
    ready,
    sandbox,
    services,
    state_of,
)

# ruff: noqa: F811  the fixtures
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_hashes")]
STEPS = [step.code for step in RECIPES[OperationKind.CHANGE_PLAN].steps]


@pytest.mark.parametrize("opens", [True, False])
@pytest.mark.parametrize("plan", ["starter", "other"])
def test_workers_killed_at_each_step_leave_the_new_plan_or_the_former_one(opens, plan, ready, sandbox, clock):
    instance = ready()
    before = state_of(sandbox, instance)
    like("demo", "other", odoo_memory_gb=2, postgres_memory_gb=2)
    Plan.objects.filter(code=plan).update(modules="crm,stock" if opens else "crm,nosuchmodule")
    operation, deaths = plan_changes.order(instance, plan).operation, []

    def die(step):
        if step.code not in deaths:
            deaths.append(step.code)
            raise trials.Killed

    with trials.at_step("", StepState.DONE, die):
        ended = trials.finish(operation, clock, sandbox)
    assert deaths == (STEPS if opens else STEPS[:-1])
    if opens:
        assert ended.state == OperationState.SUCCEEDED, (ended.reason, ended.message)
        assert (Instance.objects.get().plan.code, Agreement.objects.count()) == (plan, 1)
        assert [each["deploymentsByStatus"].get("SUCCESS") for each in services(sandbox, instance).values()] == [1, 1]
        assert Mail.objects.filter(kind="plan_changed").count() == 1
    else:
        assert ended.reason == "plan_not_changed"
        assert_as_before(sandbox, instance, "demo", before)
    trials.assert_ledger_is_true(trials.only_project(sandbox, instance), instance)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("code", ["apply_plan", "deploy_odoo", "prove_login", "bring_back", "conclude"])
def test_a_step_killed_at_every_write_in_turn_has_its_effect_once(code, ready, sandbox, clock):
    instance = ready()
    before = state_of(sandbox, instance)
    failing = code == "bring_back"
    like("demo", "other", modules=f"crm,sale_management,{'nosuchmodule' if failing else 'stock'}")
    operation = plan_changes.order(instance, "other").operation
    tripwire, deaths = trials.Tripwire(), []

    def arm(step):
        deaths.append(step)
        tripwire.arm(len(deaths), after=len(deaths) % 2 == 0)

    with tripwire.watching(), trials.at_step(code, StepState.RUNNING, arm):
        ended = trials.finish(operation, clock, sandbox)
    assert len(deaths) > 1
    if failing:
        assert ended.reason == "plan_not_changed"
        assert_as_before(sandbox, instance, "demo", before)
    else:
        assert ended.state == OperationState.SUCCEEDED, (ended.reason, ended.message)
        assert services(sandbox, instance)["odoo"]["deploymentCount"] == 2
        assert (Agreement.objects.count(), Mail.objects.filter(kind="plan_changed").count()) == (1, 1)


@pytest.mark.parametrize("lost", ["timeout_after", "lost_answer"])
@pytest.mark.parametrize("document", ["Configure", "SetVariables", "Deploy"])
def test_an_answer_that_is_lost_starts_nothing_twice(lost, document, ready, sandbox, change):
    instance = ready()
    like("demo", "other", odoo_memory_gb=2)
    sandbox.faults.add(kind=lost, operation=document, times=1, seconds=0.05)
    assert change(instance, "other").state == OperationState.SUCCEEDED
    assert services(sandbox, instance)["odoo"]["deploymentCount"] == 2
