"""The whole way from a project to an Odoo that lets its customer in."""

import httpx
import pytest

from tests.provisioning.sandbox.caller import (
    COMPANY,
    DEPLOYMENT,
    LOGIN,
    PASSWORD,
    REMOVE,
    Caller,
    eventually,
    get,
    post,
)
from tests.provisioning.sandbox.conftest import OpenSandbox


def authenticate(url: str, login: str, password: str, db: str = "acme_prod") -> dict[str, object]:
    params = {"db": db, "login": login, "password": password}
    body = {"jsonrpc": "2.0", "method": "call", "params": params, "id": 1}
    answer: dict[str, object] = post(f"{url}/web/session/authenticate", json=body).json()
    return answer


def test_a_deployed_instance_lets_its_customer_in_and_nobody_else(caller: Caller) -> None:
    stack = caller.run()
    result = authenticate(stack.url, LOGIN, PASSWORD)["result"]
    assert isinstance(result, dict)
    assert (result["uid"], result["is_system"], result["user_context"]["lang"]) == (2, True, "fr_FR")
    assert result["user_companies"]["allowed_companies"]["1"]["name"] == COMPANY
    assert result["web.base.url"] == stack.url
    for login, password in ((LOGIN, "wrong"), (LOGIN.upper(), PASSWORD), ("admin", "admin")):
        error = authenticate(stack.url, login, password)["error"]
        assert isinstance(error, dict)
        assert error["data"]["name"] == "odoo.exceptions.AccessDenied"


def test_nothing_listens_before_success_and_after_removal(open_sandbox: OpenSandbox) -> None:
    caller = open_sandbox(deploy_seconds=1000)
    stack = caller.prepare()
    caller.deploy(stack, stack.postgres)
    caller.sandbox.advance(1000)
    deployment = caller.deploy(stack, stack.odoo)
    assert caller.status(deployment) == "INITIALIZING"
    with pytest.raises(httpx.ConnectError):
        get(f"{stack.url}/web/health")
    caller.sandbox.advance(500)
    assert caller.status(deployment) == "DEPLOYING"
    caller.sandbox.advance(500)
    assert caller.status(deployment) == "SUCCESS"
    assert get(f"{stack.url}/web/health").json() == {"status": "pass"}
    caller.data(REMOVE, id=deployment)
    with pytest.raises(httpx.ConnectError):
        get(f"{stack.url}/web/health")


def test_deployments_move_by_themselves_as_time_passes(open_sandbox: OpenSandbox) -> None:
    caller = open_sandbox(deploy_seconds=0.3)
    stack = caller.prepare()
    deployment = caller.deploy(stack, stack.postgres)
    eventually(lambda: caller.status(deployment) == "SUCCESS")


def test_the_state_shows_instances_volumes_domain_and_deployments(caller: Caller) -> None:
    stack = caller.run()
    state = caller.state_of(stack)
    services = {edge["node"]["serviceName"]: edge["node"] for edge in state["serviceInstances"]["edges"]}
    assert services["odoo"]["source"] == {"image": "odoo:19", "repo": None}
    assert services["odoo"]["domains"]["serviceDomains"][0]["domain"] == stack.address
    assert services["Postgres"]["latestDeployment"]["status"] == "SUCCESS"
    assert services["Postgres"]["latestDeployment"]["instances"][0]["status"] == "RUNNING"
    paths = {edge["node"]["mountPath"] for edge in state["volumeInstances"]["edges"]}
    assert paths == {"/var/lib/postgresql/data", "/var/lib/odoo"}


def test_a_second_deployment_replaces_the_first_and_keeps_the_identity(caller: Caller) -> None:
    stack = caller.run()
    first = caller.latest(stack, stack.odoo)
    caller.data(
        "mutation Set($input: VariableCollectionUpsertInput!) { variableCollectionUpsert(input: $input) }",
        input={
            "projectId": stack.project,
            "environmentId": stack.environment,
            "serviceId": stack.odoo,
            "variables": {"PROV_ADMIN_LOGIN": "other@acme.fr", "PROV_ADMIN_PASSWORD_HASH": ""},
            "skipDeploys": True,
        },
    )
    second = caller.deploy(stack, stack.odoo)
    assert first
    assert caller.status(first["id"]) == "REMOVED"
    assert caller.data(DEPLOYMENT, id=second)["deployment"]["url"] == stack.address
    assert "result" in authenticate(stack.url, LOGIN, PASSWORD)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"PGUSER": "postgres"}, "security risk"),
        ({"EAZYNOVA_BOOTSTRAP": None}, "EAZYNOVA_BOOTSTRAP is missing"),
        ({"PROV_ADMIN_PASSWORD_HASH": None}, "PROV_ADMIN_PASSWORD_HASH is missing"),
        ({"PGPASSWORD": "another"}, "authentication failed"),
        ({"PGHOST": "${{Nobody.PGHOST}}"}, "PGHOST is missing"),
    ],
)
def test_odoo_fails_when_its_variables_are_wrong(caller: Caller, changes: dict[str, str | None], reason: str) -> None:
    stack = caller.run(**changes)
    deployment = caller.latest(stack, stack.odoo)
    assert deployment
    assert deployment["status"] == "FAILED"
    logs = caller.data(
        "query Logs($id: String!) { buildLogs(deploymentId: $id, limit: 50) { severity message } }", id=deployment["id"]
    )["buildLogs"]
    assert any(reason in line["message"] and line["severity"] == "error" for line in logs)


def test_odoo_fails_while_postgres_does_not_run(caller: Caller) -> None:
    stack = caller.prepare()
    assert caller.status(caller.deploy(stack, stack.odoo)) == "FAILED"


def test_postgres_crashes_without_its_volume(caller: Caller) -> None:
    stack = caller.prepare()
    caller.data("mutation Delete($id: String!) { volumeDelete(volumeId: $id) }", id=stack.volumes[0])
    assert caller.status(caller.deploy(stack, stack.postgres)) == "CRASHED"
