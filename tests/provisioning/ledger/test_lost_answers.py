"""Nothing is made twice or taken from others: what protects a request whose answer was lost."""

import pytest

from provisioning.gate import clients
from provisioning.ledger.entries import Ledger, StillUnclear
from provisioning.models import Operation, Resource
from provisioning.railway.errors import LostAnswer
from provisioning.states import OperationState
from tests import trials

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quick_hashes")]


@pytest.fixture
def ledger(make_instance, settings):
    settings.RAILWAY_SETTLE_SECONDS = 120
    return Ledger(make_instance().pk, "default")


def ensure(ledger, create, find=lambda: None):
    return ledger.ensure("volume", "odoo", find=find, create=create)


def lose(ledger, clock, seconds):
    def create():
        clock.shift(seconds)
        raise LostAnswer("time-out", unclear=True)

    with pytest.raises(LostAnswer):
        ensure(ledger, create)


def test_a_lost_request_may_take_effect_for_the_whole_time_after_its_answer_was_given_up(ledger, clock):
    lose(ledger, clock, 60)
    clock.shift(110)
    with pytest.raises(StillUnclear):
        ensure(ledger, lambda: pytest.fail("it was asked for twice"))
    clock.shift(15)
    assert ensure(ledger, lambda: "volume-2") == "volume-2"


def test_a_runner_that_was_overtaken_does_not_ask_for_what_the_other_one_has_found(ledger, clock):
    lose(ledger, clock, 1)
    clock.shift(130)
    Resource.objects.filter(instance_id=ledger.instance_id).update(external_id="volume-1", state="present")
    with pytest.raises(StillUnclear):
        ensure(ledger, lambda: pytest.fail("it was asked for twice"))


def test_a_project_that_merely_quotes_our_marker_stays_its_owners(order_instance, sandbox, clock):
    instance = order_instance()
    quoting = clients.railway().create_project(
        workspace_id=sandbox.workspace_id, name="notes", description=f"notes on eazynova-instance={instance.public_id}"
    )
    sandbox.faults.add(kind="timeout_before", operation="ProjectCreate", seconds=0.05, times=1)
    ended = trials.finish(Operation.objects.get(instance=instance), clock, sandbox)
    assert ended.state == OperationState.SUCCEEDED
    instance.refresh_from_db()
    assert instance.project_id != quoting.id
