"""A sandbox that stands for years in test mode: what is old goes, what is gone is forgotten, outcomes stay."""

import pytest

from provisioning.railway.client import RailwayClient
from provisioning.railway.results import NewService
from provisioning.sandbox import Sandbox, outcomes

DAY = 86_400.0


@pytest.fixture
def kept(tmp_path):
    options = {"life_seconds": 28 * DAY, "memory_seconds": DAY, "deletion_grace_seconds": 0, "named_outcomes": True}
    return lambda: Sandbox(tmp_path, **options)


def make(sandbox, name):
    with RailwayClient(url=sandbox.url, token=sandbox.token) as railway:
        made = railway.create_project(workspace_id=sandbox.workspace_id, name=name, description="")
        railway.create_services(
            project_id=made.id, environment_id=made.environment_id, services=[NewService("odoo", {"A": "b"})]
        )
        return made.id


def rows(sandbox):
    store = sandbox.workspace.store
    tables = (store.projects, store.services, store.volumes, store.domains, store.deployments)
    return sandbox.call(lambda: sum(map(len, tables)))


def test_what_is_deleted_is_forgotten_a_day_later_also_on_disk(kept):
    with kept() as sandbox:
        project = make(sandbox, "eazynova-acme")
        with RailwayClient(url=sandbox.url, token=sandbox.token) as railway:
            railway.schedule_project_deletion(project)
            assert not railway.list_projects(sandbox.workspace_id)
        assert rows(sandbox) > 0
    with kept() as again:
        assert rows(again) > 0, "it is still remembered"
        again.advance(DAY + 1)
        assert rows(again) == 0
    with kept() as once_more:
        assert rows(once_more) == 0


def test_what_nobody_deletes_goes_by_its_age(kept):
    with kept() as sandbox:
        make(sandbox, "eazynova-acme")
    with kept() as again:
        again.advance(27 * DAY)
        assert len(again.state()["projects"]) == 1
        again.advance(1.5 * DAY)
        again.advance(1.5 * DAY)
        assert (again.state()["projects"], rows(again)) == ([], 0)


def test_the_outcomes_of_names_outlive_a_reset_and_a_restart(kept):
    for _start in range(2):
        with kept() as sandbox:
            sandbox.reset()
            assert len(sandbox.faults.all()) == len(outcomes.OUTCOMES)
