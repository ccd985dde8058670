"""Another plan for an Odoo that runs: what it needs is set and proven, or what was there comes back."""

import httpx
import pytest

from provisioning.engine import running
from provisioning.gate import clients
from provisioning.models import Agent, Operation
from provisioning.railway.results import EnvironmentRef
from provisioning.sandbox import Sandbox
from provisioning.states import OperationState, StepState
from tenants.lifecycle import InstanceState
from tenants.models import Agreement, Instance, Mail, Plan, PlanChange
from tenants.services import ending, instances, plan_changes, preconditions, reconciliation
from tests import customers, trials

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_hashes")]
MODULES = "ir.module.module"
OF_A_PLAN = ("PROV_MODULES", "PROV_ADDONS_PATH", "PROV_MEM_MB")


@pytest.fixture
def sandbox(settings):
    with Sandbox(deletion_grace_seconds=600) as running:
        settings.RAILWAY_API_URL = running.url
        settings.RAILWAY_WORKSPACE_ID = running.workspace_id
        yield running


@pytest.fixture
def ready(order_instance, clock, sandbox):
    """A proven instance of a plan: of a trial, unless said."""

    def ready(plan="demo", name="acme-corp"):
        instance = order_instance(name, plan_code=plan)
        creation = trials.finish(Operation.objects.get(instance=instance), clock, sandbox)
        assert creation.state == OperationState.SUCCEEDED, (creation.reason, creation.message)
        instance.refresh_from_db()
        return instance

    return ready


@pytest.fixture
def change(clock, sandbox):
    """Order another plan and let it come to its end, whatever that is."""

    def change(instance, plan):
        return trials.finish(plan_changes.order(instance, plan).operation, clock, sandbox)

    return change


def like(plan, code, **values):
    """Another plan that runs the same Odoo."""
    former = Plan.objects.get(code=plan)
    return Plan.objects.create(**{
        "code": code, "name_fr": code, "name_en": code, "price_per_month": 60, "estimated_cost": 12, "currency": "EUR",
        "odoo_memory_gb": former.odoo_memory_gb, "odoo_vcpus": former.odoo_vcpus,
        "postgres_memory_gb": former.postgres_memory_gb, "postgres_vcpus": former.postgres_vcpus,
        "modules": former.modules, "blueprint": former.blueprint, **values,
    })  # fmt: skip


def services(sandbox, instance):
    return {each["name"]: each for each in trials.only_project(sandbox, instance)["services"]}


class Administrator:
    """What its customer sees and does in Odoo, over its RPC."""

    def __init__(self, instance):
        self.client = httpx.Client(base_url=instance.url)
        self._ask("/web/session/authenticate", db=instance.database_name, login=instance.admin_email,
                  password=instance.admin_password())  # fmt: skip

    def call(self, method, *arguments):
        path = f"/web/dataset/call_kw/{MODULES}/{method}"
        return self._ask(path, model=MODULES, method=method, args=list(arguments), kwargs={})

    def _ask(self, path, **params):
        return self.client.post(path, json={"jsonrpc": "2.0", "method": "call", "params": params}).json()["result"]


def installed(instance):
    rows = Administrator(instance).call("search_read", [["state", "=", "installed"]], ["name"])
    return {row["name"] for row in rows}


def remove(instance, module):
    administrator = Administrator(instance)
    [row] = administrator.call("search_read", [["name", "=", module]], ["name"])
    administrator.call("write", [row["id"]], {"state": "uninstalled"})


def state_of(sandbox, instance):
    """What a plan decides of the services at Railway."""
    project = trials.only_project(sandbox, instance)
    found, place = services(sandbox, instance), EnvironmentRef(project["id"], project["environmentId"])
    told = clients.railway("default").service_details({each["id"]: place for each in found.values()})
    return {
        name: (
            *(each["image"], each["repo"], each["limits"]),
            *(told[each["id"]].variables.get(variable, "").strip() for variable in OF_A_PLAN),
        )
        for name, each in found.items()
    }


def assert_as_before(sandbox, instance, plan, before):
    instance.refresh_from_db()
    assert (instance.state, instance.plan.code) == (InstanceState.READY, plan)
    assert state_of(sandbox, instance) == before
    assert {"crm", "sale_management"} <= installed(instance)
    assert [each["deploymentsByStatus"].get("SUCCESS") for each in services(sandbox, instance).values()] == [1, 1]
    trials.assert_ledger_is_true(trials.only_project(sandbox, instance), instance)
    assert not Operation.objects.active().exists()


def test_a_trial_becomes_a_paid_plan_with_its_modules_limits_price_and_agreement(ready, change, sandbox):
    instance = ready()
    password = instance.admin_password()
    assert instance.expires_at
    assert change(instance, "business").state == OperationState.SUCCEEDED
    instance.refresh_from_db()
    plan = Plan.objects.get(code="business")
    assert (instance.state, instance.plan, instance.price_per_month) == (InstanceState.READY, plan, 129)
    assert (instance.expires_at, instance.estimated_cost) == (None, 24)
    assert {"stock", "project"} <= installed(instance)
    found = services(sandbox, instance)
    assert found["odoo"]["limits"] == {"memory_gb": 4, "v_cpus": 4}
    assert found["Postgres"]["limits"] == {"memory_gb": 2, "v_cpus": 2}
    assert [each["deploymentsByStatus"].get("SUCCESS") for each in found.values()] == [1, 1]
    assert found["odoo"]["repo"] == plan.blueprint.repository
    assert not found["odoo"]["autoDeploy"]
    agreement = Agreement.objects.get(instance=instance)
    assert (agreement.plan, agreement.price_per_month, agreement.email) == (plan, 129, instance.admin_email)
    assert instance.admin_password() == password, "who proved it first keeps it"
    assert set(Mail.objects.values_list("kind", flat=True)) == {"welcome", "plan_changed"}
    trials.assert_ledger_is_true(trials.only_project(sandbox, instance), instance)


def test_a_plan_that_needs_nothing_else_at_railway_restarts_nothing(ready, change, sandbox):
    instance = ready()
    like("demo", "paid")
    assert change(instance, "paid").state == OperationState.SUCCEEDED
    assert [each["deploymentCount"] for each in services(sandbox, instance).values()] == [1, 1]
    instance.refresh_from_db()
    assert (instance.plan.code, instance.price_per_month, instance.expires_at) == ("paid", 60, None)


def test_a_smaller_plan_takes_no_module_away_and_says_so_before(ready, change, sandbox):
    instance = ready("business")
    small = like("business", "small", modules="crm", odoo_memory_gb=2)
    told = plan_changes.offer(instance, small)
    assert (told.adds, set(told.stays), told.restarts) == ((), {"sale_management", "stock", "project"}, True)
    assert change(instance, "small").state == OperationState.SUCCEEDED
    assert {"crm", "sale_management", "stock", "project"} <= installed(instance)
    assert services(sandbox, instance)["odoo"]["limits"]["memory_gb"] == 2


def test_a_module_that_the_customer_removed_since_does_not_come_again_with_a_later_start(ready, change, sandbox, clock):
    instance = ready()
    like("demo", "more", modules="crm,sale_management,stock")
    change(instance, "more")
    remove(instance, "stock")
    for act in (instances.suspend, instances.resume):
        instance.refresh_from_db()
        assert trials.finish(act(instance), clock, sandbox).state == OperationState.SUCCEEDED
    assert "stock" not in installed(instance)


FAILURES = {
    "a module that there is not": ({"modules": "crm,nosuchmodule"}, {}),
    "a start that fails": ({"odoo_memory_gb": 3}, {"kind": "failed", "operation": "Deploy", "times": 1}),
    "a start that ends": ({"odoo_memory_gb": 3}, {"kind": "crashed", "operation": "Deploy", "times": 1}),
    "a database that fails": ({"postgres_memory_gb": 3}, {"kind": "failed", "service": "Postgres", "times": 1}),
    "a refused setting": ({"odoo_memory_gb": 3}, {"kind": "error", "operation": "SetVariables", "times": 1,
                                                 "message": "Not Authorized", "code": "FORBIDDEN"}),
    "requests that go wrong for long": ({"odoo_memory_gb": 3}, {"kind": "error", "operation": "Configure", "times": 9,
                                                               "message": "Problem processing request"}),
}  # fmt: skip


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("plan", ["demo", "business"])
def test_what_fails_leaves_the_former_plan_and_an_odoo_that_is_proven_to_open(
    failure, plan, ready, change, sandbox, clock
):
    instance = ready(plan)
    before, known = state_of(sandbox, instance), instance.expires_at
    values, fault = FAILURES[failure]
    like(plan, "other", **values)
    if fault:
        sandbox.faults.add(**fault)
    ended = change(instance, "other")
    assert (ended.state, ended.reason) == (OperationState.FAILED, "plan_not_changed"), ended.message
    assert_as_before(sandbox, instance, plan, before)
    assert Instance.objects.get().expires_at == known
    [told] = PlanChange.objects.all()
    assert (told.state, told.reason) == (PlanChange.State.FAILED, "plan_not_changed")
    assert not Agreement.objects.exists()
    assert set(Mail.objects.values_list("kind", flat=True)) == {"welcome", "plan_kept"}
    sandbox.faults.clear()
    # and the next one is not in its way
    like(plan, "good", postgres_memory_gb=3)
    assert change(Instance.objects.get(), "good").state == OperationState.SUCCEEDED


def test_another_odoo_that_does_not_start_gives_way_to_the_image_of_before(ready, change, sandbox):
    instance = ready()
    before = state_of(sandbox, instance)
    sandbox.faults.add(kind="failed", service="odoo", times=1)
    assert change(instance, "starter").reason == "plan_not_changed"
    assert_as_before(sandbox, instance, "demo", before)
    assert not services(sandbox, instance)["odoo"]["autoDeploy"]


def test_what_can_be_neither_changed_nor_brought_back_is_not_called_ready_and_goes_on_by_a_retry(
    ready, change, sandbox, clock
):
    instance = ready()
    before = state_of(sandbox, instance)
    like("demo", "other", odoo_memory_gb=3)
    sandbox.faults.add(kind="crashed", service="odoo", times=2)
    ended = change(instance, "other")
    assert (ended.state, ended.reason) == (OperationState.FAILED, "deployment_crashed")
    instance.refresh_from_db()
    assert (instance.state, instance.plan.code) == (InstanceState.FAILED, "demo")
    assert preconditions.why_not("change_plan", instance)
    assert preconditions.why_not("change_email", instance), "no creation is to be corrected"
    assert PlanChange.objects.get().state == PlanChange.State.BEGUN
    again = trials.finish(instances.retry(instance), clock, sandbox)
    assert again.reason == "plan_not_changed"
    assert_as_before(sandbox, instance, "demo", before)
    assert preconditions.retryable(Instance.objects.get()) is None


def test_what_was_stopped_for_its_end_between_two_plans_goes_on_when_that_is_undone(ready, change, sandbox, clock):
    instance = ready()
    like("demo", "other", odoo_memory_gb=3)
    sandbox.faults.add(kind="crashed", service="odoo", times=2)
    change(instance, "other")
    instance.refresh_from_db()
    trials.finish(ending.schedule_decommission(instance), clock, sandbox)
    ending.undo_decommission(instance)
    instance.refresh_from_db()
    assert trials.finish(instances.retry(instance), clock, sandbox).reason == "plan_not_changed"
    assert Instance.objects.get().state == InstanceState.READY
    assert "crm" in installed(instance)


def test_cancelled_before_anything_is_changed_nothing_is_and_between_two_plans_a_retry_goes_on(ready, sandbox, clock):
    instance = ready()
    like("demo", "other", odoo_memory_gb=3)
    for code, state in (("look", InstanceState.READY), ("deploy_odoo", InstanceState.FAILED)):
        operation = plan_changes.order(Instance.objects.get(), "other").operation
        with trials.at_step(code, StepState.DONE, lambda step: running.cancel(step.operation)):
            trials.finish(operation, clock, sandbox)
        assert Instance.objects.get().state == state
    instance.refresh_from_db()
    assert trials.finish(instances.retry(instance), clock, sandbox).state == OperationState.SUCCEEDED
    assert Instance.objects.get().plan.code == "other"


@pytest.mark.parametrize("change_of", customers.CHANGES)
def test_a_customer_who_has_changed_the_access_gets_another_plan_all_the_same(change_of, ready, change):
    instance = ready()
    customers.CHANGES[change_of](instance)
    like("demo", "other", odoo_memory_gb=3)
    assert change(instance, "other").state == OperationState.SUCCEEDED


@pytest.mark.parametrize(
    ("values", "reason"), [({"modules": "crm,stock"}, "no_backup_before"), ({"odoo_memory_gb": 3}, "")]
)
def test_programs_are_not_replaced_without_a_backup_where_one_can_be_kept(
    values, reason, ready, change, sandbox, storage
):
    instance = ready()
    before = state_of(sandbox, instance)
    Agent.objects.all().delete()
    like("demo", "other", **values)
    ended = change(instance, "other")
    assert ended.reason == reason, ended.message
    if reason:
        assert_as_before(sandbox, instance, "demo", before)
        assert PlanChange.objects.get().reason == reason
    else:
        # a restart alone loses nothing
        assert ended.facts["without_backup"] == "agent_silent"


def test_what_a_change_of_plan_has_made_is_what_the_comparison_with_railway_expects(ready, change, sandbox):
    instance = ready()
    change(instance, "business")
    found = reconciliation.reconcile(actor="test", rules=reconciliation.rules_of_the_settings(), apply=False)
    assert [each["kind"] for each in found.differences if each["kind"].startswith("drift")] == []
