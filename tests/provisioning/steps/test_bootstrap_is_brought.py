"""What an instance of an earlier release is given when it is next started: the bootstrap, a secret and an agent."""

import httpx
import pytest

from provisioning.agents import tokens
from provisioning.models import Agent, Operation
from provisioning.odoo import container
from provisioning.states import OperationState
from tests import trials

pytestmark = pytest.mark.django_db
SECRET, ARCHIVE = container.SECRET_VARIABLE, container.ARCHIVE_VARIABLE
AGENT = ("PROV_AGENT_URL", "PROV_AGENT_TOKEN")
READ = """query Seen($p: String!, $e: String!, $s: String!) {
  variables(projectId: $p, environmentId: $e, serviceId: $s, unrendered: true) }"""
WRITE = "mutation Write($i: VariableCollectionUpsertInput!) { variableCollectionUpsert(input: $i) }"


@pytest.fixture
def ready(order_instance, clock, sandbox, settings):
    settings.PUBLIC_BASE_URL = "https://eazynova.example"
    instance = order_instance()
    done(Operation.objects.get(instance=instance), clock, sandbox)
    instance.refresh_from_db()
    return instance


@pytest.fixture
def former(ready, sandbox):
    """One that was created before there were secrets and agents."""
    place, known = variables(sandbox, ready)
    kept = {name: value for name, value in known.items() if name not in (SECRET, *AGENT)}
    ask(sandbox, WRITE, i={**place, "variables": kept | {ARCHIVE: "old"}, "replace": True, "skipDeploys": True})
    Agent.objects.all().delete()
    return ready


def done(operation, clock, sandbox):
    ended = trials.finish(operation, clock, sandbox)
    assert ended.state == OperationState.SUCCEEDED, (ended.reason, ended.message)


def restart(sandbox, instance, clock):
    for kind in ("suspend", "resume"):
        done(trials.order(kind, instance), clock, sandbox)
        instance.refresh_from_db()


def ask(sandbox, document, **given):
    answer = httpx.post(
        sandbox.url,
        json={"query": document, "variables": given},
        headers={"Authorization": f"Bearer {sandbox.token}"},
        verify=False,
    ).json()
    assert "errors" not in answer, answer
    return answer["data"]


def variables(sandbox, instance):
    """Where Odoo's are, and they."""
    project = trials.only_project(sandbox, instance)
    service = next(each for each in project["services"] if each["name"] == "odoo")
    place = {"projectId": project["id"], "environmentId": project["environmentId"], "serviceId": service["id"]}
    found = ask(sandbox, READ, p=place["projectId"], e=place["environmentId"], s=place["serviceId"])
    return place, found["variables"]


def test_an_instance_of_an_earlier_release_is_brought_up_to_date_at_its_next_start(former, sandbox, clock):
    restart(sandbox, former, clock)
    _, found = variables(sandbox, former)
    assert found[ARCHIVE] == container.bootstrap_variables()[ARCHIVE]
    assert len(found[SECRET]) >= 32
    assert found["PROV_AGENT_URL"] == "https://eazynova.example/agent/"
    assert tokens.holder(found["PROV_AGENT_TOKEN"]).instance_id == former.pk


@pytest.mark.parametrize("lost", ["lost_answer", "timeout_after"])
def test_an_answer_that_is_lost_does_not_change_the_secret(former, sandbox, clock, lost):
    done(trials.order("suspend", former), clock, sandbox)
    sandbox.faults.add(kind=lost, operation="variableCollectionUpsert", times=1, seconds=0.05)
    secrets = []
    operation = trials.order("resume", former)
    with trials.at_step("deploy_odoo", "waiting", lambda step: secrets.append(variables(sandbox, former)[1][SECRET])):
        done(operation, clock, sandbox)
    _, found = variables(sandbox, former)
    assert {*secrets, found[SECRET]} == {found[SECRET]}
    assert secrets
    assert sandbox.faults.all()[0]["used"] == 1
    assert tokens.holder(found["PROV_AGENT_TOKEN"]).instance_id == former.pk


def test_a_secret_stays_for_good_and_the_agents_token_changes_with_each_start(ready, sandbox, clock):
    _, first = variables(sandbox, ready)
    restart(sandbox, ready, clock)
    done(trials.order("renew_access", ready), clock, sandbox)
    _, last = variables(sandbox, ready)
    assert last[SECRET] == first[SECRET]
    assert last["PROV_AGENT_TOKEN"] != first["PROV_AGENT_TOKEN"]
    assert tokens.holder(last["PROV_AGENT_TOKEN"]).instance_id == ready.pk
    assert tokens.holder(first["PROV_AGENT_TOKEN"]) is None


def test_where_nobody_could_be_called_no_agent_is_started(former, sandbox, clock, settings):
    settings.PUBLIC_BASE_URL = ""
    restart(sandbox, former, clock)
    _, found = variables(sandbox, former)
    assert SECRET in found
    assert not set(AGENT) & set(found)
