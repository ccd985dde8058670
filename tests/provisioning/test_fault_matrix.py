"""Every step of a creation under every fault: what comes of it, and that one of everything is left in the end.

The table of outcomes is kept in docs/fault-matrix.md; ``make fault-matrix`` writes it anew, in one process.
"""

import os
from pathlib import Path

import pytest
from django.conf import settings as site

from provisioning import engine
from provisioning.models import Operation, Step
from provisioning.reasons import REASONS
from provisioning.recipes import RECIPES
from provisioning.states import OperationState, StepState
from tests import trials

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_hashes")]

WRITING = bool(os.environ.get("WRITE_FAULT_MATRIX"))
HEAD = """# The fault matrix

What comes of a creation when a fault strikes one of its steps. Written by `make fault-matrix` from what happened; the
suite compares. After every one of these there is exactly one of everything: one project, two services with one running
deployment each, two volumes, one address, one mail, nothing under way. Where it says *fails*, that is after the fault
was lifted and the creation retried, which goes on from the failed step. The codes are in the catalogue of reasons.

| fault | strikes at | what comes of it |
|---|---|---|
"""
DOCUMENT = Path(site.BASE_DIR) / "docs" / "fault-matrix.md"
WAITS = "goes on by itself"
FAILS = "fails"
STEPS = [step.code for step in RECIPES["create"].steps if step.code != "announce"]
FRESH_STARTS = ("deployment FAILED", "deployment CRASHED", "deployment stuck")
DEPLOYS = ("deploy_postgres", "deploy_odoo")
FAULTS = {
    "429 with Retry-After": {"kind": "rate_limited", "retry_after": 7.0, "times": 2},
    "5xx": {"kind": "server_error", "status": 503, "times": 2},
    "HTML from the edge": {"kind": "html", "times": 2},
    "time-out before the effect": {"kind": "timeout_before", "seconds": 0.05, "times": 1},
    "time-out after the effect": {"kind": "timeout_after", "seconds": 0.05, "times": 1},
    "answer lost after the effect": {"kind": "lost_answer", "times": 1},
    "read-after-write lag": {"kind": "lag", "seconds": 20.0},
    "“true” that did nothing": {"kind": "no_effect", "times": 1},
    "half of the aliases done": {"kind": "partial", "times": 1},
    "unknown error": {"kind": "error", "message": "Problem processing request", "times": 2},
    "token refused": {"kind": "token_refused"},
    "deployments paused": {"kind": "paused", "times": 2},
    "deployment FAILED": {"kind": "failed", "times": 1},
    "deployment CRASHED": {"kind": "crashed", "times": 1},
    "deployment stuck": {"kind": "stuck", "times": 1},
    "Odoo unreachable": {"kind": "unreachable", "seconds": 40.0},
    "certificate late": {"kind": "late_certificate", "seconds": 40.0},
    "style sheets broken": {"kind": "asset_error", "times": 1},
    "Odoo refuses the login": {"kind": "login_fails"},
    "wrong language": {"kind": "wrong_language", "language": "en_US"},
    "admin/admin opens": {"kind": "default_login_open"},
    "database manager open": {"kind": "manager_open"},
}
ONLY_WHERE = {
    "deployments paused": DEPLOYS,
    "deployment FAILED": DEPLOYS,
    "deployment CRASHED": DEPLOYS,
    "deployment stuck": DEPLOYS,
    **dict.fromkeys(list(FAULTS)[15:], ("prove_login",)),
    **dict.fromkeys(list(FAULTS)[:11], tuple(code for code in STEPS if code != "prove_login")),
}
CASES = [(code, fault) for fault in FAULTS for code in STEPS if code in ONLY_WHERE[fault]]


def documented():
    """The table as it is kept, by step and fault."""
    if not DOCUMENT.exists():
        return {}
    lines = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| ")]
    rows = [line.strip("| ").split(" | ") for line in lines[1:]]
    return {(code.strip("`"), fault): told for fault, code, told in rows}


DOCUMENTED = documented()


@pytest.fixture(scope="module")
def found():
    """The rows of the table, written down at the end when that was asked for."""
    rows = []
    yield rows
    if WRITING:
        DOCUMENT.write_text(HEAD + "\n".join(rows) + "\n")


def outcome(operation, clock, sandbox):
    """In words: straight on, waited with which reasons, or failed with which reason."""
    reasons = []

    def waited(step):
        if step.reason and step.reason not in reasons and step.reason not in ORDINARY:
            reasons.append(step.reason)

    with trials.at_step("", StepState.WAITING, waited):
        ended = trials.finish(operation, clock, sandbox)
    if ended.state == OperationState.FAILED:
        return ended, f"{FAILS}: `{ended.reason}`, completes when retried"
    return ended, f"{WAITS}: {', '.join(f'`{reason}`' for reason in reasons)}" if reasons else "no harm"


ORDINARY = ("waiting_for_postgres", "waiting_for_odoo")


@pytest.mark.parametrize(("code", "fault"), CASES)
def test_a_fault_has_the_outcome_that_the_matrix_says_and_leaves_one_of_everything(
    code, fault, sandbox, order_instance, clock, found
):
    operation = Operation.objects.get(instance=order_instance())
    struck = []

    def strike(step):
        if not struck:
            struck.append(sandbox.faults.add(**FAULTS[fault]))

    with trials.at_step(code, StepState.RUNNING, strike):
        ended, told = outcome(operation, clock, sandbox)
    if ended.state == OperationState.FAILED:
        assert ended.reason in REASONS
        assert Step.objects.get(operation=operation, state=StepState.FAILED).code == code
        sandbox.faults.clear()
        engine.retry(ended)
        ended = trials.finish(operation, clock, sandbox)
    assert ended.state == OperationState.SUCCEEDED
    restarted = code if fault in FRESH_STARTS else ""
    trials.assert_exactly_one_of_everything(sandbox, operation.instance, restarted=restarted)
    found.append(f"| {fault} | `{code}` | {told} |")
    assert WRITING or told == DOCUMENTED[code, fault]
