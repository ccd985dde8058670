"""The contract of a step, kept by every step of every recipe: run at least once, with its effect exactly once."""

from datetime import timedelta

import pytest

from provisioning import tasks
from provisioning.engine import running
from provisioning.engine.recipes import RECIPES
from provisioning.models import Operation, Step
from provisioning.sandbox import Sandbox
from provisioning.states import OperationKind, OperationState, StepState
from provisioning.steps import afterwards, safeguard
from tenants.lifecycle import InstanceState
from tenants.models import Mail
from tenants.services import pool as pools
from tests import trials

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_hashes")]

# a warm unit is made as every instance is, but for its last step; what brings a former state back ends otherwise when
# it is refused: tests/journeys/test_restore.py and test_changing_plan.py kill it at each of its steps
STEPS = [
    (kind, step.code)
    for kind, recipe in RECIPES.items()
    for step in recipe.steps
    if kind not in (OperationKind.RESTORE, OperationKind.CHANGE_PLAN)
    and (kind != OperationKind.PREPARE or step not in RECIPES[OperationKind.CREATE].steps)
]
# a source that Railway builds takes another way through these
BUILT = [("create", "configure", "starter"), ("create", "deploy_odoo", "starter")]
CASES = [(kind, code, "demo") for kind, code in STEPS] + BUILT
STARTS = {OperationKind.RESUME: 2}
RESTARTED = {OperationKind.RENEW_ACCESS: "deploy_odoo"}
MAILS = {OperationKind.RESET_PASSWORD: 2, OperationKind.CHANGE_EMAIL: 2, OperationKind.RENEW_ACCESS: 2}
# a refused login is answered by a restart, which is refused as well; a restart that nothing asks for asks nobody
PASSED_ON = {
    ("reset_password", "set_password"): "deploy_odoo",
    ("reset_password", "deploy_odoo"): "prove_login",
    ("change_email", "set_email"): "deploy_odoo",
    ("change_email", "deploy_odoo"): "prove_login",
}
# what Odoo refuses there, another unit or an ordinary creation makes good
TAKEN_OVER = [("hand_over", "give_odoo"), ("hand_over", "prove_login")]
FEWEST_WRITES = 60
SHARES = 3

every_step = pytest.mark.parametrize(("kind", "code", "plan"), CASES)


@pytest.fixture
def sandbox(settings):
    with Sandbox(deletion_grace_seconds=600) as running:
        settings.RAILWAY_API_URL = running.url
        settings.RAILWAY_WORKSPACE_ID = running.workspace_id
        yield running


@pytest.fixture
def order(order_instance, clock, sandbox):
    """Order an operation of a kind on a new instance, in a state that allows it."""

    def order(kind, plan="demo", name="acme-corp"):
        if kind in (OperationKind.PREPARE, OperationKind.HAND_OVER):
            pools.resize(pools.pool_of(plan), 1)
            preparation = Operation.objects.get(kind=OperationKind.PREPARE)
            if kind == OperationKind.PREPARE:
                return preparation
            done(preparation, clock, sandbox)
        instance = order_instance(name, plan_code=plan)
        if kind == OperationKind.HAND_OVER:
            # its successor is not what is tried here
            pools.pause(pools.pool_of(plan))
            return Operation.objects.get(instance=instance, kind=kind)
        creation = Operation.objects.get(instance=instance)
        if kind == OperationKind.CREATE:
            return creation
        done(creation, clock, sandbox)
        if kind == OperationKind.RESUME:
            done(trials.order("suspend", instance), clock, sandbox)
        return trials.order(kind, instance)

    return order


def done(operation, clock, sandbox):
    ended = trials.finish(operation, clock, sandbox)
    assert ended.state == OperationState.SUCCEEDED, f"{ended.reason}: {ended.message}"
    return ended


def assert_as_it_should_be(sandbox, operation):
    instance = operation.instance
    instance.refresh_from_db()
    match operation.kind:
        case OperationKind.SUSPEND:
            assert instance.state == InstanceState.SUSPENDED
            services = trials.only_project(sandbox, instance)["services"]
            assert [service["deploymentsByStatus"] for service in services] == [{"REMOVED": 1}] * 2
        case OperationKind.DECOMMISSION:
            assert instance.state == InstanceState.DECOMMISSIONED
            assert trials.only_project(sandbox, instance)["deleted"]
            assert not instance.resources.filter(gone_at=None).exists()
        case OperationKind.PREPARE:
            assert instance.state == InstanceState.WARM
            assert instance.unit.warm_at
            trials.only_project(sandbox, instance)
            assert not Mail.objects.exists()
        case kind:
            trials.assert_exactly_one_of_everything(
                sandbox,
                instance,
                starts=STARTS.get(kind, 1),
                mails=MAILS.get(kind, 1),
                restarted=RESTARTED.get(kind) or ("deploy_odoo" if operation.facts.get("access_revision") else ""),
            )


@every_step
def test_a_step_run_twice_has_its_effect_once(kind, code, plan, order, sandbox, clock):
    operation = order(kind, plan)
    again = []

    def to_do_again(step):
        if not again:
            again.append(step)
            Step.objects.filter(pk=step.pk).update(state=StepState.PENDING, ended_at=None)
            # whoever takes over does it once more
            Operation.objects.filter(pk=step.operation_id).update(lease_token="", lease_expires_at=None)

    with trials.at_step(code, StepState.DONE, to_do_again):
        ended = done(operation, clock, sandbox)
    assert Step.objects.get(operation=operation, code=code).attempts >= 2
    assert_as_it_should_be(sandbox, ended)


@every_step
def test_a_step_killed_after_its_effect_and_before_its_record_has_it_once(kind, code, plan, order, sandbox, clock):
    operation = order(kind, plan)
    deaths = []

    def die(step):
        if not deaths:
            deaths.append(step)
            raise trials.Killed

    with trials.at_step(code, StepState.DONE, die):
        ended = done(operation, clock, sandbox)
    assert deaths
    assert_as_it_should_be(sandbox, ended)


@pytest.mark.django_db(transaction=True)
@every_step
def test_a_step_killed_at_every_write_in_turn_has_its_effect_once(kind, code, plan, order, sandbox, clock):
    """The first run dies at its first write, the second at its second, ..., until one gets through."""
    operation = order(kind, plan)
    tripwire = trials.Tripwire()
    deaths = []

    def arm(step):
        deaths.append(step)
        tripwire.arm(len(deaths), after=len(deaths) % 2 == 0)

    with tripwire.watching(), trials.at_step(code, StepState.RUNNING, arm):
        ended = done(operation, clock, sandbox)
    assert len(deaths) > 1
    assert_as_it_should_be(sandbox, ended)


@every_step
def test_a_step_that_meets_a_passing_fault_goes_on_by_itself(kind, code, plan, order, sandbox, clock):
    operation = order(kind, plan)
    faults = []

    def strike(step):
        if not faults:
            faults.append(sandbox.faults.add(kind="server_error", times=2))
            faults.append(sandbox.faults.add(kind="unreachable"))

    def calm(step):
        sandbox.faults.clear()

    with trials.at_step(code, StepState.RUNNING, strike), trials.at_step("", StepState.WAITING, calm):
        ended = done(operation, clock, sandbox)
    assert_as_it_should_be(sandbox, ended)


@pytest.mark.parametrize(("kind", "code", "plan"), [case for case in CASES if case[:2] not in TAKEN_OVER])
def test_a_step_that_is_refused_fails_and_a_retry_after_mending_completes(kind, code, plan, order, sandbox, clock):
    operation = order(kind, plan)
    strike = {"token_refused": "*", "default_login_open": "*", "login_fails": "*"}

    def break_everything(step):
        if not sandbox.faults.all():
            for fault in strike:
                sandbox.faults.add(kind=fault)

    with trials.at_step(code, StepState.RUNNING, break_everything):
        ended = trials.finish(operation, clock, sandbox)
        if ended.state == OperationState.SUCCEEDED:
            assert code == "announce", "only what asks nobody cannot be refused"
        else:
            # what makes sure of a backup asks neither Railway nor Odoo: what follows is refused
            refused = "stop_services" if code in safeguard.STEPS else PASSED_ON.get((kind, code), code)
            assert Step.objects.get(operation=operation, code=refused).state == StepState.FAILED
            assert ended.reason
            assert ended.message
    sandbox.faults.clear()
    if ended.state == OperationState.FAILED:
        running.retry(ended)
        ended = done(operation, clock, sandbox)
    assert_as_it_should_be(sandbox, ended)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", range(1, SHARES + 1))
def test_a_creation_killed_before_any_of_its_writes_leaves_one_of_everything(first, order, sandbox, clock):
    """Each write to the database in turn, on an instance of its own; in shares, for several processes."""
    number, tripped = first, True
    while tripped:
        tripwire = trials.Tripwire()
        operation = order("create", name=f"acme-{number}")
        tripwire.arm(number, after=False)
        with tripwire.watching():
            done(operation, clock, sandbox)
        # what follows a creation may have been cut off too: it is asked for again after its pause
        clock.shift(afterwards.PAUSE + timedelta(seconds=1))
        tasks.tend_afterwards()
        trials.assert_exactly_one_of_everything(sandbox, operation.instance)
        number, tripped = number + SHARES, tripwire.tripped
    assert number > FEWEST_WRITES


@pytest.mark.parametrize("jump", [-3_600, 3_600, 86_400])
def test_a_clock_of_ours_that_jumps_in_the_middle_of_a_creation_does_no_harm(jump, order, sandbox, clock):
    operation = order("create")

    def jump_here(step):
        clock.shift(jump)
        sandbox.advance(-jump)

    with trials.at_step("deploy_odoo", StepState.WAITING, jump_here):
        ended = done(operation, clock, sandbox)
    assert_as_it_should_be(sandbox, ended)
