"""What keeps and ends an instance: backups, usage, restarts, deletion."""

import httpx
import pytest

from tests.provisioning.sandbox.caller import FIND_PROJECTS, Caller, get
from tests.provisioning.sandbox.conftest import OpenSandbox


def test_a_scheduled_deletion_waits_can_be_cancelled_and_can_be_forced(caller: Caller) -> None:
    stack = caller.run()

    def listed(include_deleted: bool = False) -> int:
        wanted = {"workspaceId": caller.sandbox.workspace_id, "includeDeleted": include_deleted}
        return len(caller.data(FIND_PROJECTS, **wanted)["projects"]["edges"])

    def mutate(name: str) -> bool:
        return bool(caller.data(f"mutation M($id: String!) {{ {name}(id: $id) }}", id=stack.project)[name])

    assert mutate("projectScheduleDelete")
    assert mutate("projectScheduleDeleteCancel")
    caller.sandbox.advance(50 * 3600)
    assert listed() == 1
    mutate("projectScheduleDelete")
    assert listed() == 1
    caller.sandbox.advance(48 * 3600)
    assert (listed(), listed(include_deleted=True)) == (0, 1)
    with pytest.raises(httpx.ConnectError):
        get(stack.url)
    assert caller.message("mutation M($id: String!) { projectDelete(id: $id) }", id=stack.project) == "Not Authorized"


def test_deleting_a_project_at_once_stops_its_odoo(caller: Caller) -> None:
    stack = caller.run()
    caller.data("mutation M($id: String!) { projectDelete(id: $id) }", id=stack.project)
    with pytest.raises(httpx.ConnectError):
        get(stack.url)


def test_backups_can_be_scheduled_listed_and_made(caller: Caller) -> None:
    stack = caller.run()
    instance = caller.state_of(stack)["volumeInstances"]["edges"][0]["node"]["id"]
    schedule = """mutation Schedule($id: String!, $kinds: [VolumeInstanceBackupScheduleKind!]!) {
      volumeInstanceBackupScheduleUpdate(volumeInstanceId: $id, kinds: $kinds) }"""
    listing = """query List($id: String!) { volumeInstanceBackupScheduleList(volumeInstanceId: $id) { id kind cron }
      volumeInstanceBackupList(volumeInstanceId: $id) { id name usedMB } }"""
    caller.data(schedule, id=instance, kinds=["DAILY", "WEEKLY"])
    first = caller.data(listing, id=instance)["volumeInstanceBackupScheduleList"]
    caller.data(schedule, id=instance, kinds=["DAILY", "WEEKLY"])
    assert caller.data(listing, id=instance)["volumeInstanceBackupScheduleList"] == first
    create = "mutation Backup($id: String!) { volumeInstanceBackupCreate(volumeInstanceId: $id) { workflowId } }"
    workflow = caller.data(create, id=instance)["volumeInstanceBackupCreate"]["workflowId"]
    status = caller.data("query W($id: String!) { workflowStatus(workflowId: $id) { status } }", id=workflow)
    assert status["workflowStatus"]["status"] == "Complete"
    assert len(caller.data(listing, id=instance)["volumeInstanceBackupList"]) == 1


def test_usage_grows_with_the_time_a_service_runs(caller: Caller) -> None:
    stack = caller.run()
    caller.sandbox.advance(3600)
    query = """query Usage($w: String!, $m: [MetricMeasurement!]!) {
      usage(workspaceId: $w, measurements: $m, groupBy: [PROJECT_ID, SERVICE_ID], includeDeleted: true,
        startDate: "2020-01-01T00:00:00Z") { measurement value tags { projectId serviceId } } }"""
    rows = caller.data(query, w=caller.sandbox.workspace_id, m=["MEMORY_USAGE_GB", "DISK_USAGE_GB"])["usage"]
    odoo = {row["measurement"]: row["value"] for row in rows if row["tags"]["serviceId"] == stack.odoo}
    assert odoo["MEMORY_USAGE_GB"] == pytest.approx(30, rel=0.05)
    assert odoo["DISK_USAGE_GB"] > 0


def test_cancel_and_restart_follow_the_state_of_the_deployment(open_sandbox: OpenSandbox) -> None:
    caller = open_sandbox(deploy_seconds=100)
    stack = caller.prepare()
    deployment = caller.deploy(stack, stack.postgres)
    restart = "mutation R($id: String!) { deploymentRestart(id: $id) }"
    cancel = "mutation C($id: String!) { deploymentCancel(id: $id) }"
    assert "cannot be restarted" in caller.message(restart, id=deployment)
    caller.sandbox.advance(100)
    assert caller.status(deployment) == "SUCCESS"
    assert "cannot be cancelled" in caller.message(cancel, id=deployment)
    caller.data(restart, id=deployment)
    assert caller.status(deployment) == "DEPLOYING"
    caller.sandbox.advance(30)
    assert caller.status(deployment) == "SUCCESS"
    second = caller.deploy(stack, stack.postgres)
    caller.data(cancel, id=second)
    caller.sandbox.advance(10)
    assert caller.status(second) == "REMOVED"
