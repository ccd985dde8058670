"""Wherever a creation stopped, whatever dies on the way and whoever lives next door: all of ours goes, nothing else."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioning.engine import running
from provisioning.engine.recipes import RECIPES
from provisioning.gate import clients
from provisioning.models import Operation
from provisioning.sandbox import Sandbox
from provisioning.states import OperationState, StepState
from tenants.lifecycle import InstanceState
from tests import trials

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick_hashes")]

NUMBERS = itertools.count()
STEPS = [step.code for step in RECIPES["create"].steps]
# what strangers may write: nothing, something, our marker's word, and our very marker among other words
TEXTS = ("", "{marker}x", "x{marker}", "eazynova-instance=", "see {marker} for why", "{marker} {marker}")
NAMES = ("the blog", "eazynova-{client}", "eazynova-{client}-2")


@pytest.fixture
def sandbox(settings):
    with Sandbox(deletion_grace_seconds=600) as running:
        settings.RAILWAY_API_URL = running.url
        settings.RAILWAY_WORKSPACE_ID = running.workspace_id
        yield running


def stopped_at(code, lost, order_instance, clock, sandbox):
    """An instance whose creation died after this step, or before its project was known; None: it is ready."""
    instance = order_instance(f"client-{next(NUMBERS)}")
    operation = Operation.objects.get(instance=instance)

    def stop(step):
        raise trials.Killed

    if code is None:
        trials.finish(operation, clock, sandbox)
    else:
        if lost:
            sandbox.faults.add(kind="lost_answer", operation="ProjectCreate", times=1)
        with trials.at_step(code, StepState.WAITING if lost else StepState.DONE, stop):
            engine_died(operation)
        sandbox.faults.clear()
        running.cancel(operation)
    instance.refresh_from_db()
    return instance


def engine_died(operation):
    try:
        running.run(operation.pk)
    except trials.Killed:
        return


def neighbours(instance, written, sandbox):
    railway = clients.railway()
    words = {"marker": f"eazynova-instance={instance.public_id}", "client": instance.client_name}
    made = [
        railway.create_project(
            workspace_id=sandbox.workspace_id, name=name.format(**words), description=text.format(**words)
        )
        for name, text in written
    ]
    return {project.id for project in made}


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    code=st.sampled_from([None, *STEPS[:-1]]),
    lost=st.booleans(),
    written=st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(TEXTS)), max_size=3),
    deaths=st.lists(st.tuples(st.integers(1, 6), st.booleans()), max_size=4),
)
def test_a_decommissioning_removes_all_of_ours_and_nothing_else(
    code, lost, written, deaths, sandbox, order_instance, clock
):
    instance = stopped_at("create_project" if lost else code, lost, order_instance, clock, sandbox)
    strangers = neighbours(instance, written, sandbox)
    operation, tripwire, left = trials.order("decommission", instance), trials.Tripwire(), list(deaths)

    def arm(step):
        if left:
            number, after = left.pop()
            tripwire.arm(number, after=after)

    with tripwire.watching(), trials.at_step("", StepState.RUNNING, arm):
        ended = trials.finish(operation, clock, sandbox)
    assert ended.state == OperationState.SUCCEEDED, ended.message
    instance.refresh_from_db()
    assert instance.state == InstanceState.DECOMMISSIONED
    assert not instance.resources.filter(gone_at=None).exists()
    projects = {each["id"]: each for each in sandbox.state()["projects"]}
    assert [each for each in strangers if projects[each]["deleted"] or projects[each]["deletionAt"]] == []
    marker = f"eazynova-instance={instance.public_id}"
    ours = [each for number, each in projects.items() if each["description"] == marker and number not in strangers]
    assert [each["deleted"] for each in ours] == [True]
