"""How the stand-in API answers what is right, wrong, too early and too much."""

from typing import Any

import pytest

from tests.provisioning.sandbox.caller import (
    DOMAIN_CREATE,
    DOMAIN_RENAME,
    FIND_PROJECTS,
    PROJECT_CREATE,
    VOLUME_CREATE,
    WHO_AM_I,
    Caller,
    post,
)
from tests.provisioning.sandbox.conftest import OpenSandbox

SET_VARIABLES = "mutation Set($input: VariableCollectionUpsertInput!) { variableCollectionUpsert(input: $input) }"
READ_VARIABLES = """query Read($p: String!, $e: String!, $s: String!) {
  raw: variables(projectId: $p, environmentId: $e, serviceId: $s, unrendered: true)
  rendered: variablesForServiceDeployment(projectId: $p, environmentId: $e, serviceId: $s) }"""


def test_the_token_knows_its_workspace(caller: Caller) -> None:
    workspaces = caller.data(WHO_AM_I)["apiToken"]["workspaces"]
    assert workspaces == [{"id": caller.sandbox.workspace_id, "name": "Sandbox"}]


def test_a_wrong_token_is_not_authorized_with_status_200(caller: Caller) -> None:
    answer = post(caller.sandbox.url, json={"query": WHO_AM_I}, headers={"Authorization": "Bearer x"})
    assert answer.status_code == 200
    error = answer.json()["errors"][0]
    assert (error["message"], error["path"]) == ("Not Authorized", ["apiToken"])
    assert answer.json()["data"] is None
    assert error["traceId"]


@pytest.mark.parametrize(
    "query",
    [
        "{ apiToken { nothing } }",
        "{ workspace { id } }",
        'mutation { projectDelete(id: "x") { id } }',
        "mutation { serviceDomainCreate(input: {serviceId: 1}) { id } }",
        "{ this is no document",
    ],
)
def test_an_invalid_document_is_answered_400(caller: Caller, query: str) -> None:
    answer = caller.send(query)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


def test_a_variable_of_the_wrong_type_is_answered_400(caller: Caller) -> None:
    answer = caller.send(PROJECT_CREATE, input={"name": 7})
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_USER_INPUT")


def test_an_unknown_object_is_not_authorized(caller: Caller) -> None:
    assert caller.message("query One($id: String!) { project(id: $id) { id } }", id="nobody") == "Not Authorized"


def test_a_project_needs_its_workspace(caller: Caller) -> None:
    assert "You must specify a workspaceId" in caller.message(PROJECT_CREATE, input={"name": "acme"})


def test_projects_come_in_pages_and_only_for_a_workspace(caller: Caller) -> None:
    for number in range(5):
        caller.create_project(f"acme-{number}")
    names, after = [], None
    while True:
        page = caller.data(FIND_PROJECTS, workspaceId=caller.sandbox.workspace_id, first=2, after=after)["projects"]
        names += [edge["node"]["name"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert names == [f"acme-{number}" for number in range(5)]
    assert caller.data("{ projects { edges { node { id } } } }")["projects"]["edges"] == []


def test_a_failing_alias_loses_the_answer_of_the_one_before_and_stops_the_one_after(caller: Caller) -> None:
    project, environment = caller.create_project()
    wanted = {"projectId": project, "environmentId": environment}
    answer = caller.send(
        """mutation Three($a: ServiceCreateInput!, $b: ServiceCreateInput!, $c: ServiceCreateInput!) {
          a: serviceCreate(input: $a) { id } b: serviceCreate(input: $b) { id } c: serviceCreate(input: $c) { id } }""",
        a=wanted | {"name": "one"},
        b=wanted | {"name": "one"},
        c=wanted | {"name": "three"},
    ).json()
    assert answer["data"] is None
    assert answer["errors"][0]["path"] == ["b"]
    assert "already exists" in answer["errors"][0]["message"]
    assert [service["name"] for service in caller.sandbox.state()["projects"][0]["services"]] == ["one"]


def test_projects_and_volumes_are_throttled(open_sandbox: OpenSandbox) -> None:
    caller = open_sandbox(project_interval=30, volume_interval=10)
    project, environment = caller.create_project()
    wanted = {"workspaceId": caller.sandbox.workspace_id, "name": "second"}
    assert "creating projects too quickly" in caller.message(PROJECT_CREATE, input=wanted)
    volume = {"projectId": project, "environmentId": environment, "mountPath": "/data"}
    caller.data(VOLUME_CREATE, input=volume)
    assert "creating volumes too quickly" in caller.message(VOLUME_CREATE, input=volume)
    caller.sandbox.advance(30)
    caller.data(PROJECT_CREATE, input=wanted)
    caller.data(VOLUME_CREATE, input=volume)


def test_new_instances_stay_invisible_for_the_lag_and_settings_for_them_do_nothing(open_sandbox: OpenSandbox) -> None:
    caller = open_sandbox(lag_seconds=20)
    project, environment = caller.create_project()
    at = {"projectId": project, "environmentId": environment}
    service = caller.data(
        "mutation Create($input: ServiceCreateInput!) { serviceCreate(input: $input) { id } }",
        input={**at, "name": "odoo"},
    )["serviceCreate"]["id"]
    caller.data(VOLUME_CREATE, input={**at, "serviceId": service, "mountPath": "/var/lib/odoo"})
    update = """mutation Update($s: String!, $input: ServiceInstanceUpdateInput!) {
      serviceInstanceUpdate(serviceId: $s, input: $input) }"""
    settings = {"source": {"image": "odoo:19"}}
    state = """query State($id: String!) { environment(id: $id) {
      serviceInstances { edges { node { source { image } } } } volumeInstances { edges { node { id } } } } }"""
    assert caller.data(update, s=service, input=settings)["serviceInstanceUpdate"] is True
    empty = caller.data(state, id=environment)["environment"]
    assert (empty["serviceInstances"]["edges"], empty["volumeInstances"]["edges"]) == ([], [])
    domain = {"serviceId": service, "environmentId": environment}
    assert caller.message(DOMAIN_CREATE, input=domain) == "ServiceInstance not found"
    caller.sandbox.advance(20)
    seen = caller.data(state, id=environment)["environment"]
    assert seen["serviceInstances"]["edges"] == [{"node": {"source": None}}]
    assert len(seen["volumeInstances"]["edges"]) == 1


def test_references_are_resolved_at_deploy_time(caller: Caller) -> None:
    stack = caller.prepare()
    read = caller.data(READ_VARIABLES, p=stack.project, e=stack.environment, s=stack.odoo)
    assert read["raw"]["PGHOST"] == "${{Postgres.PGHOST}}"
    assert read["rendered"]["PGHOST"] == "postgres.railway.internal"
    assert read["rendered"]["PGUSER"] == "odoo"
    assert read["rendered"]["PROV_BASE_URL"] == f"http://{stack.address}"


def test_variables_deploy_a_running_service_unless_told_not_to(caller: Caller) -> None:
    stack = caller.run()
    wanted = {"projectId": stack.project, "environmentId": stack.environment, "serviceId": stack.odoo}
    before = caller.latest(stack, stack.odoo)
    caller.data(SET_VARIABLES, input=wanted | {"variables": {"A": "1"}, "skipDeploys": True})
    assert caller.latest(stack, stack.odoo) == before
    caller.data(SET_VARIABLES, input=wanted | {"variables": {"A": "2"}})
    assert caller.latest(stack, stack.odoo) != before
    caller.data(SET_VARIABLES, input=wanted | {"variables": {"ONLY": "one"}, "replace": True, "skipDeploys": True})
    raw = caller.data(READ_VARIABLES, p=stack.project, e=stack.environment, s=stack.odoo)["raw"]
    assert raw == {"ONLY": "one"}


def test_a_service_with_a_source_deploys_at_once(caller: Caller) -> None:
    project, environment = caller.create_project()
    wanted: dict[str, Any] = {"projectId": project, "environmentId": environment, "name": "site"}
    caller.data(
        "mutation Create($input: ServiceCreateInput!) { serviceCreate(input: $input) { id } }",
        input=wanted | {"source": {"image": "nginx:1"}},
    )
    (service,) = caller.sandbox.state()["projects"][0]["services"]
    assert service["deploymentsByStatus"] == {"SUCCESS": 1}


def test_connecting_a_repository_deploys_builds_and_turns_push_deploys_on(open_sandbox: OpenSandbox) -> None:
    caller = open_sandbox(deploy_seconds=100)
    stack = caller.prepare()
    caller.deploy(stack, stack.postgres)
    caller.sandbox.advance(100)
    connect = """mutation Connect($id: String!, $input: ServiceConnectInput!) {
      serviceConnect(id: $id, input: $input) { id } }"""
    caller.data(connect, id=stack.odoo, input={"repo": "MASITH-developpement/EAZYNOVA", "branch": "main"})
    seen = []
    for seconds in (0, 20, 60, 30):
        caller.sandbox.advance(seconds)
        latest = caller.latest(stack, stack.odoo)
        assert latest
        seen.append(latest["status"])
    assert seen == ["INITIALIZING", "BUILDING", "DEPLOYING", "SUCCESS"]
    off = """mutation Off($input: ServiceInstanceAutoDeployUpdateInput!) {
      serviceInstanceAutoDeployUpdate(input: $input) { enabled } }"""
    wanted = {"projectId": stack.project, "environmentId": stack.environment, "serviceId": stack.odoo}
    services = caller.sandbox.state()["projects"][0]["services"]
    assert next(row for row in services if row["id"] == stack.odoo)["autoDeploy"] is True
    assert caller.data(off, input=wanted | {"enabled": False})["serviceInstanceAutoDeployUpdate"]["enabled"] is False
    events = caller.data(
        """query Events($id: String!) { deploymentEvents(id: $id, first: 50) {
          edges { node { step completedAt payload { error } } } } }""",
        id=latest["id"],
    )["deploymentEvents"]["edges"]
    assert [edge["node"]["step"] for edge in events][:2] == ["SNAPSHOT_CODE", "BUILD_IMAGE"]


def test_a_taken_label_is_refused_and_a_freed_one_is_free_again(caller: Caller) -> None:
    first, second = caller.prepare("acme-1"), caller.prepare("acme-2")
    available = "query Free($domain: String!) { serviceDomainAvailable(domain: $domain) { available message } }"

    def rename(stack: Any, label: str) -> dict[str, Any]:
        wanted = {"serviceDomainId": stack.domain, "serviceId": stack.odoo, "environmentId": stack.environment}
        answer: dict[str, Any] = caller.send(
            DOMAIN_RENAME, input=wanted | {"domain": f"{label}.up.railway.app", "targetPort": 8069}
        ).json()
        return answer

    assert rename(first, "eazynova-acme")["data"]["serviceDomainUpdate"] is True
    assert rename(first, "eazynova-acme")["data"]["serviceDomainUpdate"] is True
    assert "already in use" in rename(second, "eazynova-acme")["errors"][0]["message"]
    assert caller.data(available, domain="eazynova-acme.up.railway.app")["serviceDomainAvailable"]["available"] is False
    caller.data("mutation Delete($id: String!) { serviceDomainDelete(id: $id) }", id=first.domain)
    assert rename(second, "eazynova-acme")["data"]["serviceDomainUpdate"] is True


def test_requests_carry_the_budget_and_too_many_are_refused(open_sandbox: OpenSandbox) -> None:
    caller = open_sandbox(hourly_limit=3)
    answers = [caller.send(WHO_AM_I) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert int(answers[3].headers["Retry-After"]) > 0
    caller.sandbox.advance(3600)
    assert caller.send(WHO_AM_I).status_code == 200


def test_the_limits_a_second_are_railways_and_the_edges(open_sandbox: OpenSandbox) -> None:
    caller = open_sandbox(second_limit=2, edge_limit=1)
    assert [caller.send(WHO_AM_I).status_code for _ in range(3)] == [200, 200, 429]
    caller.sandbox.advance(1)
    without_query = [caller.http.post(caller.sandbox.url, json={"query": WHO_AM_I}) for _ in range(2)]
    assert [answer.status_code for answer in without_query] == [200, 429]
    assert without_query[1].text == "error code: 1015"


def test_a_nameless_client_is_stopped_at_the_edge(caller: Caller) -> None:
    headers = {"User-Agent": "Python-urllib/3.11"}
    answer = caller.http.post(caller.sandbox.url, json={"query": WHO_AM_I}, headers=headers)
    assert (answer.status_code, answer.text) == (403, "error code: 1010")
