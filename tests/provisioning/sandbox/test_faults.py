"""Every scripted fault, seen from outside."""

import time
from typing import Any

import httpx
import pytest

from tests.provisioning.sandbox.caller import (
    DEPLOY,
    FIND_PROJECTS,
    LOGIN,
    PASSWORD,
    PROJECT_CREATE,
    WHO_AM_I,
    Caller,
    get,
    post,
)
from tests.provisioning.sandbox.conftest import OpenSandbox
from tests.provisioning.sandbox.test_creation import authenticate


def projects(caller: Caller) -> int:
    return len(caller.sandbox.state()["projects"])


def wanted(caller: Caller, name: str = "acme-1") -> dict[str, str]:
    return {"workspaceId": caller.sandbox.workspace_id, "name": name}


@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        ({"kind": "rate_limited", "retry_after": 7}, 429, "RATE_LIMITED"),
        ({"kind": "server_error", "status": 502}, 502, "upstream"),
        ({"kind": "html", "status": 520}, 520, "<!DOCTYPE html>"),
        ({"kind": "token_refused"}, 200, "Not Authorized"),
        ({"kind": "error", "message": "Odd", "code": "NOT_FOUND"}, 200, '"NOT_FOUND"'),
    ],
)
def test_a_refusal_has_no_effect_and_is_over_after_its_times(
    caller: Caller, fault: dict[str, Any], status: int, text: str
) -> None:
    caller.sandbox.faults.add(operation="projectCreate", times=1, **fault)
    answer = caller.send(PROJECT_CREATE, input=wanted(caller))
    assert (answer.status_code, projects(caller)) == (status, 0)
    assert text in answer.text
    if fault["kind"] == "rate_limited":
        assert answer.headers["Retry-After"] == "7"
    caller.data(PROJECT_CREATE, input=wanted(caller))
    assert projects(caller) == 1


def test_a_timeout_before_the_effect_leaves_nothing(caller: Caller) -> None:
    caller.sandbox.faults.add(operation="ProjectCreate", kind="timeout_before", seconds=0.2)
    with pytest.raises(httpx.RemoteProtocolError):
        caller.send(PROJECT_CREATE, input=wanted(caller))
    assert projects(caller) == 0


@pytest.mark.parametrize("fault", [{"kind": "timeout_after", "seconds": 0.1}, {"kind": "lost_answer"}])
def test_a_lost_answer_leaves_the_effect(caller: Caller, fault: dict[str, Any]) -> None:
    caller.sandbox.faults.add(operation="ProjectCreate", **fault)
    with pytest.raises(httpx.TransportError):
        caller.send(PROJECT_CREATE, input=wanted(caller))
    assert projects(caller) == 1


def test_others_are_served_while_one_waits_for_its_timeout(caller: Caller) -> None:
    caller.sandbox.faults.add(operation="ProjectCreate", kind="timeout_before", seconds=30)
    with pytest.raises(httpx.ReadTimeout):
        caller.http.post(
            caller.sandbox.url, json={"query": PROJECT_CREATE, "variables": {"input": wanted(caller)}}, timeout=0.1
        )
    started = time.monotonic()
    caller.data(WHO_AM_I)
    assert time.monotonic() - started < 5


def test_no_effect_says_true_and_does_nothing(caller: Caller) -> None:
    stack = caller.prepare()
    caller.sandbox.faults.add(operation="serviceInstanceDeployV2", kind="no_effect", times=1)
    assert caller.deploy(stack, stack.postgres)
    assert caller.latest(stack, stack.postgres) is None


def test_partial_stops_after_the_first_alias(caller: Caller) -> None:
    caller.sandbox.faults.add(operation="ServicesCreate", kind="partial", times=1)
    with pytest.raises(AssertionError, match="Problem processing request"):
        caller.prepare()
    assert [row["name"] for row in caller.sandbox.state()["projects"][0]["services"]] == ["Postgres"]


def test_lag_hides_a_new_project_from_the_listing(caller: Caller) -> None:
    caller.sandbox.faults.add(operation="projectCreate", kind="lag", seconds=60)
    caller.create_project()
    edges = caller.data(FIND_PROJECTS, workspaceId=caller.sandbox.workspace_id)["projects"]["edges"]
    caller.sandbox.advance(60)
    later = caller.data(FIND_PROJECTS, workspaceId=caller.sandbox.workspace_id)["projects"]["edges"]
    assert (len(edges), len(later)) == (0, 1)


def test_after_skips_and_match_chooses_by_variables_or_project(caller: Caller) -> None:
    caller.sandbox.faults.add(operation="ProjectCreate", kind="error", after=1, match="acme")
    caller.create_project("acme-1")
    caller.create_project("other", "instance=other")
    assert caller.message(PROJECT_CREATE, input=wanted(caller, "acme-2")) == "Problem processing request"
    caller.sandbox.faults.clear()
    stack = caller.prepare("umbrella")
    caller.sandbox.faults.add(operation="Deploy", kind="error", message="Odd", match="instance=umbrella")
    assert caller.message(DEPLOY, serviceId=stack.postgres, environmentId=stack.environment) == "Odd"


def test_paused_refuses_deployments_and_shows_in_the_platforms_status(caller: Caller) -> None:
    stack = caller.prepare()
    status = "{ platformStatus { isStable incident { message } maintenance { message } } }"
    assert caller.data(status)["platformStatus"]["isStable"] is True
    caller.sandbox.faults.add(kind="paused")
    assert caller.data(status)["platformStatus"]["isStable"] is False
    refused = caller.message(DEPLOY, serviceId=stack.postgres, environmentId=stack.environment)
    assert "temporarily paused" in refused
    caller.sandbox.faults.clear()
    assert caller.status(caller.deploy(stack, stack.postgres)) == "SUCCESS"


@pytest.mark.parametrize(("kind", "status"), [("failed", "FAILED"), ("crashed", "CRASHED"), ("stuck", "BUILDING")])
def test_a_deployment_of_one_service_ends_badly_once(caller: Caller, kind: str, status: str) -> None:
    caller.sandbox.faults.add(kind=kind, service="odoo", times=1)
    stack = caller.run()
    latest = caller.latest(stack, stack.odoo)
    assert latest
    assert latest["status"] == status
    if kind != "stuck":
        logs = caller.data(
            "query Logs($id: String!) { deploymentLogs(deploymentId: $id) { severity message } }", id=latest["id"]
        )["deploymentLogs"]
        assert logs[-1]["severity"] == "error"
    assert caller.status(caller.deploy(stack, stack.odoo)) == "SUCCESS"
    assert "result" in authenticate(stack.url, LOGIN, PASSWORD)


def test_a_slow_deployment_takes_its_time(caller: Caller) -> None:
    caller.sandbox.faults.add(kind="slow", seconds=600)
    stack = caller.prepare()
    deployment = caller.deploy(stack, stack.postgres)
    caller.sandbox.advance(599)
    assert caller.status(deployment) == "DEPLOYING"
    caller.sandbox.advance(1)
    assert caller.status(deployment) == "SUCCESS"


def test_a_deployment_can_crash_after_its_success(caller: Caller) -> None:
    caller.sandbox.faults.add(kind="crashed_later", seconds=60, service="odoo")
    stack = caller.run()
    assert get(f"{stack.url}/web/health").status_code == 200
    caller.sandbox.advance(60)
    latest = caller.latest(stack, stack.odoo)
    assert latest
    assert latest["status"] == "CRASHED"
    with pytest.raises(httpx.ConnectError):
        get(f"{stack.url}/web/health")


def test_odoo_can_refuse_the_right_login_for_a_while(caller: Caller) -> None:
    stack = caller.run()
    caller.sandbox.faults.add(kind="login_fails", times=1, match="instance=acme-1")
    assert "error" in authenticate(stack.url, LOGIN, PASSWORD)
    assert "result" in authenticate(stack.url, LOGIN, PASSWORD)


def test_odoo_can_speak_the_wrong_language(caller: Caller) -> None:
    stack = caller.run()
    caller.sandbox.faults.add(kind="wrong_language")
    result: Any = authenticate(stack.url, LOGIN, PASSWORD)["result"]
    assert result["user_context"]["lang"] == "en_US"


def test_odoo_can_leave_its_default_login_open(caller: Caller) -> None:
    stack = caller.run()
    caller.sandbox.faults.add(kind="default_login_open")
    assert "result" in authenticate(stack.url, "admin", "admin")


def test_odoo_can_leave_its_database_manager_open(caller: Caller) -> None:
    stack = caller.run()
    caller.sandbox.faults.add(kind="manager_open")
    assert "acme_prod" in get(f"{stack.url}/web/database/manager").text
    listed = post(f"{stack.url}/web/database/list", json={"params": {}}).json()
    assert listed["result"] == ["acme_prod"]


def test_odoo_can_fail_to_serve_its_assets(caller: Caller) -> None:
    stack = caller.run()
    caller.sandbox.faults.add(kind="asset_error", times=1)
    path = f"{stack.url}/web/assets/3f0c1a7/web.assets_frontend.min.css"
    answers = [get(path).status_code for _ in range(2)]
    assert answers == [500, 200]


def test_an_instance_can_be_unreachable_for_a_while_after_its_success(caller: Caller) -> None:
    caller.sandbox.faults.add(kind="unreachable", seconds=120)
    stack = caller.run()
    with pytest.raises(httpx.ConnectError):
        get(stack.url)
    caller.sandbox.advance(120)
    assert get(f"{stack.url}/web/health").status_code == 200


def test_an_unreachable_instance_is_back_when_the_fault_is_lifted(caller: Caller) -> None:
    stack = caller.run()
    caller.sandbox.faults.add(kind="unreachable", match="acme-1")
    with pytest.raises(httpx.ConnectError):
        get(stack.url)
    caller.sandbox.faults.clear()
    assert get(f"{stack.url}/web/health").status_code == 200


def test_a_late_certificate_shows_as_railways_404(caller: Caller) -> None:
    caller.sandbox.faults.add(kind="late_certificate", seconds=60)
    stack = caller.run()
    answer = get(f"{stack.url}/web/health")
    assert (answer.status_code, answer.json()["message"]) == (404, "Application not found")
    caller.sandbox.advance(60)
    assert get(f"{stack.url}/web/health").status_code == 200


@pytest.mark.parametrize(
    "fault",
    [{"kind": "nope"}, {"kind": "lag", "seconds": "ten"}, {"kind": "error", "times": "x"}, {"kind": "lag", "a": 1}],
)
def test_a_fault_that_is_none_is_refused_with_a_sentence(open_sandbox: OpenSandbox, fault: dict[str, Any]) -> None:
    caller = open_sandbox()
    with pytest.raises(ValueError, match=r"\."):
        caller.sandbox.faults.add(**fault)
    answer = caller.http.post(caller.sandbox.control_url + "faults", json=fault)
    assert (answer.status_code, answer.json()["error"].endswith(".")) == (400, True)
