"""What each method sends and makes of the answer, where the sandbox cannot show it."""

import json
from datetime import UTC, datetime

import pytest

from provisioning.railway import errors
from provisioning.railway.results import DeploymentStatus, Limits, NewService, ServiceSettings, Stack
from tests.provisioning.railway.little_apps import Railway, client_of, refused

# quotes, braces, line ends, unicode: whatever a customer types
NASTY = '"}) { id } mutation Evil { projectDelete(id: "x") } # é漢\n\\'


def page_of(*descriptions, after=None):
    edges = [{"node": project(f"p{n}", each)} for n, each in enumerate(descriptions)]
    return {"data": {"projects": {"edges": edges, "pageInfo": {"hasNextPage": bool(after), "endCursor": after}}}}


def project(identifier, description, deleted=None, created="2026-09-01T00:00:00Z"):
    return {
        "id": identifier,
        "name": "name",
        "description": description,
        "createdAt": created,
        "deletedAt": deleted,
        "primaryEnvironmentId": "e",
    }


def deployment(identifier, status="SUCCESS"):
    return {
        "id": identifier,
        "status": status,
        "deploymentStopped": False,
        "updatedAt": "2026-09-01T00:00:00.000Z",
        "instances": [{"status": "RUNNING"}],
    }


def deployments_without(*unknown):
    """Railway's root field is never null, so one unknown id empties the whole answer."""

    def answer(asked):
        for alias, identifier in asked["variables"].items():
            if identifier in unknown:
                return refused("Deployment not found", path=alias)
        return {"data": {alias: deployment(each) for alias, each in asked["variables"].items()}}

    return answer


@pytest.mark.parametrize(
    "act",
    [
        lambda client: client.create_project(workspace_id=NASTY, name=NASTY, description=NASTY),
        lambda client: client.create_services(
            project_id=NASTY, environment_id=NASTY, services=[NewService(NASTY, {NASTY: NASTY})]
        ),
        lambda client: client.create_volume(project_id=NASTY, environment_id=NASTY, service_id=NASTY, mount_path=NASTY),
        lambda client: client.configure(
            environment_id=NASTY,
            services={NASTY: ServiceSettings(image=NASTY, start_command=NASTY, limits=Limits(1, 1))},
        ),
        lambda client: client.set_variables(
            project_id=NASTY, environment_id=NASTY, service_id=NASTY, variables={NASTY: NASTY}
        ),
        lambda client: client.connect_repository(service_id=NASTY, repository=NASTY, branch=NASTY),
        lambda client: client.deployments([NASTY, NASTY + "2"]),
        lambda client: client.remove_deployments([NASTY]),
        lambda client: client.schedule_backups([NASTY], ["DAILY"]),
        lambda client: client.find_projects(NASTY, NASTY),
        lambda client: client.logs(NASTY, filter=NASTY),
        lambda client: client.create_notification_rule(
            workspace_id=NASTY, url=NASTY, event_types=[NASTY], headers={NASTY: NASTY}
        ),
    ],
)
def test_what_people_type_travels_in_variables_only(act):
    railway = Railway(refused("Problem processing request"))
    with pytest.raises(errors.ServerProblem):
        act(client_of(railway))
    asked = railway.asked[0]
    assert "Evil" not in asked["query"]
    assert json.dumps(NASTY).strip('"') in json.dumps(asked["variables"]), "as it was typed"


def test_projects_are_found_by_a_whole_word_on_every_page():
    railway = Railway(
        page_of("instance=a1", "instance=a12", "made by hand", after="c1"), page_of("for x instance=a1", None)
    )
    found = client_of(railway).find_projects("w", "instance=a1")
    assert [each.description for each in found] == ["instance=a1", "for x instance=a1"]
    assert [asked["variables"]["after"] for asked in railway.asked] == [None, "c1"]


def test_a_deleted_project_is_not_found_again():
    page = {
        "edges": [{"node": project("p", "m", deleted="2026-09-02T00:00:00Z")}],
        "pageInfo": {"hasNextPage": False, "endCursor": None},
    }
    railway = Railway({"data": {"projects": page}})
    assert client_of(railway).find_projects("w", "m") == ()
    assert client_of(railway).list_projects("w", include_deleted=True)[0].deleted_at == datetime(2026, 9, 2, tzinfo=UTC)


def test_the_search_for_a_young_project_spares_the_old_pages():
    railway = Railway(page_of("other", after="c1"), page_of("instance=a1"))
    recently = datetime(2026, 9, 1, 12, tzinfo=UTC)
    assert client_of(railway).find_projects("w", "instance=a1", created_after=recently) == ()
    assert len(railway.requests) == 1


def test_a_cursor_that_stands_still_ends_the_pages():
    railway = Railway(page_of("a", after="c1"))
    assert len(client_of(railway).list_projects("w")) == 2


def test_many_deployments_are_one_request():
    railway = Railway(deployments_without())
    told = client_of(railway).deployments(["a", "b", "a"])
    assert list(told) == ["a", "b"]
    assert told["a"].status is DeploymentStatus.SUCCESS
    assert told["a"].instance_statuses == ("RUNNING",)
    assert len(railway.requests) == 1


def test_very_many_deployments_are_chunks_of_fifty():
    railway = Railway(deployments_without())
    assert len(client_of(railway).deployments([f"d{n}" for n in range(101)])) == 101
    assert [len(asked["variables"]) for asked in railway.asked] == [50, 50, 1]
    assert client_of(railway).deployments([]) == {}


def test_unknown_deployments_do_not_spoil_the_others():
    railway = Railway(deployments_without("b", "d"))
    told = client_of(railway).deployments(["a", "b", "c", "d"])
    assert {identifier: type(answer).__name__ for identifier, answer in told.items()} == {
        "a": "Deployment",
        "b": "NotFound",
        "c": "Deployment",
        "d": "NotFound",
    }


def test_a_part_that_was_answered_is_used():
    partly = {"data": {"d0": deployment("a"), "d1": None}, "errors": [{"message": "Not found", "path": ["d1"]}]}
    railway = Railway(partly)
    told = client_of(railway).deployments(["a", "b"])
    assert isinstance(told["b"], errors.NotFound)
    assert len(railway.requests) == 1


def test_a_bad_token_is_no_reason_of_one_deployment():
    railway = Railway(refused("Not Authorized", path="d0"))
    with pytest.raises(errors.TokenRefused):
        client_of(railway).deployments(["a", "b"])
    assert railway.operations == ["Deployments", "WhoAmI"]


def test_one_right_missing_is_told_after_the_token_was_checked():
    workspaces = {"data": {"apiToken": {"workspaces": []}}}
    railway = Railway(refused("Not Authorized", path="d0"), workspaces, {"data": {"d0": deployment("b")}})
    told = client_of(railway).deployments(["a", "b"])
    assert isinstance(told["a"], errors.NotAuthorized)
    assert told["b"].id == "b"


@pytest.mark.parametrize(
    "answer",
    [
        refused("Problem processing request"),
        refused("Problem processing request", path="deployment"),
        {"data": {"d0": None}},
    ],
)
def test_an_answer_about_no_deployment_at_all_is_an_error(answer):
    with pytest.raises(errors.RailwayTemporary):
        client_of(Railway(answer)).deployments(["a"])


def test_a_status_that_railway_adds_is_unknown_and_no_error():
    railway = Railway({"data": {"d0": deployment("a", status="DREAMING")}})
    assert client_of(railway).deployments(["a"])["a"].status is DeploymentStatus.UNKNOWN


def test_only_the_wanted_settings_are_sent():
    railway = Railway({"data": {"set0": True, "set1": True, "limits0": True}})
    services = {
        "a": ServiceSettings(start_command="/bin/sh", restart_policy="ALWAYS"),
        "b": ServiceSettings(image="odoo:19", limits=Limits(2, 0.5)),
    }
    client_of(railway).configure(environment_id="e", services=services)
    assert railway.asked[0]["variables"] == {
        "environmentId": "e",
        "id0": "a",
        "set0": {"startCommand": "/bin/sh", "restartPolicyType": "ALWAYS"},
        "id1": "b",
        "set1": {"source": {"image": "odoo:19"}},
        "limits0": {"serviceId": "b", "environmentId": "e", "memoryGB": 2, "vCPUs": 0.5},
    }


def test_nothing_to_do_sends_nothing():
    railway = Railway({})
    client = client_of(railway)
    client.configure(environment_id="e", services={})
    client.remove_deployments([])
    client.schedule_backups([], ["DAILY"])
    assert client.create_services(project_id="p", environment_id="e", services=[]) == {}
    assert railway.requests == []


def test_billing_that_the_token_may_not_read_is_left_out():
    info = {
        "id": "w",
        "name": "W",
        "plan": "PRO",
        "preferredRegion": None,
        "projectCount": 3,
        "subscriptionPlanLimit": {"volumes": 20},
        "apiTokenRateLimit": None,
    }
    railway = Railway(refused("Not Authorized", path="workspace"), {"data": {"workspace": info}})
    found = client_of(railway).workspace("w")
    assert (found.billing, found.plan_limits, found.remaining_points) == (None, {"volumes": 20}, None)
    assert railway.operations == ["WorkspaceInfo", "WorkspaceInfoWithoutBilling"]


def test_the_token_check_tells_a_bad_token_from_a_missing_right():
    client_of(Railway({"data": {"apiToken": {"workspaces": [{"id": "w", "name": "W"}]}}})).check_token()
    with pytest.raises(errors.TokenRefused) as raised:
        client_of(Railway(refused("Not Authorized"))).check_token()
    assert raised.value.trace_id == "trace-1"


def test_a_service_that_does_not_show_yet_is_waited_for():
    stack = Stack(services=(), volumes=())
    assert stack.find_service("odoo") is None
    assert stack.volume_of("odoo") is None
    with pytest.raises(errors.NotYetVisible):
        stack.service("odoo")


def test_no_result_shows_a_secret():
    assert "secret-1" not in repr(NewService("Postgres", {"PASSWORD": "secret-1"}))
