"""How a pool is kept full, and when it is not."""

from datetime import timedelta

import pytest

from provisioning.gate import turns
from provisioning.models import Operation
from tenants import tasks
from tenants.alerts import conditions
from tenants.errors import InvalidInput, WrongState
from tenants.lifecycle import InstanceState
from tenants.models import Instance, Unit
from tenants.pool import counting, units
from tenants.services import ending, probes
from tenants.services import pool as pools
from tests import trials
from tests.factories import order_instance

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def states(pool):
    return {str(state): count for state, count in counting.standing(pool).states.items() if count}


def preparations():
    return Operation.objects.active().filter(kind="prepare").order_by("pk")


@pytest.fixture
def fail(sandbox, clock):
    """The unit that is being made fails."""

    def fail():
        fault = sandbox.faults.add(kind="default_login_open")
        for operation in preparations():
            trials.finish(operation, clock, sandbox)
        sandbox.faults.remove(fault)

    return fail


def test_nothing_is_made_before_somebody_wants_it(pool):
    pools.tend_all()
    assert not Unit.objects.exists()


def test_a_pool_is_filled_a_few_at_a_time(pool, sandbox, clock):
    pools.resize(pool, 5)
    assert states(pool) == {"preparing": 3}
    trials.finish(preparations()[0], clock, sandbox)
    pools.fill(pool)
    assert states(pool) == {"preparing": 3, "warm": 1}
    for _round in range(2):
        for operation in preparations():
            trials.finish(operation, clock, sandbox)
        pools.fill(pool)
    assert states(pool) == {"warm": 5}


@pytest.mark.django_db(transaction=True)
def test_a_unit_that_is_handed_out_is_replaced_at_once(warm, pool):
    warm()
    order_instance()
    if not preparations():
        # with a broker somebody else hears the bell
        tasks.fill_pool(pool.pk)
    assert states(pool) == {"taken": 1, "preparing": 1}


@pytest.mark.parametrize("size", [-1, 201])
def test_a_size_that_makes_no_sense_is_refused(size, pool):
    with pytest.raises(InvalidInput):
        pools.resize(pool, size)
    assert pool.size == 0


def test_a_smaller_pool_keeps_its_youngest(warm, pool):
    made = warm(2)
    pools.resize(pool, 1)
    assert [unit.state for unit in Unit.objects.order_by("warm_at")] == ["draining", "warm"]
    assert Unit.objects.get(instance__state="warm") == made[1]


def test_an_old_unit_is_replaced_before_it_goes(warm, pool, sandbox, clock):
    (old,) = warm()
    clock.shift(6 * DAY + timedelta(hours=1))
    pools.tend(pool)
    assert states(pool) == {"warm": 1, "preparing": 1}
    trials.finish(preparations().get(), clock, sandbox)
    pools.tend(pool)
    assert states(pool) == {"warm": 1, "draining": 1}
    old.refresh_from_db()
    assert old.state == "draining"


def test_a_unit_that_is_too_old_is_nobodys(warm, pool, clock):
    warm()
    pools.pause(pool)
    clock.shift(7 * DAY + timedelta(seconds=1))
    assert Operation.objects.get(instance=order_instance()).kind == "create"
    pools.tend(pool)
    assert states(pool) == {"draining": 1}


def test_a_former_image_is_never_handed_out(warm, pool):
    warm()
    blueprint = pool.plan.blueprint
    blueprint.image = "odoo:19.0-20261101"
    blueprint.save()
    assert Operation.objects.get(instance=order_instance()).kind == "create"
    pool.refresh_from_db()
    pools.tend(pool)
    assert states(pool) == {"draining": 1, "preparing": 1}


def test_a_paused_pool_is_not_filled_and_still_hands_out(warm, pool):
    warm()
    pools.pause(pool)
    assert Operation.objects.get(instance=order_instance()).kind == "hand_over"
    assert pools.fill(pool) == 0
    pools.resume(pool)
    assert states(pool) == {"taken": 1, "preparing": 1}


def test_a_plan_that_takes_no_orders_has_no_units_made(pool):
    pool.plan.takes_orders = False
    pool.plan.save()
    pools.resize(pool, 1)
    assert not Unit.objects.exists()


def test_three_failures_in_a_row_stop_a_pool_which_tells_and_keeps_one_to_look_at(pool, fail, clock):
    pools.resize(pool, 5)
    fail()
    assert states(pool) == {"broken": 3}
    assert counting.standing(pool).is_stopped
    (told,) = [each for each in conditions.present() if each.kind == "pool"]
    assert (told.topic, told.count) == (str(pool), 3)
    assert not conditions.failed().exists(), "one alert tells it all"
    for _minute in range(3):
        pools.tend_all()
    assert states(pool) == {"broken": 1, "draining": 2}
    clock.shift(4 * DAY)
    pools.tend_all()
    assert states(pool) == {"draining": 3}


def test_after_a_failure_one_is_tried_at_a_time_and_a_resumed_pool_begins_anew(pool, fail):
    pools.resize(pool, 1)
    fail()
    pools.resize(pool, 5)
    assert states(pool) == {"broken": 1, "preparing": 1}
    fail()
    pools.fill(pool)
    fail()
    assert counting.standing(pool).is_stopped
    assert pools.fill(pool) == 0
    pools.resume(pool)
    assert states(pool)["preparing"] == 3
    assert not [each for each in conditions.present() if each.kind == "pool"]


def test_the_last_places_of_a_workspace_are_left_to_orders(pool, settings):
    settings.RAILWAY_WORKSPACE_CAPACITY = pools.LEFT_TO_ORDERS + 2
    pools.resize(pool, 5)
    assert states(pool) == {"preparing": 2}
    order_instance("acme-corp")
    order_instance("other-corp")


def test_another_image_is_tried_however_often_the_former_failed(pool, fail):
    pools.resize(pool, 3)
    fail()
    blueprint = pool.plan.blueprint
    blueprint.image = "odoo:19.0-20261101"
    blueprint.save()
    pool.refresh_from_db()
    assert pools.fill(pool) == 3


def test_a_retired_unit_leaves_nothing_at_railway(warm, pool, sandbox, clock):
    warm()
    assert pools.drain(pool) == 1
    trials.finish(Operation.objects.active().get(kind="decommission"), clock, sandbox)
    clock.shift(3 * DAY)
    sandbox.advance(3 * DAY.total_seconds())
    trials.finish(Operation.objects.get(kind="decommission"), clock, sandbox)
    assert Unit.objects.get().state == "gone"
    assert all(project["deleted"] for project in sandbox.state()["projects"])
    assert not Unit.objects.get().instance.resources.filter(gone_at=None).exists()


def test_draining_stops_what_is_being_made(pool):
    pools.resize(pool, 2)
    assert pools.drain(pool) == 2
    assert states(pool) == {"draining": 2}


def test_what_is_draining_is_not_handed_out(warm, pool):
    warm()
    pools.drain(pool)
    assert Operation.objects.get(instance=order_instance()).kind == "create"


def test_what_an_order_has_taken_is_not_drained(warm, pool):
    (unit,) = warm()
    stale = Unit.objects.select_related("instance").get()
    order_instance()
    assert not pools._retire(stale)
    assert not Operation.objects.filter(kind="decommission").exists()
    with pytest.raises(WrongState):
        Instance.objects.get(pk=unit.pk).transition_to(InstanceState.DECOMMISSIONING)


def test_a_unit_that_became_a_customers_before_a_restore_is_not_deleted(warm, pool, sandbox, clock):
    """Our database is of yesterday: it does not know the order of today."""
    (unit,) = warm()
    project = sandbox.workspace.store.projects[unit.instance.project_id]
    project.name, project.description = "eazynova-zoe", "eazynova-instance=zoe-abcdefghij"
    pools.drain(pool)
    ended = trials.finish(Operation.objects.active().get(kind="decommission"), clock, sandbox)
    assert (ended.state, ended.reason) == ("failed", "unit_taken")
    assert not project.deletion_at
    assert {service["deploymentsByStatus"]["SUCCESS"] for service in sandbox.state()["projects"][0]["services"]} == {1}


def test_making_units_waits_behind_every_order(pool, sandbox, clock, settings):
    settings.RAILWAY_PROJECT_INTERVAL_SECONDS = 31
    queue = turns.queue_name("project_create", "default")
    pools.resize(pool, 1)
    stock = preparations().get()
    order = Operation.objects.get(instance=order_instance(), kind="create")
    assert turns.take(stock, queue) > 0, "the order has not even asked"
    assert turns.take(order, queue) == 0
    later = Operation.objects.get(instance=order_instance("later-co"), kind="create")
    assert turns.take(later, queue) > 0
    clock.shift(32)
    stock.refresh_from_db()
    assert turns.take(stock, queue) > 0
    assert turns.position_of(Operation.objects.get(pk=later.pk)).position == 1
    assert turns.take(later, queue) == 0


def test_units_are_not_backed_up_probed_nor_ended(warm):
    (unit,) = warm()
    assert not Instance.objects.without_backup_since(unit.warm_at + DAY).exists()
    assert probes.look_around() == 0
    ending.remind_of_ends()
    ending.expire()
    unit.refresh_from_db()
    assert unit.state == "warm"


def test_the_oldest_fit_unit_goes_first(warm):
    first, _second = warm(2)
    assert units.take(first.pool.plan, "fr", "FR") == first
