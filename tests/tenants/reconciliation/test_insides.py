"""Each difference inside a project made for real: seen, left alone by a dry run, put right where it may be."""

import json

import httpx
import pytest

from provisioning.models import Operation, Resource
from provisioning.railway.results import Limits, ServiceSettings
from provisioning.states import OperationState, ResourceState
from tests import trials
from tests.tenants.reconciliation.looks import (
    assert_only_told,
    assert_put_right,
    environment,
    id_of,
    kinds,
    later,
    look,
    place,
    requests,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_hashes")]
RAILWAYS_PART = pytest.mark.any_store(
    "what differs is Railway's; test_rules, test_restoration and what is unmarked here mend the rows on both"
)


@RAILWAYS_PART
def test_a_healthy_fleet_has_no_differences_and_costs_few_requests(ready, sandbox, clock):
    for number in range(3):
        ready(f"client-{number}")
    later(clock)
    before = requests(sandbox)
    run = look(apply=True)
    assert (run.listed, run.ours, run.differences, run.errors) == (3, 3, [], {})
    assert sum(requests(sandbox).values()) - sum(before.values()) == 3


@RAILWAYS_PART
def test_the_instance_built_from_a_repository_has_no_differences(order_instance, clock, sandbox):
    instance = order_instance(plan_code="starter")
    trials.finish(Operation.objects.get(instance=instance), clock, sandbox)
    assert look().differences == []


@RAILWAYS_PART
def test_things_that_vanished_are_told_and_nothing_is_made_up_for(ready, railway, sandbox, clock):
    instance = ready()
    railway.delete_domain(id_of(instance, "domain", "odoo"))
    railway.delete_volume(id_of(instance, "volume", "odoo"))
    assert_only_told(sandbox, [("vanished", "domain odoo"), ("vanished", "volume odoo")])
    railway.delete_service(id_of(instance, "service", "odoo"))
    assert ("vanished", "service odoo") in kinds(look(apply=True))
    railway.schedule_project_deletion(place(instance)["project_id"])
    railway.force_project_deletion(place(instance)["project_id"])
    run = assert_only_told(sandbox, [("vanished", "project")])
    assert run.differences[0]["clientName"] == "acme-corp"


@RAILWAYS_PART
def test_an_instance_that_is_said_to_be_ready_and_does_not_run_is_told(ready, railway, sandbox):
    instance = ready()
    railway.remove_deployments([id_of(instance, "deployment", "odoo")])
    run = assert_only_told(sandbox, [("not_running", "deployment odoo")])
    assert run.differences[0]["detail"] == "REMOVED"


@RAILWAYS_PART
def test_a_suspended_instance_that_somebody_started_is_stopped_and_can_be_resumed(ready, railway, sandbox, clock):
    instance = ready()
    trials.finish(trials.order("suspend", instance), clock, sandbox)
    railway.deploy(service_id=id_of(instance, "service", "Postgres"), environment_id=environment(instance))
    later(clock)
    assert_only_told(sandbox, [("still_running", "deployment Postgres")], act="stop")
    assert assert_put_right().differences == []
    resumed = trials.finish(trials.order("resume", instance), clock, sandbox)
    assert resumed.state == OperationState.SUCCEEDED


def test_a_deployment_made_by_hand_is_adopted_so_that_a_suspension_stops_it(ready, railway, sandbox, clock):
    instance = ready()
    made = railway.deploy(service_id=id_of(instance, "service", "odoo"), environment_id=environment(instance))
    young = look(apply=True)
    assert ([each["hold"] for each in young.differences], young.acts) == (["young"], [])
    later(clock)
    assert_only_told(sandbox, [("other_deployment", "deployment odoo")], act="adopt")
    assert assert_put_right().differences == []
    assert Resource.objects.get(external_id=made).state == ResourceState.PRESENT
    trials.finish(trials.order("suspend", instance), clock, sandbox)
    services = trials.only_project(sandbox, instance)["services"]
    assert {status for service in services for status in service["deploymentsByStatus"]} == {"REMOVED"}


@RAILWAYS_PART
def test_drift_is_told_by_names_and_never_by_values(ready, railway, sandbox):
    instance = ready()
    odoo, where = id_of(instance, "service", "odoo"), place(instance)
    secrets = {
        "PROV_COMPANY_NAME": "s3cret-a",
        "EXTRA": "s3cret-b",
        "PROV_ACCESS_REVISION": "7",
        "PROV_RESTORE": "RS-1",
        "PROV_RESTORE_UNDO": "RS-1",
        "ODOO_ADMIN_PASSWD": "",
    }
    railway.set_variables(**where, service_id=odoo, variables=secrets)
    settings = ServiceSettings(image="odoo:17", start_command="sh", healthcheck_path="/x", limits=Limits(32, 8))
    railway.configure(environment_id=where["environment_id"], services={odoo: settings})
    kinds_of_drift = ["drift_limits", "drift_settings", "drift_source", "drift_variables"]
    run = assert_only_told(sandbox, [(kind, "service odoo") for kind in kinds_of_drift])
    told = {each["kind"]: each["detail"] for each in run.differences}
    assert told == {
        "drift_limits": "32 GB, 8 vCPU",
        "drift_settings": "startCommand, healthcheckPath",
        "drift_source": "odoo:17",
        "drift_variables": "-ODOO_ADMIN_PASSWD, PROV_COMPANY_NAME, +EXTRA",
    }
    assert "s3cret" not in json.dumps(run.differences)


@RAILWAYS_PART
def test_a_changed_marker_is_told(ready, sandbox):
    instance = ready()
    change = 'mutation U($id: String!) { projectUpdate(id: $id, input: {description: "hands off"}) { id } }'
    body = {"query": change, "variables": {"id": place(instance)["project_id"]}}
    httpx.post(sandbox.url, json=body, headers={"Authorization": f"Bearer {sandbox.token}"}).raise_for_status()
    assert_only_told(sandbox, [("drift_marker", "project eazynova-acme-corp")])
