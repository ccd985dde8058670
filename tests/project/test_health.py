"""What machines ask: does it live, is it ready, and what has it done."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings as live
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from eazynova_site import health
from provisioning.engine import running
from provisioning.gate import budget, clients
from provisioning.models import Operation, Outage, Tally
from provisioning.railway.errors import RateLimited
from provisioning.states import OperationState
from provisioning.tasks import sweep, watch
from provisioning.vitals import heartbeat, tally
from tests import factories

NAMES = {"database", "migrations", "broker", "worker", "beat", "watcher", "railwayBudget"}
TOKEN = "metrics-token-of-thirty-two-letters"


@pytest.fixture(autouse=True)
def _nothing_was_found_before():
    health.forget()


@pytest.fixture
def _all_alive():
    for name in heartbeat.patience():
        heartbeat.beat(name)


@pytest.fixture
def _demo(settings):
    """A second workspace."""
    settings.RAILWAY_WORKSPACES = {"demo": {"identifier": "ws-demo", "token": "token-of-demo", "capacity": 0}}


def test_a_process_that_answers_is_alive_whatever_else_is_away(client):
    # without the database: pytest-django would refuse the access
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.django_db
@pytest.mark.usefixtures("_all_alive")
def test_ready_names_everything_that_it_stands_on(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok"), answer.json()
    assert set(answer.json()["checks"]) == NAMES
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.usefixtures("_all_alive")
def test_many_who_ask_at_once_cost_one_look(client, django_assert_num_queries):
    first = client.get("/readyz")
    with django_assert_num_queries(0):
        assert client.get("/readyz").content == first.content
    with time_machine.travel(timezone.now() + timedelta(seconds=10)):
        health.forget()
        assert client.get("/readyz").content != first.content


@pytest.mark.django_db
def test_who_was_never_seen_is_not_ready(client):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    failing = {name for name, check in answer.json()["checks"].items() if not check["ok"]}
    assert failing == {"worker", "beat", "watcher"}


@pytest.mark.django_db
@pytest.mark.usefixtures("_all_alive")
def test_a_silent_beat_is_noticed_while_the_others_live(client):
    with time_machine.travel(timezone.now() + timedelta(minutes=5), tick=False):
        heartbeat.beat(heartbeat.WORKER)
        heartbeat.beat(heartbeat.WATCHER)
        checks = client.get("/readyz").json()["checks"]
        assert heartbeat.silent() == ["beat"]
    assert (checks["beat"]["ok"], checks["worker"]["ok"]) == (False, True)
    assert checks["beat"]["ageSeconds"] >= 300


@pytest.mark.django_db
def test_the_periodic_jobs_leave_their_signs_of_life(sandbox):
    sweep()
    watch()
    assert heartbeat.silent() == ["worker"]


@pytest.mark.django_db
@pytest.mark.usefixtures("_all_alive")
def test_a_used_up_budget_is_named(client, settings):
    settings.RAILWAY_REQUESTS_PER_HOUR = 1
    budget.before("default", "Logs")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["railwayBudget"]["remaining"] == 0
    assert answer.json()["checks"]["railwayBudget"]["usedUp"] == ["default"]


@pytest.mark.django_db
@pytest.mark.usefixtures("_all_alive")
def test_while_railway_wants_no_request_nobody_is_told_that_all_is_well(client, sandbox, settings):
    settings.RAILWAY_REQUESTS_PER_HOUR = 1000
    sandbox.faults.add(kind="rate_limited", retry_after=120.0, times=1)
    with pytest.raises(RateLimited):
        clients.railway().workspaces()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["railwayBudget"]["usedUp"]) == (503, ["default"])


@pytest.mark.django_db
@pytest.mark.usefixtures("_all_alive", "_demo")
def test_the_budget_of_every_workspace_counts(client, settings):
    settings.METRICS_TOKEN, settings.RAILWAY_REQUESTS_PER_HOUR = TOKEN, 1
    budget.before("demo", "Logs")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["railwayBudget"]["usedUp"]) == (503, ["demo"])
    found = told(client)
    assert found["eazynova_railway_budget_remaining", "demo"] == 0
    assert found["eazynova_railway_budget_remaining", "default"] == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("_demo")
def test_an_outage_and_the_queues_are_told_by_workspace(client, settings):
    settings.METRICS_TOKEN = TOKEN
    Outage.objects.create(workspace="demo", opened_at=timezone.now())
    operation = Operation.objects.get(instance=factories.order_instance())
    Operation.objects.filter(pk=operation.pk).update(queue="project_create:default")
    found = told(client)
    assert (found["eazynova_railway_outage", "demo"], found["eazynova_railway_outage", "default"]) == (1, 0)
    assert found["eazynova_queued_operations", "project_create:default"] == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_all_alive")
def test_a_broker_that_is_away_is_named_and_its_address_is_not(client, settings):
    settings.REDIS_URL = "redis://:hidden-word@127.0.0.1:9/0"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert not answer.json()["checks"]["broker"]["ok"]
    assert "hidden-word" not in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.usefixtures("_all_alive")
def test_a_migration_that_was_not_run_is_named(client):
    with connection.cursor() as cursor:
        last = "SELECT MAX(id) FROM django_migrations WHERE app = 'provisioning'"
        cursor.execute(f"DELETE FROM django_migrations WHERE id = ({last})")
    health._waiting_migrations.cache_clear()
    found = client.get("/readyz").json()["checks"]["migrations"]
    assert (found["ok"], len(found["waiting"])) == (False, 1)


def told(client, token=TOKEN):
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


@pytest.mark.django_db
def test_only_the_token_opens_the_metrics(client, settings):
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
    settings.METRICS_TOKEN = TOKEN
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}x"}).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_the_metrics_tell_what_a_creation_did(client, settings, sandbox):
    settings.METRICS_TOKEN = TOKEN
    factories.order_instance("waits")
    factories.order_instance("done")
    call_command("create_instance", "done", "admin@done.example", "--plan", "demo", "--json", verbosity=0)
    found = told(client)
    assert found["eazynova_instances", "ready"] == found["eazynova_instances", "provisioning"] == 1
    assert found["eazynova_operations", "create", "succeeded"] == 1
    assert found["eazynova_railway_requests_total", "ProjectCreate", "ok"] >= 1
    assert found["eazynova_time_to_ready_seconds_count",] == found["eazynova_time_to_ready_seconds_bucket", "+Inf"] == 1
    assert found["eazynova_time_to_ready_seconds_sum",] > 0
    assert found["eazynova_queue_age_seconds",] > 0, "the other one is due and nobody takes it up"
    assert found["eazynova_mails", "welcome", "sent"] == 1
    names = "".join(map(str, found))
    assert "done.example" not in names
    assert live.RAILWAY_API_TOKEN not in names


@pytest.mark.django_db(transaction=True)
def test_retries_are_counted_by_their_error(client, settings):
    settings.METRICS_TOKEN = TOKEN
    settings.RAILWAY_API_URL = "http://127.0.0.1:9/graphql/v2"
    operation = Operation.objects.get(instance=factories.order_instance())
    before = {key: value for key, value in told(client).items() if key[0] == "eazynova_step_retries_total"}
    running.run(operation.pk)
    after = {key: value for key, value in told(client).items() if key[0] == "eazynova_step_retries_total"}
    assert sum(after.values()) == sum(before.values()) + 1
    assert Operation.objects.get().state == OperationState.ACTIVE


@pytest.mark.django_db(transaction=True)
def test_counts_of_many_threads_add_up():
    tally.flush()
    before = sum(tally.read("trial").values())

    def work():
        for _ in range(50):
            tally.count("trial", "same")
        tally.flush()
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(tally.read("trial").values()) == before + 200
    assert Tally.objects.filter(name="trial").count() == 1
