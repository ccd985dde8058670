"""Every method against the stand-in for Railway, over real HTTP."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from provisioning.railway import errors
from provisioning.railway.client import RailwayClient
from provisioning.railway.results import Deployment, DeploymentStatus, Limits, NewService, ServiceSettings
from provisioning.sandbox.sandbox import Sandbox

POSTGRES_IMAGE = "ghcr.io/railwayapp-templates/postgres-ssl:17"
POSTGRES_VARIABLES = {
    "PGDATA": "/var/lib/postgresql/data/pgdata",
    "POSTGRES_USER": "odoo",
    "POSTGRES_PASSWORD": "pässword \"with\" '${{quotes' and {braces}",
    "PGUSER": "${{POSTGRES_USER}}",
}
MARKER = "eazynova-instance=acme-1"


@dataclass
class Stage:
    """A running sandbox, a client of it, and a project with a Postgres and a worker service."""

    sandbox: Sandbox
    client: RailwayClient
    project_id: str
    environment_id: str
    postgres: str
    worker: str

    @property
    def place(self):
        return {"project_id": self.project_id, "environment_id": self.environment_id}

    def stack(self):
        return self.client.stack(self.project_id, self.environment_id)

    def deploy_postgres(self):
        self.client.create_volume(**self.place, service_id=self.postgres, mount_path="/var/lib/postgresql/data")
        self.client.configure(
            environment_id=self.environment_id, services={self.postgres: ServiceSettings(image=POSTGRES_IMAGE)}
        )
        return self.client.deploy(service_id=self.postgres, environment_id=self.environment_id)

    def status_of(self, deployment_id):
        told = self.client.deployments([deployment_id])[deployment_id]
        assert isinstance(told, Deployment)
        return told.status


def client_of(sandbox, **options):
    return RailwayClient(url=sandbox.url, token=sandbox.token, **options)


def staged(sandbox, client):
    project = client.create_project(workspace_id=sandbox.workspace_id, name="acme", description=MARKER)
    made = client.create_services(
        project_id=project.id,
        environment_id=project.environment_id,
        services=[NewService("Postgres", POSTGRES_VARIABLES), NewService("worker", {"PORT": "8069"})],
    )
    return Stage(sandbox, client, project.id, project.environment_id, made["Postgres"], made["worker"])


@pytest.fixture
def stage():
    with Sandbox() as sandbox, client_of(sandbox) as client:
        yield staged(sandbox, client)


def test_the_token_knows_its_workspace_and_the_workspace_its_plan(stage):
    assert [each.id for each in stage.client.workspaces()] == [stage.sandbox.workspace_id]
    stage.client.check_token()
    info = stage.client.workspace(stage.sandbox.workspace_id)
    assert (info.id, info.project_count) == (stage.sandbox.workspace_id, 1)
    assert info.plan == "PRO"
    assert info.remaining_points is not None
    assert info.billing is not None


def test_a_wrong_token_is_refused(stage):
    with RailwayClient(url=stage.sandbox.url, token="wrong") as stranger:
        with pytest.raises(errors.TokenRefused):
            stranger.check_token()
        with pytest.raises(errors.NotAuthorized):
            stranger.find_projects(stage.sandbox.workspace_id, MARKER)


def test_a_project_is_found_by_its_marker(stage):
    found = stage.client.find_projects(stage.sandbox.workspace_id, MARKER)
    assert [(each.id, each.environment_id) for each in found] == [(stage.project_id, stage.environment_id)]
    assert stage.client.find_projects(stage.sandbox.workspace_id, "eazynova-instance=acme") == ()


def test_projects_are_listed_over_several_pages(stage):
    for number in range(101):
        stage.client.create_project(workspace_id=stage.sandbox.workspace_id, name=f"p{number}", description="")
    assert len({each.id for each in stage.client.list_projects(stage.sandbox.workspace_id)}) == 102


def test_variables_are_kept_as_written(stage):
    assert stage.client.variables(**stage.place, service_id=stage.postgres) == POSTGRES_VARIABLES
    stage.client.set_variables(**stage.place, service_id=stage.postgres, variables={"EXTRA": "1"})
    rendered = stage.client.variables(**stage.place, service_id=stage.postgres, rendered=True)
    assert (rendered["PGUSER"], rendered["EXTRA"]) == ("odoo", "1")


def test_settings_show_in_the_stack(stage):
    settings = ServiceSettings(
        image="odoo:19",
        start_command="/bin/sh -c 'echo $PORT'",
        healthcheck_path="/web/health",
        healthcheck_timeout=900,
        restart_policy="ON_FAILURE",
        restart_retries=10,
        draining_seconds=30,
        limits=Limits(2, 2),
    )
    stage.client.configure(environment_id=stage.environment_id, services={stage.worker: settings})
    seen = stage.stack().service("worker")
    assert (seen.id, seen.image, seen.start_command) == (stage.worker, "odoo:19", "/bin/sh -c 'echo $PORT'")
    assert (seen.healthcheck_path, seen.latest_deployment) == ("/web/health", None)


def test_a_volume_belongs_to_its_service_until_it_is_deleted(stage):
    made = stage.client.create_volume(**stage.place, service_id=stage.postgres, mount_path="/var/lib/postgresql/data")
    volume = stage.stack().volume_of("Postgres")
    assert (volume.id, volume.mount_path) == (made, "/var/lib/postgresql/data")
    stage.client.schedule_backups([volume.instance_id], ["DAILY", "WEEKLY"])
    stage.client.delete_volume(made)
    assert stage.stack().volume_of("Postgres") is None


def test_a_domain_is_made_renamed_and_deleted(stage):
    made = stage.client.create_domain(service_id=stage.worker, environment_id=stage.environment_id, target_port=8069)
    assert [each.id for each in stage.stack().service("worker").domains] == [made.id]
    wish = {"service_id": stage.worker, "environment_id": stage.environment_id, "target_port": 8069}
    assert stage.client.domain_available("eazynova-acme.up.railway.app")
    stage.client.rename_domain(domain_id=made.id, domain="eazynova-acme.up.railway.app", **wish)
    assert not stage.client.domain_available("eazynova-acme.up.railway.app")
    other = stage.client.create_domain(service_id=stage.postgres, environment_id=stage.environment_id, target_port=80)
    with pytest.raises(errors.AlreadyExists):
        stage.client.rename_domain(domain_id=other.id, domain="eazynova-acme.up.railway.app", **wish)
    stage.client.delete_domain(made.id)
    assert stage.stack().service("worker").domains == ()


def test_a_deployment_runs_tells_its_story_and_is_stopped(stage):
    deployment_id = stage.deploy_postgres()
    assert stage.status_of(deployment_id) is DeploymentStatus.SUCCESS
    assert stage.stack().service("Postgres").latest_deployment.id == deployment_id
    assert stage.client.deployment_events(deployment_id)
    logs = stage.client.logs(deployment_id, limit=2)
    assert [line.message for line in logs.run][-1] == "database system is ready to accept connections"
    assert len(logs.run) == 2
    stage.client.restart_deployment(deployment_id)
    stage.client.remove_deployments([deployment_id])
    assert stage.status_of(deployment_id) is DeploymentStatus.REMOVED


def test_a_slow_deployment_can_be_cancelled(stage):
    stage.sandbox.faults.add(kind="slow", seconds=600)
    deployment_id = stage.deploy_postgres()
    assert stage.status_of(deployment_id) not in (DeploymentStatus.SUCCESS, DeploymentStatus.UNKNOWN)
    stage.client.cancel_deployment(deployment_id)
    assert stage.status_of(deployment_id) in (DeploymentStatus.REMOVED, DeploymentStatus.FAILED)


def test_a_repository_deploys_at_once_and_then_no_more_by_itself(stage):
    stage.client.connect_repository(service_id=stage.worker, repository="owner/name", branch="main")
    stage.client.disable_auto_deploy(service_id=stage.worker, **stage.place)
    seen = stage.stack().service("worker")
    assert (seen.repository, seen.latest_deployment is not None) == ("owner/name", True)


def test_an_unknown_deployment_does_not_hide_the_others(stage):
    deployment_id = stage.deploy_postgres()
    told = stage.client.deployments(["unknown-1", deployment_id, "unknown-2"])
    assert told[deployment_id].status is DeploymentStatus.SUCCESS
    assert isinstance(told["unknown-1"], errors.RailwayError)
    assert isinstance(told["unknown-2"], errors.RailwayError)


def test_a_service_is_deleted_once(stage):
    stage.client.delete_service(stage.worker)
    assert stage.stack().find_service("worker") is None
    with pytest.raises((errors.NotFound, errors.NotAuthorized)):
        stage.client.delete_service(stage.worker)


def test_a_deletion_is_scheduled_cancelled_and_forced(stage):
    stage.client.schedule_project_deletion(stage.project_id)
    stage.client.cancel_project_deletion(stage.project_id)
    stage.sandbox.advance(timedelta(days=3).total_seconds())
    assert stage.client.list_projects(stage.sandbox.workspace_id)
    stage.client.schedule_project_deletion(stage.project_id)
    stage.client.force_project_deletion(stage.project_id)
    assert stage.client.list_projects(stage.sandbox.workspace_id) == ()
    deleted = stage.client.list_projects(stage.sandbox.workspace_id, include_deleted=True)
    assert [each.id for each in deleted] == [stage.project_id]
    assert deleted[0].deleted_at is not None


def test_a_webhook_is_made_changed_and_deleted(stage):
    workspace_id = stage.sandbox.workspace_id
    rule = stage.client.create_notification_rule(
        workspace_id=workspace_id,
        url="http://127.0.0.1:9/hook",
        event_types=["Deployment.failed"],
        headers={"X-Secret": "s"},
    )
    assert stage.client.notification_rules(workspace_id) == (rule,)
    changed = stage.client.update_notification_rule(
        rule.id, url="http://127.0.0.1:9/other", event_types=["Deployment.deployed"]
    )
    assert (changed.urls, changed.event_types) == (("http://127.0.0.1:9/other",), ("Deployment.deployed",))
    stage.client.delete_notification_rule(rule.id)
    assert stage.client.notification_rules(workspace_id) == ()


def test_railway_tells_how_it_is_and_what_was_used(stage):
    assert stage.client.platform_status().stable
    now = datetime.now(UTC)
    used = stage.client.usage(stage.sandbox.workspace_id, now - timedelta(days=1), now)
    assert all(each.value >= 0 and each.measurement for each in used)


def test_the_budget_is_seen_after_each_request(stage):
    seen = []
    with client_of(stage.sandbox, after=seen.append) as client:
        client.platform_status()
    assert (seen[0].outcome, seen[0].status) == ("ok", 200)
    assert seen[0].remaining is not None
    assert seen[0].limit >= seen[0].remaining
    assert seen[0].reset_at is not None


FAULTS = {
    "too many requests": ({"kind": "rate_limited", "retry_after": 9}, errors.RateLimited, False, 9),
    "a failing server": ({"kind": "server_error", "status": 503}, errors.LostAnswer, True, None),
    "a page of the edge": ({"kind": "html", "status": 502}, errors.LostAnswer, True, None),
    "an answer that is lost": ({"kind": "lost_answer"}, errors.LostAnswer, True, None),
    "a refused token": ({"kind": "token_refused"}, errors.NotAuthorized, False, None),
    "half of a document": ({"kind": "partial"}, errors.PartialAnswer, True, 10),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_railway_becomes_the_right_error(stage, name):
    fault, kind, unclear, retry_after = FAULTS[name]
    stage.sandbox.faults.add(operation="ServicesCreate", **fault)
    services = [NewService("one"), NewService("two")]
    with pytest.raises(kind) as raised:
        stage.client.create_services(**stage.place, services=services)
    assert (raised.value.unclear, getattr(raised.value, "retry_after", None)) == (unclear, retry_after)
    assert raised.value.document == "ServicesCreate"


def test_the_effect_of_a_lost_answer_can_be_found(stage):
    stage.sandbox.faults.add(kind="lost_answer", operation="ServicesCreate")
    with pytest.raises(errors.LostAnswer):
        stage.client.create_services(**stage.place, services=[NewService("late")])
    stage.sandbox.faults.clear()
    assert stage.stack().find_service("late") is not None
    with pytest.raises(errors.AlreadyExists):
        stage.client.create_services(**stage.place, services=[NewService("late")])


def test_the_throttles_of_creation_are_told_apart():
    with Sandbox(project_interval=30, volume_interval=15) as sandbox, client_of(sandbox) as client:
        stage = staged(sandbox, client)
        with pytest.raises(errors.ProjectThrottled):
            client.create_project(workspace_id=sandbox.workspace_id, name="two", description="")
        client.create_volume(**stage.place, service_id=stage.postgres, mount_path="/var/lib/postgresql/data")
        with pytest.raises(errors.VolumeThrottled):
            client.create_volume(**stage.place, service_id=stage.worker, mount_path="/data")


def test_a_service_that_lags_behind_is_not_yet_visible():
    with Sandbox(lag_seconds=30) as sandbox, client_of(sandbox) as client:
        stage = staged(sandbox, client)
        with pytest.raises(errors.NotYetVisible):
            stage.stack().service("worker")
        with pytest.raises(errors.NotYetVisible):
            client.deploy(service_id=stage.worker, environment_id=stage.environment_id)
        sandbox.advance(31)
        assert stage.stack().service("worker").id == stage.worker


def test_a_paused_platform_is_seen_and_obeyed(stage):
    stage.sandbox.faults.add(kind="paused", message="Deployments are temporarily paused")
    status = stage.client.platform_status()
    assert not status.stable
    assert status.notice == "Deployments are temporarily paused"
    with pytest.raises(errors.Paused):
        stage.deploy_postgres()
