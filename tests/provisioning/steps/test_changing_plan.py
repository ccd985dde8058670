"""Another plan for an Odoo that runs: what it needs is set and proven, or what was there comes back."""

import httpx
import pytest
from django.core import mail as mailbox

from provisioning.engine.recipes import RECIPES
from provisioning.models import Operation, Step
from provisioning.odoo.client import OdooClient
from provisioning.sandbox import Sandbox
from provisioning.states import OperationKind, OperationState, StepState
from tenants.lifecycle import InstanceState
from tenants.mails import outbox
from tenants.models import Agreement, AuditEntry, Instance, Mail, Plan, PlanChange
from tenants.services import instances, plan_changes, preconditions
from tests import customers, trials

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_hashes")]
STEPS = [step.code for step in RECIPES[OperationKind.CHANGE_PLAN].steps]


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


def installed(sandbox, instance):
    """As its administrator sees it."""
    with httpx.Client(base_url=instance.url) as client:

        def ask(path, **params):
            return client.post(path, json={"jsonrpc": "2.0", "method": "call", "params": params}).json()["result"]

        ask("/web/session/authenticate", db=instance.database_name, login=instance.admin_email,
            password=instance.admin_password())  # fmt: skip
        rows = ask("/web/dataset/call_kw/ir.module.module/search_read", model="ir.module.module",
                   method="search_read", args=[[["state", "=", "installed"]], ["name"]], kwargs={})  # fmt: skip
    return {row["name"] for row in rows}


def test_a_trial_becomes_a_paid_plan_with_its_modules_limits_price_and_agreement(ready, change, sandbox):
    instance, password = ready(), None
    password = instance.admin_password()
    assert instance.expires_at
    assert change(instance, "business").state == OperationState.SUCCEEDED
    instance.refresh_from_db()
    plan = Plan.objects.get(code="business")
    assert (instance.state, instance.plan, instance.price_per_month) == (InstanceState.READY, plan, 129)
    assert (instance.expires_at, instance.estimated_cost) == (None, 24)
    assert {"stock", "project"} <= installed(sandbox, instance)
    found = services(sandbox, instance)
    assert found["odoo"]["limits"] == {"memory_gb": 4, "v_cpus": 4}
    assert found["Postgres"]["limits"] == {"memory_gb": 2, "v_cpus": 2}
    assert [each["deploymentsByStatus"].get("SUCCESS") for each in found.values()] == [1, 1]
    assert found["odoo"]["repository"] == plan.blueprint.repository
    assert not found["odoo"]["autoDeploy"]
    agreement = Agreement.objects.get(instance=instance)
    assert (agreement.plan, agreement.price_per_month, agreement.email) == (plan, 129, instance.admin_email)
    assert instance.admin_password() == password, "who proved it first keeps it"
    assert set(Mail.objects.values_list("kind", flat=True)) == {"welcome", "plan_changed"}
    trials.assert_ledger_is_true(trials.only_project(sandbox, instance), instance)
