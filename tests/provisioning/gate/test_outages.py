"""Railway as a whole refuses while instances are created: operations wait, and go on when it answers again."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from provisioning.engine import running
from provisioning.gate import circuit, clients, outages
from provisioning.models import Operation, Outage, Step
from provisioning.railway.errors import RailwayError
from provisioning.states import OperationState, StepState
from provisioning.watching import watcher
from tests import trials

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick_hashes")]

DOWN = {"kind": "server_error", "status": 503}


@pytest.fixture
def orders(sandbox, order_instance):
    return [order_instance(f"client-{number}") for number in range(5)]


class World:
    """Workers, watcher and probe, as time goes by."""

    def __init__(self, clock, sandbox):
        self._clock, self._sandbox = clock, sandbox

    def round(self, seconds=3.0):
        self._sandbox.advance(0)
        running.run_due()
        outages.tend()
        watcher.watch()
        self._clock.shift(seconds)

    def until(self, reached, rounds=150, seconds=3.0):
        for _ in range(rounds):
            if reached():
                return
            self.round(seconds)
        raise AssertionError([(s.operation_id, s.code, s.reason) for s in Step.objects.filter(state="waiting")])


@pytest.fixture
def world(clock, sandbox):
    return World(clock, sandbox)


def states():
    return set(Operation.objects.values_list("state", flat=True))


def all_wait_for_the_outage():
    reasons = Step.objects.filter(state=StepState.WAITING).values_list("reason", flat=True)
    return list(reasons) == [circuit.WAITING] * 5


def hear_refusals(count=3):
    for _ in range(count):
        with pytest.raises(RailwayError):
            clients.railway().platform_status()


@pytest.mark.parametrize("fault", [DOWN, {"kind": "html"}, {"kind": "lost_answer"}], ids=lambda fault: fault["kind"])
def test_an_outage_of_hours_in_the_middle_of_five_creations_fails_none_and_doubles_nothing(
    fault, orders, world, clock, sandbox
):
    for number, instance in enumerate(orders[1:], 1):
        operation = Operation.objects.get(instance=instance)
        struck = [step.code for step in operation.steps.order_by("position")][number * 2 - 1]
        with trials.at_step(struck, StepState.RUNNING, lambda step: running.cancel(step.operation)):
            running.run(operation.pk)
    sandbox.faults.add(**fault)
    for operation in Operation.objects.filter(state=OperationState.CANCELLED):
        running.retry(operation)
    world.until(all_wait_for_the_outage)
    tried = list(Step.objects.order_by("pk").values_list("attempts", "failures"))
    for _ in range(30):
        world.round(600)
    assert all_wait_for_the_outage()
    assert list(Step.objects.order_by("pk").values_list("attempts", "failures")) == tried
    assert circuit.state().open
    sandbox.faults.clear()
    world.until(lambda: states() == {OperationState.SUCCEEDED})
    assert not circuit.state().open
    for instance in orders:
        trials.assert_exactly_one_of_everything(sandbox, instance)


def test_paused_deployments_are_believed_at_once_and_end_with_railways_own_word(orders, world, sandbox):
    sandbox.faults.add(kind="paused")
    world.until(all_wait_for_the_outage)
    assert circuit.state().cause == "railway_paused"
    assert "paused" in circuit.state().notice
    for _ in range(100):
        world.round(60)
    assert states() == {OperationState.ACTIVE}
    sandbox.faults.clear()
    world.until(lambda: states() == {OperationState.SUCCEEDED})
    for instance in orders:
        trials.assert_exactly_one_of_everything(sandbox, instance)


def test_an_edge_that_blocks_us_is_believed_at_once_and_costs_no_creation(orders, world, sandbox, settings):
    settings.RAILWAY_REQUESTS_PER_HOUR = 10_000
    sandbox.faults.add(kind="html", status=403)
    world.until(lambda: circuit.state().open)
    assert circuit.state().cause == "railway_edge_blocked"
    for _ in range(100):
        world.round(300)
    assert states() == {OperationState.ACTIVE}
    sandbox.faults.clear()
    world.until(lambda: states() == {OperationState.SUCCEEDED})
    for instance in orders:
        trials.assert_exactly_one_of_everything(sandbox, instance)


def test_one_faulty_operation_alone_does_not_stop_the_others(orders, world, sandbox):
    sandbox.faults.add(**DOWN, match="client-0")
    rest = Operation.objects.exclude(instance=orders[0])
    world.until(lambda: not rest.filter(state=OperationState.ACTIVE).exists())
    assert set(rest.values_list("state", flat=True)) == {OperationState.SUCCEEDED}
    world.until(lambda: OperationState.FAILED in states(), seconds=30)
    assert not Outage.objects.exclude(opened_at=None).exists()


def test_refusals_below_the_threshold_are_forgotten(sandbox, clock):
    sandbox.faults.add(**DOWN)
    for _ in range(3):
        hear_refusals(2)
        assert outages.tend() == 0
        clock.shift(11 * 60)
    hear_refusals(1)
    assert outages.tend() == 0
    hear_refusals(2)
    assert outages.tend() == 1
    assert circuit.state().open


def test_a_railway_that_has_internal_problems_with_everything_is_out_of_order(sandbox):
    sandbox.faults.add(kind="error", message="Problem processing request")
    hear_refusals()
    outages.tend()
    assert circuit.state().open


def test_an_outage_that_ends_while_a_runner_is_about_to_wait_for_its_end_is_not_slept_through(orders, sandbox, clock):
    operation = Operation.objects.get(instance=orders[0])
    sandbox.faults.add(**DOWN)
    hear_refusals()
    outages.tend()
    ended = []

    def it_ends(execute, sql, *rest):
        if not ended and sql.startswith('UPDATE "provisioning_operation" SET "run_after"'):
            ended.append(sql)
            sandbox.faults.clear()
            clock.shift(20)
            outages.tend()
        return execute(sql, *rest)

    with connection.execute_wrapper(it_ends):
        running.run(operation.pk)
    assert ended
    assert not circuit.state().open
    operation.refresh_from_db()
    assert operation.run_after - timezone.now() < timedelta(seconds=5)


def test_while_the_circuit_is_open_nothing_but_one_probe_at_a_time_is_sent(orders, sandbox, clock):
    sandbox.faults.add(**DOWN)
    hear_refusals()
    assert outages.tend() == 1
    seen = sandbox.state()["requests"]
    running.run_due()
    assert sandbox.state()["requests"] == seen
    assert outages.tend() == 0
    clock.shift(20)
    assert outages.tend() == 1
    assert outages.tend() == 0


def test_the_pause_between_probes_grows_to_its_longest(sandbox, clock, settings):
    sandbox.faults.add(**DOWN)
    hear_refusals()
    outages.tend()
    pauses = []
    for _ in range(6):
        outage = Outage.objects.get()
        pauses.append((outage.probe_at - timezone.now()).total_seconds())
        clock.shift(pauses[-1] + 0.1)
        outages.tend()
    assert pauses[0] < 17
    assert pauses[0] < pauses[1] < pauses[2]
    assert max(pauses) <= settings.RAILWAY_OUTAGE_LONGEST_PROBE_SECONDS * 1.1


def test_a_railway_that_flaps_is_asked_less_and_less_often(sandbox, clock):
    pauses = []
    for _ in range(3):
        sandbox.faults.add(**DOWN)
        hear_refusals()
        outages.tend()
        outage = circuit.confirmed().get()
        pauses.append((outage.probe_at - timezone.now()).total_seconds())
        sandbox.faults.clear()
        clock.shift(pauses[-1] + 0.1)
        outages.tend()
        assert not circuit.is_open("default")
    assert pauses[0] < pauses[1] < pauses[2]


def test_deadlines_get_back_what_the_outage_took(orders, sandbox, clock):
    before = Operation.objects.get(instance=orders[0]).deadline_at
    sandbox.faults.add(**DOWN)
    hear_refusals()
    outages.tend()
    clock.shift(7200)
    sandbox.faults.clear()
    outages.tend()
    after = Operation.objects.get(instance=orders[0]).deadline_at
    assert timedelta(0) <= after - before - timedelta(hours=2) < timedelta(minutes=1)
    assert circuit.lost_time("default", before - timedelta(days=1)) >= timedelta(hours=2)


def test_waiting_operations_go_on_spread_out_and_in_their_order(orders, world, clock, sandbox):
    sandbox.faults.add(**DOWN)
    world.until(all_wait_for_the_outage)
    sandbox.faults.clear()
    clock.shift(300)
    outages.tend()
    moments = list(Operation.objects.order_by("pk").values_list("run_after", flat=True))
    assert moments == sorted(moments)
    assert timedelta(seconds=0.4) < moments[-1] - moments[0] < timedelta(seconds=1.5)


def test_a_refused_token_is_no_outage_but_a_condition_of_its_own(sandbox, clock):
    sandbox.faults.add(kind="token_refused")
    with pytest.raises(RailwayError):
        clients.railway().check_token()
    outages.tend()
    assert not circuit.state().open
    assert circuit.state().token_refused_since
    sandbox.faults.clear()
    clock.shift(60)
    outages.tend()
    assert circuit.state().token_refused_since is None


def test_a_missing_right_is_not_taken_for_a_refused_token(sandbox):
    with pytest.raises(RailwayError):
        clients.railway().stack("unknown", "unknown")
    outages.tend()
    assert not Outage.objects.exists()
