"""The one watcher: many deployments in one request, however slow Railway is."""

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection

from provisioning.doorbell import Priority
from provisioning.engine import running
from provisioning.models import Operation, Resource
from provisioning.sandbox import Sandbox
from provisioning.signals import operation_due
from provisioning.steps.desired_state import ODOO, POSTGRES
from provisioning.watching import watcher
from tests import factories
from tests.processes import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick_hashes")]


@pytest.fixture
def sandbox(settings):
    with Sandbox(deploy_seconds=60) as running:
        settings.RAILWAY_API_URL, settings.RAILWAY_WORKSPACE_ID = running.url, running.workspace_id
        yield running


@pytest.fixture
def waiting(sandbox):
    """Three creations that wait for both of their services."""
    for number in range(3):
        running.run(Operation.objects.get(instance=factories.order_instance(f"client-{number}")).pk)
    return Resource.objects.filter(kind="deployment").order_by("pk")


def requests(sandbox):
    return sandbox.state()["requests"].get("Deployments", 0)


def test_many_are_asked_about_in_one_request_and_those_are_woken_whose_answer_changed(waiting, sandbox):
    watcher.watch()
    asked, before = requests(sandbox), dict(Operation.objects.values_list("pk", "wakes"))
    assert watcher.watch() == 0
    assert dict(Operation.objects.values_list("pk", "wakes")) == before
    sandbox.advance(61)
    assert watcher.watch() == 6
    assert requests(sandbox) == asked + 2
    assert all(wakes > before[pk] for pk, wakes in Operation.objects.values_list("pk", "wakes"))


def test_what_is_still_being_deployed_is_progress_and_wakes_nobody(waiting, sandbox):
    before = dict(Operation.objects.values_list("pk", "wakes"))
    sandbox.advance(30)
    assert watcher.watch() == 6
    assert set(waiting.values_list("status", flat=True)) == {"DEPLOYING"}
    assert dict(Operation.objects.values_list("pk", "wakes")) == before


def test_whose_last_wait_is_over_is_heard_before_whose_database_has_started(waiting, sandbox):
    sandbox.advance(61)
    first = waiting[0].instance
    waiting.filter(instance=first, name=POSTGRES).update(status="SUCCESS")
    waiting.filter(name=ODOO).exclude(instance=first).update(status="SUCCESS")
    priorities = []

    def hear(priority, **news):
        priorities.append(priority)

    operation_due.connect(hear)
    try:
        watcher.watch()
    finally:
        operation_due.disconnect(hear)
    assert priorities == [Priority.LAST_WAIT, Priority.AWAITED, Priority.AWAITED]


def test_the_broker_tells_every_rank_from_the_others(settings):
    assert settings.CELERY_BROKER_TRANSPORT_OPTIONS["priority_steps"] == [0, *Priority]


def test_each_is_asked_about_once_in_an_interval_together_with_those_whose_turn_comes_next(
    clock, waiting, sandbox, settings
):
    settings.RAILWAY_POLL_SECONDS = 10
    assert (watcher.watch_in_turn(), requests(sandbox)) == (0, 0)
    first = waiting[0]
    Resource.objects.filter(pk=first.pk).update(attempted_at=first.attempted_at - timedelta(seconds=10))
    watcher.watch_in_turn()
    assert requests(sandbox) == 1
    assert not waiting.filter(checked_at=None).exists()
    clock.shift(8)
    watcher.watch_in_turn()
    assert requests(sandbox) == 1
    clock.shift(3)
    watcher.watch_in_turn()
    assert requests(sandbox) == 2


def test_a_workspace_that_cannot_be_asked_is_not_asked_again_at_once(clock, waiting, sandbox, settings):
    settings.RAILWAY_POLL_SECONDS = 10
    clock.shift(11)
    sandbox.faults.add(kind="server_error", operation="Deployments", times=1)
    for shift, asked in ((0, 1), (5, 1), (6, 2)):
        clock.shift(shift)
        watcher.watch_in_turn()
        assert requests(sandbox) == asked
    assert not waiting.filter(checked_at=None).exists()


def test_one_that_railway_cannot_tell_about_has_its_turn_as_the_others_have(clock, waiting, sandbox, settings):
    settings.RAILWAY_POLL_SECONDS = 10
    Resource.objects.filter(pk=waiting[1].pk).update(external_id="unknown")
    clock.shift(11)
    watcher.watch_in_turn()
    asked = requests(sandbox)
    watcher.watch_in_turn()
    assert requests(sandbox) == asked > 0


def test_one_that_railway_does_not_know_spoils_none_of_the_rest(waiting, sandbox):
    unknown = waiting[1]
    Resource.objects.filter(pk=unknown.pk).update(external_id="unknown")
    sandbox.advance(61)
    assert watcher.watch() == 5
    assert sorted(waiting.values_list("status", flat=True)) == ["", *["SUCCESS"] * 5]


def test_while_one_watcher_waits_for_a_slow_railway_no_second_one_begins(waiting, sandbox):
    watcher.watch()
    sandbox.faults.add(kind="timeout_before", operation="Deployments", times=1, seconds=1.0)
    found = []

    def look():
        found.append(watcher.watch())
        connection.close()

    slow = Thread(target=look)
    slow.start()
    until(lambda: sandbox.faults.all()[0]["used"], "the slow one asks")
    asked = requests(sandbox)
    assert watcher.watch() is None
    assert requests(sandbox) == asked
    slow.join()
    assert found == [0]
    sandbox.advance(61)
    assert watcher.watch() == 6
