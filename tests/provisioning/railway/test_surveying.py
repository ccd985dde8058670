"""Many environments and services in one request, and one that is gone among them."""

import pytest

from provisioning.railway import errors
from provisioning.railway.results import EnvironmentRef, Limits, NewService, ServiceDetails, ServiceSettings, Stack
from provisioning.sandbox.sandbox import Sandbox
from tests.provisioning.railway.test_against_sandbox import client_of

GONE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def sandbox():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox):
    with client_of(sandbox) as client:
        yield client


def project_with_a_service(sandbox, client, number):
    made = client.create_project(workspace_id=sandbox.workspace_id, name=f"p{number}", description="")
    place = EnvironmentRef(made.id, made.environment_id)
    service = NewService("odoo", {"SECRET": f"s{number}", "URL": "https://${{RAILWAY_PUBLIC_DOMAIN}}"})
    ids = client.create_services(project_id=made.id, environment_id=made.environment_id, services=[service])
    return place, ids["odoo"]


def requests_of(sandbox, document):
    return sandbox.state()["requests"].get(document, 0)


def test_many_environments_take_one_request_for_twenty(sandbox, client):
    made = [project_with_a_service(sandbox, client, number) for number in range(21)]
    stacks = client.stacks([place for place, _ in made])
    assert requests_of(sandbox, "Stacks") == 2
    assert [stacks[place].service("odoo").id for place, _ in made] == [service for _, service in made]


def test_an_environment_that_is_gone_does_not_spoil_the_others(sandbox, client):
    place, service = project_with_a_service(sandbox, client, 1)
    gone = EnvironmentRef(GONE, GONE)
    stacks = client.stacks([gone, place])
    assert isinstance(stacks[gone], errors.NotAuthorized)
    assert isinstance(stacks[place], Stack)
    assert stacks[place].service("odoo").id == service


def test_variables_and_limits_of_many_services_come_together(sandbox, client):
    place, service = project_with_a_service(sandbox, client, 1)
    other, plain = project_with_a_service(sandbox, client, 2)
    limits = {service: ServiceSettings(image="odoo:19", limits=Limits(2, 1.5))}
    client.configure(environment_id=place.environment_id, services=limits)
    details = client.service_details({GONE: EnvironmentRef(GONE, GONE), service: place, plain: other})
    assert isinstance(details[GONE], errors.NotAuthorized)
    wanted = {"SECRET": "s1", "URL": "https://${{RAILWAY_PUBLIC_DOMAIN}}"}
    assert details[service] == ServiceDetails(wanted, Limits(2, 1.5))
    assert details[plain].limits is None
    assert "s1" not in repr(details)


def test_a_refused_token_is_not_taken_for_things_that_are_gone(sandbox, client):
    place, _ = project_with_a_service(sandbox, client, 1)
    sandbox.faults.add(kind="token_refused")
    with pytest.raises(errors.NotAuthorized):
        client.stacks([place])
