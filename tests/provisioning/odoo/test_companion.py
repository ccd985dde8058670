"""The agent's process beside Odoo's: it calls, comes back when it dies, ends with the container, and harms nobody."""

import os
import signal
from pathlib import Path

import pytest

from provisioning.agents import tokens
from provisioning.models import Agent
from provisioning.odoo import container as orders
from tests.provisioning.odoo.containers import alive, eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("services")]


@pytest.fixture
def called(live_server, instance):
    """What a container is told so that its agent calls us, at once."""
    given = orders.agent_variables(f"{live_server.url}/agent/", tokens.renew(instance.pk))
    return given | {"PROV_AGENT_PAUSE": "0.05"}


def children(pid):
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def keeper_of(container):
    """The process that keeps the agent alive."""
    odoo = [entry["pid"] for entry in container.diary if "pid" in entry]
    return next((pid for pid in children(container.process.pid) if pid not in odoo), None)


def agent_of(container):
    return next(iter(children(keeper_of(container))), None)


def test_beside_a_serving_odoo_the_agent_reports(ready, called):
    ready.start(**called).wait_until_serving()
    report = eventually(lambda: Agent.objects.get().report, "the report")
    assert report["freeBytes"] > 0


def test_without_anybody_to_call_there_is_no_agent(ready):
    ready.start().wait_until_serving()
    assert keeper_of(ready) is None


def test_an_agent_that_dies_is_started_again_and_odoo_does_not_notice(ready, called):
    ready.start(**called).wait_until_serving()
    first = eventually(lambda: agent_of(ready), "the agent")
    os.kill(first, signal.SIGKILL)
    eventually(lambda: agent_of(ready) not in (None, first), "another agent")
    assert ready.process.poll() is None
    assert ready.count(serving=True) == 1
    assert ready.count(stopped=True) == 0


def test_without_its_keeper_the_agent_ends_and_odoo_serves_on(ready, called):
    ready.start(**called).wait_until_serving()
    agent = eventually(lambda: agent_of(ready), "the agent")
    os.kill(keeper_of(ready), signal.SIGKILL)
    eventually(lambda: not alive(agent), "the agent's end")
    assert ready.process.poll() is None
    ready.stop()
    assert ready.count(stopped=True) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_agent_ends_with_its_container(ready, called, number):
    ready.start(**called).wait_until_serving()
    pids = eventually(lambda: agent_of(ready) and [keeper_of(ready), agent_of(ready)], "the agent")
    os.kill(ready.process.pid, number)
    ready.ended()
    eventually(lambda: not any(map(alive, pids)), "the agent's end")
