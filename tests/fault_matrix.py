"""The faults that strike in the two fault matrices, and the document in which their outcomes are kept."""

import os
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings as site

from provisioning.states import OperationState, StepState
from tests import trials

ANY_STORE = pytest.mark.any_store(
    "the faults are Railway's and Odoo's; what the engine writes under them, test_contract tries on both for every step"
)
WRITING = bool(os.environ.get("WRITE_FAULT_MATRIX"))
DOCUMENT = Path(site.BASE_DIR) / "docs" / "fault-matrix.md"
TABLE = "| fault | strikes at | what comes of it |\n|---|---|---|\n"
WAITS = "goes on by itself"
FAILS = "fails"
ORDINARY = ("waiting_for_postgres", "waiting_for_odoo", "waiting_for_deletion")
REQUESTS = {
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
}
RENAMING = {"“true” that renamed nothing": {"kind": "no_effect", "operation": "DomainRename", "times": 1}}
THROTTLES = {
    "projects created too quickly": {
        "kind": "error",
        "operation": "ProjectCreate",
        "message": "You are creating projects too quickly. Please wait before creating another project.",
        "times": 2,
    },
    "volumes created too quickly": {
        "kind": "error",
        "operation": "VolumeCreate",
        "message": "You are creating volumes too quickly. Please wait before creating another volume.",
        "times": 2,
    },
}
DEPLOYMENTS = {
    "deployments paused": {"kind": "paused", "times": 2},
    "deployment FAILED": {"kind": "failed", "times": 1},
    "deployment CRASHED": {"kind": "crashed", "times": 1},
    "deployment stuck": {"kind": "stuck", "times": 1},
}
# first it is a success; it ends before anybody has logged in
ENDING = {"deployment CRASHED after its success": {"kind": "crashed_later", "seconds": 5.0, "times": 1}}
ODOO = {
    "Odoo unreachable": {"kind": "unreachable", "seconds": 40.0},
    "certificate late": {"kind": "late_certificate", "seconds": 40.0},
    "style sheets broken": {"kind": "asset_error", "times": 1},
    "Odoo refuses the login": {"kind": "login_fails"},
    "wrong language": {"kind": "wrong_language", "language": "en_US"},
    "admin/admin opens": {"kind": "default_login_open"},
    "database manager open": {"kind": "manager_open"},
}
FAULTS = REQUESTS | RENAMING | THROTTLES | DEPLOYMENTS | ENDING | ODOO


def documented(title):
    """The table as it is kept under this heading, by step and fault."""
    _before, section, _after = _parts(title)
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    rows = [line.strip("| ").split(" | ") for line in lines[1:]]
    return {(code.strip("`"), fault): told for fault, code, told in rows}


def write(title, text, rows):
    """Put the table under its heading; what stands elsewhere stays."""
    before, _section, after = _parts(title)
    DOCUMENT.write_text(f"{before}## {title}\n\n{text}\n{TABLE}" + "\n".join(rows) + f"\n{after}")


def row(fault, code, told):
    return f"| {fault} | `{code}` | {told} |"


def in_words(ended, reasons):
    """What came of it: no harm, waited with which reasons, or failed with which reason."""
    if ended.state == OperationState.FAILED:
        return f"{FAILS}: `{ended.reason}`, completes when retried"
    return f"{WAITS}: {', '.join(f'`{reason}`' for reason in reasons)}" if reasons else "no harm"


def waiting(noticed):
    """Calls ``noticed`` with each step that waits for something that is not in the ordinary course of things."""

    def written(step):
        if step.reason and step.reason not in ORDINARY:
            noticed(step)

    return trials.at_step("", StepState.WAITING, written)


@contextmanager
def time_passing_before_the_proof(fault, clock, sandbox):
    """So much that what is to end after its success has ended."""
    passed = []

    def pass_once(step):
        if fault in ENDING and step.code.startswith("prove_") and step.code != "prove_gone" and not passed:
            passed.append(step)
            clock.shift(ENDING[fault]["seconds"] + 1)
            sandbox.advance(0)

    with trials.at_step("", StepState.RUNNING, pass_once):
        yield


def _parts(title):
    text = DOCUMENT.read_text() if DOCUMENT.exists() else ""
    before, heading, rest = text.partition(f"## {title}\n")
    if not heading:
        return f"{text}\n", "", ""
    section, following, after = rest.partition("\n## ")
    return before, section, following + after
