"""What the sandbox counts as used, and how it tells it: in pages, deleted projects too, as Railway's own sum."""

import pytest

from tests.provisioning.sandbox.caller import Caller
from tests.provisioning.sandbox.conftest import OpenSandbox

ALL = ["CPU_USAGE", "MEMORY_USAGE_GB", "NETWORK_TX_GB", "DISK_USAGE_GB", "BACKUP_USAGE_GB"]
PAGE = """query Used($w: String!, $m: [MetricMeasurement!]!, $s: DateTime!, $e: DateTime!, $first: Int, $a: String,
    $deleted: Boolean) {
  projectServiceUsage(workspaceId: $w, measurements: $m, startDate: $s, endDate: $e, first: $first, after: $a,
    includeDeleted: $deleted) { usage { measurement value tags { projectId serviceId } }
      pageInfo { hasNextPage endCursor } } }"""
SUM = """query Sum($w: String!, $m: [MetricMeasurement!]!) {
  workspace(workspaceId: $w) { customer { currentUsage billingPeriod { start end } } }
  estimatedUsage(workspaceId: $w, measurements: $m, includeDeleted: true) { measurement estimatedValue projectId } }"""
EVER = {"s": "2020-01-01T00:00:00Z", "e": "2100-01-01T00:00:00Z", "m": ALL}


def page(caller: Caller, **variables: object) -> dict[str, object]:
    told = caller.data(PAGE, **({"w": caller.sandbox.workspace_id, "deleted": True} | EVER | variables))
    return dict(told["projectServiceUsage"])


def by_measurement(usage: object) -> dict[str, float]:
    found: dict[str, float] = {}
    for row in usage:  # type: ignore[attr-defined]
        found[row["measurement"]] = found.get(row["measurement"], 0) + row["value"]
    return found


def test_each_service_is_told_with_every_measurement_of_a_bill(caller: Caller) -> None:
    stack = caller.run()
    caller.sandbox.advance(24 * 3600)
    told = page(caller)
    assert {row["tags"]["projectId"] for row in told["usage"]} == {stack.project}
    used = by_measurement(told["usage"])
    assert used["MEMORY_USAGE_GB"] == pytest.approx(0.65 * 1440, rel=0.01)
    assert used["CPU_USAGE"] <= 0.06 * 1440 * 1.01
    assert used["NETWORK_TX_GB"] > 0
    assert used["DISK_USAGE_GB"] > 1440


def test_a_deleted_project_has_used_what_it_used(caller: Caller) -> None:
    stack = caller.run()
    caller.sandbox.advance(3600)
    caller.data("mutation M($id: String!) { projectDelete(id: $id) }", id=stack.project)
    before = by_measurement(page(caller)["usage"])
    caller.sandbox.advance(24 * 3600)
    assert by_measurement(page(caller)["usage"]) == pytest.approx(before, rel=0.01)
    assert {row["tags"]["serviceId"] for row in page(caller)["usage"]} == {stack.odoo, stack.postgres}
    assert page(caller, deleted=False)["usage"] == []


def test_projects_come_in_pages_of_at_most_fifty(caller: Caller) -> None:
    create = "mutation C($w: String!, $n: String!) { projectCreate(input: { workspaceId: $w, name: $n }) { id } }"
    ids = {caller.data(create, w=caller.sandbox.workspace_id, n=f"p{n}")["projectCreate"]["id"] for n in range(52)}
    first = page(caller)["pageInfo"]
    assert first["hasNextPage"]
    second = page(caller, a=first["endCursor"])["pageInfo"]
    assert not second["hasNextPage"]
    assert {first["endCursor"], second["endCursor"]} <= ids
    too_many = {"w": caller.sandbox.workspace_id, "first": 51} | EVER
    assert "between 1 and 50" in caller.message(PAGE, **too_many)


def test_railways_own_sum_is_what_its_prices_make_of_the_period(caller: Caller) -> None:
    caller.run()
    caller.sandbox.advance(24 * 3600)
    told = caller.data(SUM, w=caller.sandbox.workspace_id, m=ALL)
    customer = told["workspace"]["customer"]
    used = by_measurement(page(caller, s=customer["billingPeriod"]["start"])["usage"])
    minutes = 43_200
    spent = (used["MEMORY_USAGE_GB"] * 10 + used["CPU_USAGE"] * 20 + (used["DISK_USAGE_GB"]) * 0.15) / minutes + used[
        "NETWORK_TX_GB"
    ] * 0.05
    assert customer["currentUsage"] == pytest.approx(spent, rel=0.01)
    assert {row["measurement"] for row in told["estimatedUsage"]} >= {"MEMORY_USAGE_GB", "CPU_USAGE"}


def test_the_meter_can_have_run_before_anything_was_made(open_sandbox: OpenSandbox) -> None:
    caller = open_sandbox(metered_days=30)
    caller.run()
    assert by_measurement(page(caller)["usage"])["MEMORY_USAGE_GB"] == pytest.approx(0.65 * 1440 * 30, rel=0.01)
