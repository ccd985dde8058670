"""Every step of a creation under every fault: what comes of it, and that one of everything is left in the end.

The table of outcomes is kept in docs/fault-matrix.md; ``make fault-matrix`` writes it anew, in one process.
"""

import pytest

from provisioning.engine import running
from provisioning.engine.recipes import RECIPES
from provisioning.models import Operation, Step
from provisioning.reasons import REASONS
from provisioning.states import OperationState, StepState
from tests import fault_matrix, trials
from tests.fault_matrix import DEPLOYMENTS, ENDING, FAULTS, ODOO, RENAMING, REQUESTS

pytestmark = [fault_matrix.ANY_STORE, pytest.mark.django_db, pytest.mark.usefixtures("quick_hashes")]

TITLE = "A creation"
TEXT = """\
After every one of these there is exactly one of everything: one project, two services with one running
deployment each, two volumes, one address with its name, one mail, nothing under way. Where it says *fails*,
that is after the fault was lifted and the creation retried, which goes on from the failed step.
"""
STEPS = [step.code for step in RECIPES["create"].steps if step.code != "announce"]
FRESH_STARTS = ("deployment FAILED", "deployment CRASHED", "deployment stuck", *ENDING)
UNSTARTED = ("deployment FAILED", "deployment CRASHED", "deployment stuck", "“true” that did nothing")
ONLY_WHERE = {
    **dict.fromkeys(REQUESTS, tuple(code for code in STEPS if code != "prove_login")),
    **dict.fromkeys(RENAMING, ("create_domain",)),
    "projects created too quickly": ("create_project",),
    "volumes created too quickly": ("create_volumes",),
    **dict.fromkeys(DEPLOYMENTS, ("deploy_postgres", "deploy_odoo")),
    **dict.fromkeys(ENDING, ("deploy_postgres", "deploy_odoo")),
    **dict.fromkeys(ODOO, ("prove_login",)),
}
CASES = [(code, fault) for fault in FAULTS for code in STEPS if code in ONLY_WHERE[fault]]
DOCUMENTED = fault_matrix.documented(TITLE)


def test_the_matrix_holds_every_case_and_no_other():
    assert fault_matrix.WRITING or set(DOCUMENTED) == set(CASES)


@pytest.fixture(scope="module")
def found():
    """The rows of the table, written down at the end when that was asked for."""
    rows = []
    yield rows
    if fault_matrix.WRITING:
        fault_matrix.write(TITLE, TEXT, rows)


def outcome(operation, clock, sandbox):
    reasons = []
    with fault_matrix.waiting(lambda step: step.reason in reasons or reasons.append(step.reason)):
        ended = trials.finish(operation, clock, sandbox)
    return ended, fault_matrix.in_words(ended, reasons)


@pytest.mark.parametrize(("code", "fault"), CASES)
def test_a_fault_has_the_outcome_that_the_matrix_says_and_leaves_one_of_everything(
    code, fault, sandbox, order_instance, clock, found
):
    operation = Operation.objects.get(instance=order_instance())
    struck = []

    def strike(step):
        if not struck:
            struck.append(sandbox.faults.add(**FAULTS[fault]))

    passing = fault_matrix.time_passing_before_the_proof(fault, clock, sandbox)
    with passing, trials.at_step(code, StepState.RUNNING, strike):
        ended, told = outcome(operation, clock, sandbox)
    if ended.state == OperationState.FAILED:
        assert ended.reason in REASONS
        failed = Step.objects.get(operation=operation, state=StepState.FAILED).code
        # Odoo's start waits for its database
        noticed = "deploy_odoo" if code == "deploy_postgres" and fault in (*DEPLOYMENTS, *UNSTARTED) else code
        assert failed == ("prove_login" if fault in ENDING else noticed)
        sandbox.faults.clear()
        running.retry(ended)
        ended = trials.finish(operation, clock, sandbox)
    assert ended.state == OperationState.SUCCEEDED
    restarted = {code} if fault in FRESH_STARTS else set()
    if code == "deploy_postgres" and fault in UNSTARTED:
        # whose start has waited for it in vain
        restarted.add("deploy_odoo")
    trials.assert_exactly_one_of_everything(sandbox, operation.instance, restarted=restarted)
    found.append(fault_matrix.row(fault, code, told))
    assert fault_matrix.WRITING or told == DOCUMENTED[code, fault]
