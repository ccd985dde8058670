"""The shared request budget around real requests to the sandbox, in Redis and in the database alike."""

import threading
from datetime import timedelta

import pytest
import redis
from django.db import connection
from django.utils import timezone

from provisioning.engine import running
from provisioning.gate import budget, budget_redis, clients
from provisioning.models import Operation, Step
from provisioning.railway.errors import RateLimited
from provisioning.sandbox.sandbox import Sandbox
from provisioning.states import OperationState
from tests import environment, trials

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def limits(settings):
    settings.RAILWAY_REQUESTS_PER_HOUR = 1000
    settings.RAILWAY_REQUESTS_PER_SECOND = 0


@pytest.fixture(params=["redis", "database"])
def store(request, settings):
    """Where the budget is kept."""
    if request.param == "redis":
        request.getfixturevalue("services")
    else:
        settings.REDIS_URL = ""
    return request.param


@pytest.fixture
def narrow(settings):
    """A sandbox that allows four requests an hour."""
    with Sandbox(hourly_limit=4) as running:
        settings.RAILWAY_API_URL = running.url
        settings.RAILWAY_WORKSPACE_ID = running.workspace_id
        yield running


@pytest.mark.usefixtures("store")
def test_requests_are_counted_and_the_last_ones_kept_for_staff(sandbox, settings, clock):
    settings.RAILWAY_REQUESTS_PER_HOUR = 100
    for _ in range(98):
        clients.railway().workspaces()
    with pytest.raises(budget.OutOfBudget) as held:
        clients.railway().workspaces()
    assert held.value.retry_after == pytest.approx(3600, abs=60)
    budget.before("default", "Logs")
    state = budget.state()
    assert (state.limit, state.remaining, state.waiting) == (100, 1, 0)
    clock.shift(3601)
    clients.railway().workspaces()
    assert budget.state().remaining == 99


@pytest.mark.usefixtures("store")
def test_railways_headers_correct_a_limit_that_we_thought_larger(narrow):
    clients.railway().workspaces()
    state = budget.state()
    assert (state.limit, state.remaining) == (4, 3)
    assert timezone.now() < state.reset_at <= timezone.now() + timedelta(hours=1)


@pytest.mark.usefixtures("store")
def test_a_refusal_pauses_the_workspace_for_as_long_as_railway_says(sandbox, clock):
    sandbox.faults.add(kind="rate_limited", retry_after=7.0, times=1)
    with pytest.raises(RateLimited):
        clients.railway().workspaces()
    with pytest.raises(budget.OutOfBudget) as held:
        clients.railway().workspaces()
    assert held.value.retry_after == pytest.approx(7, abs=1)
    assert budget.state().paused_until is not None
    clock.shift(8)
    clients.railway().workspaces()


@pytest.mark.usefixtures("store", "quick_hashes")
def test_a_creation_without_budget_waits_and_then_succeeds(narrow, order_instance, clock):
    operation = Operation.objects.get(instance=order_instance())
    deadline = operation.deadline_at
    running.run(operation.pk)
    operation.refresh_from_db()
    step = operation.steps.get(reason="waiting_for_railway_budget")
    assert (operation.state, step.failures) == (OperationState.ACTIVE, 0)
    assert operation.queue == "budget:default"
    assert budget.state().waiting == 1
    assert operation.deadline_at >= deadline
    assert operation.deadline_at - operation.run_after >= timedelta(minutes=45)
    for _ in range(20):
        clock.shift(max((operation.run_after - timezone.now()).total_seconds(), 0) + 1)
        narrow.advance(0)
        running.run(operation.pk)
        operation.refresh_from_db()
        if operation.state != OperationState.ACTIVE:
            break
    assert operation.state == OperationState.SUCCEEDED
    assert not Step.objects.filter(operation=operation, failures__gt=0).exists()
    trials.only_project(narrow, operation.instance)


@pytest.mark.usefixtures("store")
def test_those_without_budget_come_back_oldest_first_and_not_all_at_once(sandbox, order_instance, settings):
    settings.RAILWAY_REQUESTS_PER_HOUR = 1
    budget.before("default", "Logs")
    operations = [Operation.objects.get(instance=order_instance(f"client-{number}")) for number in range(4)]
    for operation in operations:
        running.run(operation.pk)
        operation.refresh_from_db()
    moments = [operation.run_after for operation in operations]
    assert moments == sorted(moments)
    assert moments[-1] - moments[0] >= timedelta(seconds=0.7)
    assert sandbox.state()["projects"] == []


@pytest.mark.usefixtures("store")
def test_each_workspace_has_a_budget_of_its_own():
    budget.before("default", "WhoAmI")
    assert (budget.state("default").remaining, budget.state("demo").remaining) == (999, 1000)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("store")
def test_threads_share_one_budget_and_its_spacing(sandbox, settings):
    settings.RAILWAY_REQUESTS_PER_SECOND = 20
    refused, sent = [], []

    def send():
        try:
            for _ in range(5):
                clients.railway().workspaces()
                sent.append(timezone.now())
        except budget.OutOfBudget as held:
            refused.append(held)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    began = timezone.now()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1000 - budget.state().remaining == sandbox.state()["requests"]["WhoAmI"] == len(sent)
    assert (len(sent) == 20) is not bool(refused), "nobody is kept back without being told"
    assert timezone.now() - began >= timedelta(seconds=(len(sent) - 1) / 20)


@pytest.mark.usefixtures("services")
def test_while_redis_is_away_the_database_counts(sandbox, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    clients.railway().workspaces()
    clients.railway().workspaces()
    assert budget.state().remaining == 998
    with pytest.raises(redis.RedisError):
        budget_redis.read("default")


@pytest.mark.usefixtures("services")
def test_after_redis_was_flushed_the_first_answer_teaches_anew(narrow):
    for _ in range(3):
        clients.railway().workspaces()
    environment.REDIS.delete(f"{budget_redis.PREFIX}default")
    assert budget.state().remaining == 1000
    clients.railway().workspaces()
    assert budget.state().remaining == 0
    with pytest.raises(budget.OutOfBudget):
        clients.railway().workspaces()
