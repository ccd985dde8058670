"""What comes after a creation (suspension, resumption, new password or address, end) under every fault at every step.

One life a fault: the fault strikes each step of each recipe in turn. Kept in docs/fault-matrix.md like the creation's.
"""

from collections import defaultdict

import pytest

from provisioning.engine import running
from provisioning.engine.recipes import RECIPES
from provisioning.models import Operation, Step
from provisioning.reasons import REASONS
from provisioning.sandbox import Sandbox
from provisioning.states import OperationState, StepState
from provisioning.steps import safeguard
from tenants.lifecycle import InstanceState
from tests import fault_matrix, trials
from tests.fault_matrix import DEPLOYMENTS, ENDING, FAULTS, ODOO, REQUESTS, THROTTLES

pytestmark = [fault_matrix.ANY_STORE, pytest.mark.django_db, pytest.mark.usefixtures("quick_hashes")]

TITLE = "After the creation"
TEXT = """\
A fault of Railway strikes the request that changes something, where a step has one. In the end nothing runs
that was suspended, what was resumed runs once, the new password and address log in, and of what was
decommissioned Railway lists nothing. Where it says *fails*, that is after a retry.
"""
LIFE = ("suspend", "resume", "reset_password", "change_email", "renew_access", "decommission")
ASK_ODOO = ("prove_service", "set_password", "set_email", "prove_login")
DEPLOYS = ("deploy_postgres", "deploy_odoo")
CHANGES = {
    "stop_services": "DeploymentsRemove",
    "deploy_postgres": "Deploy",
    "deploy_odoo": "Deploy",
    "delete_project": "ProjectScheduleDelete",
}
OF_CHANGES = ("time-out after the effect", "answer lost after the effect", "“true” that did nothing")
# nothing that can lag is made here, and no request here changes more than one thing
ELSEWHERE = ("read-after-write lag", "half of the aliases done", "“true” that renamed nothing", *THROTTLES)
UNSTARTED = ("deployment FAILED", "deployment CRASHED", "deployment stuck", "“true” that did nothing")
LASTING = {"Odoo unreachable": {"kind": "unreachable"}, "certificate late": {"kind": "late_certificate"}}
DOCUMENTED = fault_matrix.documented(TITLE)


@pytest.fixture(scope="module")
def found():
    rows = []
    yield rows
    if fault_matrix.WRITING:
        fault_matrix.write(TITLE, TEXT, rows)


@pytest.fixture
def sandbox(settings):
    with Sandbox(deletion_grace_seconds=600) as running:
        settings.RAILWAY_API_URL = running.url
        settings.RAILWAY_WORKSPACE_ID = running.workspace_id
        yield running


def strikes(fault, code):
    if code in safeguard.STEPS:
        # they ask neither Railway nor Odoo
        return False
    if fault in ODOO:
        return code in ASK_ODOO
    if fault in DEPLOYMENTS or fault in ENDING:
        return code in DEPLOYS
    return code in CHANGES or (code not in ASK_ODOO and fault not in OF_CHANGES)


def idle(step):
    """A restart that nothing has asked for: what was kept still opens Odoo."""
    restarts = step.code == "deploy_odoo" and step.operation.kind in ("reset_password", "change_email")
    return restarts and "access_revision" not in step.operation.facts


def scripted(fault, code):
    if fault in LASTING:
        return LASTING[fault]
    aimed = fault in REQUESTS and fault != "token refused" and code in CHANGES
    return FAULTS[fault] | ({"operation": CHANGES[code]} if aimed else {})


def noticed_at(code, fault, struck, told):
    """Where what is noticed at this step has struck: Odoo's start waits for a database that does not come up."""
    database = fault in UNSTARTED and code == "deploy_odoo" and "deploy_postgres" in struck and not told
    return "deploy_postgres" if database else code


def suffer(operation, fault, clock, sandbox):
    """Run the operation with the fault at each of its steps once, retrying what fails; what came of each step."""
    struck, told, reasons = [], {}, defaultdict(list)

    def strike(step):
        if noticed_at(step.code, fault, struck, told) not in struck and strikes(fault, step.code) and not idle(step):
            struck.append(step.code)
            sandbox.faults.add(**scripted(fault, step.code))

    def calm(step):
        sandbox.faults.clear()

    def notice(step):
        if fault in LASTING:
            sandbox.faults.clear()
        if step.reason not in reasons[step.code]:
            reasons[step.code].append(step.reason)

    with (
        fault_matrix.time_passing_before_the_proof(fault, clock, sandbox),
        trials.at_step("", StepState.RUNNING, strike),
        trials.at_step("", StepState.DONE, calm),
        fault_matrix.waiting(notice),
    ):
        ended = trials.finish(operation, clock, sandbox)
        while ended.state == OperationState.FAILED:
            assert ended.reason in REASONS
            failed = Step.objects.get(operation=ended, state=StepState.FAILED).code
            failed = noticed_at(failed, fault, struck, told)
            assert failed not in told, f"{failed} fails again: {ended.message}"
            told[failed] = fault_matrix.in_words(ended, [])
            sandbox.faults.clear()
            running.retry(ended)
            ended = trials.finish(ended, clock, sandbox)
    return {code: fault_matrix.in_words(ended, reasons[code]) for code in struck} | told


def assert_came_true(kind, sandbox, instance):
    instance.refresh_from_db()
    project = trials.only_project(sandbox, instance)
    running = [service["deploymentsByStatus"].get("SUCCESS", 0) for service in project["services"]]
    match kind:
        case "suspend":
            assert (instance.state, running) == (InstanceState.SUSPENDED, [0, 0])
        case "decommission":
            assert (instance.state, project["deleted"]) == (InstanceState.DECOMMISSIONED, True)
            assert not instance.resources.filter(gone_at=None).exists()
        case _:
            assert (instance.state, running) == (InstanceState.READY, [1, 1])
            trials.assert_ledger_is_true(project, instance)
    assert not Operation.objects.active().filter(instance=instance).exists()


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault not in ELSEWHERE])
def test_a_fault_at_every_step_of_a_life_has_the_outcome_that_the_matrix_says(
    fault, sandbox, order_instance, clock, found
):
    instance = order_instance()
    assert trials.finish(Operation.objects.get(instance=instance), clock, sandbox).state == OperationState.SUCCEEDED
    told = {}
    for kind in LIFE:
        if not any(strikes(fault, step.code) for step in RECIPES[kind].steps) and kind != "suspend":
            continue
        came = suffer(trials.order(kind, instance), fault, clock, sandbox)
        assert_came_true(kind, sandbox, instance)
        told |= {f"{kind}.{code}": words for code, words in came.items()}
    found.extend(fault_matrix.row(fault, code, words) for code, words in told.items())
    assert told
    assert fault_matrix.WRITING or told == {code: DOCUMENTED.get((code, fault)) for code in told}
