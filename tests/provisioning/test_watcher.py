"""The one watcher: many deployments in one request, however slow Railway is."""

from threading import Thread

import pytest
from django.db import connection

from provisioning import engine, watcher
from provisioning.models import Operation, Resource
from provisioning.sandbox import Sandbox
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
    """Three creations that wait for their databases."""
    for number in range(3):
        engine.run(Operation.objects.get(instance=factories.order_instance(f"client-{number}")).pk)
    return Resource.objects.filter(kind="deployment").order_by("pk")


def requests(sandbox):
    return sandbox.state()["requests"].get("Deployments", 0)


def test_many_are_asked_about_in_one_request_and_those_are_woken_whose_answer_changed(waiting, sandbox):
    watcher.watch()
    asked, before = requests(sandbox), dict(Operation.objects.values_list("pk", "wakes"))
    assert watcher.watch() == 0
    assert dict(Operation.objects.values_list("pk", "wakes")) == before
    sandbox.advance(61)
    assert watcher.watch() == 3
    assert requests(sandbox) == asked + 2
    assert all(wakes > before[pk] for pk, wakes in Operation.objects.values_list("pk", "wakes"))


def test_one_that_railway_does_not_know_spoils_none_of_the_rest(waiting, sandbox):
    unknown = waiting[1]
    Resource.objects.filter(pk=unknown.pk).update(external_id="unknown")
    sandbox.advance(61)
    assert watcher.watch() == 2
    assert sorted(waiting.values_list("status", flat=True)) == ["", "SUCCESS", "SUCCESS"]


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
    assert watcher.watch() == 3
