"""Real workers killed, stopped, doubled and deprived of their services: nothing lost, doubled or stuck."""

import json
import signal
import subprocess
from datetime import timedelta
from email import message_from_bytes

import pytest
import redis
from django.conf import settings as site
from django.utils import timezone

from provisioning import driver, tasks
from provisioning.engine import running
from provisioning.models import Operation, Resource
from provisioning.states import OperationState
from provisioning.steps import afterwards
from provisioning.watching import watcher
from tenants.mails import outbox
from tenants.models import Mail
from tests import trials
from tests.cluster import Cluster
from tests.ports import free_port
from tests.processes import Workers, kill, kill_children, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("services")]

REQUESTS = (
    "ProjectCreate ServicesCreate VolumeCreate DomainCreate DomainRename Configure Deploy BackupSchedules".split()
)
REQUESTS_OF_A_BUILD = "ConnectRepository AutoDeployOff".split()
HELD = 600.0


@pytest.fixture
def workers(sandbox, services, tmp_path):
    redis.Redis.from_url(site.REDIS_URL).flushdb()
    workers = Workers(tmp_path)
    yield workers
    workers.stop()


@pytest.fixture
def creation(order_instance):
    return lambda plan="demo", name="acme-corp": Operation.objects.get(instance=order_instance(name, plan_code=plan))


def beat():
    """What Celery's beat does, without its rests."""
    running.sweep()
    watcher.watch()
    outbox.sweep()


def ask_again_for_what_follows():
    """The pause is over, after which what an instance lacks is asked for again: a worker does it."""
    Resource.objects.filter(kind__in=("volume_instance", "service")).update(checked_at=None)
    tasks.tend_afterwards.delay()


def expire_lease(operation):
    """The dead runner's lease has run out, and the message that rang for it is lost."""
    past = timezone.now() - timedelta(seconds=1)
    Operation.objects.active().filter(pk=operation.pk).exclude(lease_token="").update(
        lease_expires_at=past, rung_at=None
    )


def hold(sandbox, kind, document, seconds=HELD):
    """The next such request is held open, before or after its effect; True when it has come."""
    fault = sandbox.faults.add(kind=kind, operation=document, times=1, seconds=seconds)
    return lambda: next(each["used"] for each in sandbox.faults.all() if each["id"] == fault)


def ended(operation):
    return Operation.objects.get(pk=operation.pk).state != OperationState.ACTIVE


def mail_is_out(operation):
    return Mail.objects.filter(instance=operation.instance, state=Mail.State.SENT).exists()


def assert_one_ready_instance_and_one_mail(sandbox, operation, workers):
    until(lambda: ended(operation) and mail_is_out(operation), "one ready instance and its mail", beat)
    until(lambda: not afterwards.missing().exists(), "what follows a creation", beat)
    trials.assert_exactly_one_of_everything(sandbox, operation.instance)
    letters = [message_from_bytes(path.read_bytes()) for path in workers.mail.iterdir()]
    assert [letter["To"] for letter in letters] == [operation.instance.admin_email]


def test_a_worker_killed_in_the_middle_of_a_creation_leaves_one_project_one_mail_and_a_ready_instance(
    sandbox, workers, creation
):
    came = hold(sandbox, "timeout_after", "ServicesCreate")
    operation = creation()
    first = workers.start("-B")
    until(came, "the services were asked for")
    kill(first)
    expire_lease(operation)
    workers.start("-B")
    until(lambda: ended(operation) and mail_is_out(operation), "one ready instance and its mail")
    assert_one_ready_instance_and_one_mail(sandbox, operation, workers)


@pytest.mark.parametrize(("plan", "requests"), [("demo", REQUESTS), ("starter", REQUESTS_OF_A_BUILD)])
def test_runners_killed_before_and_after_the_effect_of_every_request_leave_one_of_everything(
    plan, requests, sandbox, workers, creation
):
    worker = workers.start()
    boundaries = [(kind, document) for document in requests for kind in ("timeout_before", "timeout_after")]
    came = hold(sandbox, *boundaries[0])
    operation = creation(plan)
    for number, (kind, document) in enumerate(boundaries, start=1):
        until(came, f"{document} {kind}", beat)
        if number < len(boundaries):
            came = hold(sandbox, *boundaries[number])
        kill_children(worker)
        expire_lease(operation)
        ask_again_for_what_follows()
    assert_one_ready_instance_and_one_mail(sandbox, operation, workers)


@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_a_worker_told_to_stop_finishes_its_request_and_lets_go(pool, sandbox, workers, creation):
    fault = sandbox.faults.add(kind="timeout_before", operation="ServicesCreate", times=1, seconds=1)
    operation = creation()
    first = workers.start("--pool", pool)
    until(lambda: sandbox.faults.all()[0]["used"], "the services were asked for", beat)
    first.send_signal(signal.SIGTERM)
    assert first.wait(timeout=30) == 0
    assert Operation.objects.get(pk=operation.pk).lease_token == ""
    sandbox.faults.remove(fault)
    workers.start("--pool", pool)
    assert_one_ready_instance_and_one_mail(sandbox, operation, workers)


def test_two_workers_and_the_foreground_racing_on_one_operation_do_no_harm(sandbox, workers, creation):
    for _ in range(2):
        workers.start("--concurrency", "2")
    operation = creation()
    for _ in range(30):
        tasks.run_operation.delay(operation.pk)
    row = driver.drive(operation.pk, timeout=60, tick=lambda row: tasks.run_operation.delay(operation.pk))
    assert row.state == OperationState.SUCCEEDED
    assert_one_ready_instance_and_one_mail(sandbox, operation, workers)


def test_a_broker_that_forgets_everything_and_restarts_costs_seconds(sandbox, services, tmp_path, creation):
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    workers = Workers(tmp_path, REDIS_URL=url)
    broker = start_redis(port)
    try:
        came = hold(sandbox, "timeout_after", "ServicesCreate", seconds=2.0)
        workers.start("-B")
        operation = creation()
        until(came, "the services were asked for")
        redis.Redis.from_url(url).flushall()
        broker.kill()
        broker.wait()
        broker = start_redis(port)
        until(lambda: ended(operation) and mail_is_out(operation), "one ready instance and its mail")
        assert_one_ready_instance_and_one_mail(sandbox, operation, workers)
    finally:
        workers.stop()
        broker.kill()
        broker.wait()


@pytest.mark.parametrize("jump", [-3_600, 86_400], ids=["an hour back", "a day forward"])
def test_a_clock_that_jumps_in_the_middle_of_a_creation_does_no_harm(jump, sandbox, services, tmp_path, creation):
    redis.Redis.from_url(site.REDIS_URL).flushdb()
    clock = tmp_path / "clock"
    clock.write_text("0")
    workers = Workers(tmp_path, CLOCK_FILE=str(clock))
    try:
        came = hold(sandbox, "timeout_after", "ServicesCreate", seconds=1.0)
        workers.start("-B", "--include", "tests.jumping_clock")
        operation = creation()
        until(came, "the services were asked for")
        clock.write_text(str(jump))
        until(lambda: ended(operation) and mail_is_out(operation), "one ready instance and its mail")
        assert_one_ready_instance_and_one_mail(sandbox, operation, workers)
    finally:
        workers.stop()


def test_a_database_that_restarts_in_the_middle_costs_its_worker_a_lease(sandbox, services, tmp_path):
    with Cluster() as cluster:
        workers = Workers(tmp_path, DATABASE_URL=cluster.url)
        try:
            workers.manage("migrate", "--verbosity", "0")
            sandbox.faults.add(kind="timeout_after", operation="ServicesCreate", times=1, seconds=3.0)
            workers.manage("shell", "--verbosity", "0", "-c", ORDER)
            worker = workers.start("-B")
            until(lambda: sandbox.faults.all()[0]["used"], "the services were asked for")
            cluster.restart()
            until(
                lambda: cluster.execute(MAILS) == [("sent",)],
                "the mail of a ready instance",
                meanwhile=lambda: cluster.execute(LEASE_IS_OVER),
            )
            assert worker.poll() is None, "the same worker goes on"
            assert cluster.execute("SELECT state FROM tenants_instance") == [("ready",)]
            assert cluster.execute("SELECT count(*) FROM provisioning_operation WHERE state = 'active'") == [(0,)]
            (project,) = sandbox.state()["projects"]
            assert sorted((each["name"], each["deploymentCount"]) for each in project["services"]) == [
                ("Postgres", 1),
                ("odoo", 1),
            ]
            assert len(list(workers.mail.iterdir())) == 1
        finally:
            workers.stop()


def test_a_database_that_is_away_is_named_as_what_is_not_ready(services, tmp_path):
    with Cluster() as cluster:
        gone = cluster.url
    told = Workers(tmp_path, DATABASE_URL=gone).manage("shell", "--verbosity", "0", "-c", ASK_READY)
    answer = json.loads(told.splitlines()[-1])
    assert answer["status"] == "failing"
    assert not answer["checks"]["database"]["ok"]
    assert answer["checks"]["broker"]["ok"]
    assert str(cluster.port) not in told.splitlines()[-1]


MAILS = "SELECT state FROM tenants_mail"
# only of the runner whose request was under way when the database went; a living one renews it
LEASE_IS_OVER = (
    "UPDATE provisioning_operation SET lease_expires_at = now() - interval '1 second', rung_at = NULL FROM"
    " provisioning_step WHERE operation_id = provisioning_operation.id AND code = 'create_services'"
    " AND provisioning_step.state = 'running' AND lease_expires_at < now() + interval '24 seconds'"
)
ASK_READY = (
    "from django.test import Client; print(Client().get('/readyz', headers={'host': 'localhost'}).content.decode())"
)
ORDER = "from tests import factories; factories.order_instance()"


def start_redis(port):
    broker = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""], stdout=subprocess.DEVNULL
    )
    client = redis.Redis(port=port)

    def answers():
        try:
            return client.ping()
        except redis.ConnectionError:
            return False

    until(answers, "Redis answers")
    return broker
