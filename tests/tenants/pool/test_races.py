"""Fifty orders at once, ten units: each its own or none, and nobody waits for anybody."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from provisioning.models import Operation
from tenants.models import Instance, Unit
from tenants.pool import units
from tenants.pool.keys import key_of
from tenants.services import pool as pools
from tests.factories import make_instance, order_instance

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("without_waits")]
ORDERS, UNITS = 50, 10


@pytest.fixture
def stock(pool):
    """``stock(10)``: warm units as rows; what they own is not what is tried here."""

    def make(count):
        for number in range(count):
            instance = make_instance(f"warm-unit-{number}", email="nobody@pool.example")
            now, facts = instance.created_at, {"claim_action": "1"}
            prepared = Operation(
                kind="prepare", instance=instance, state="succeeded", facts=facts, deadline_at=now, ended_at=now
            )
            prepared.seal({"admin_password": "x", "unit_session": "y"})
            prepared.save()
            Unit.objects.create(instance=instance, pool=pool, key=key_of(pool.plan, "fr", "FR"), warm_at=now)
        # not sooner: each of these orders would have taken the one before
        Instance.objects.filter(client_name__startswith="warm-unit-").update(state="warm")

    return make


def ordered(number):
    try:
        return Operation.objects.get(instance=order_instance(f"customer-{number}")).kind
    finally:
        connection.close()


def test_fifty_orders_at_once_find_ten_units_and_no_unit_twice(stock, services):
    stock(UNITS)
    with ThreadPoolExecutor(16) as threads:
        kinds = Counter(threads.map(ordered, range(ORDERS)))
    assert kinds == {"hand_over": UNITS, "create": ORDERS - UNITS}
    handed = Unit.objects.exclude(handed_to=None).values_list("handed_to", flat=True)
    assert len(set(handed)) == UNITS
    assert Instance.objects.filter(state="taken").count() == UNITS


def test_an_order_and_the_draining_of_the_same_unit_exclude_each_other(stock, services, pool):
    stock(8)

    def drained(_number):
        try:
            return pools.drain(pool)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        orders = [threads.submit(ordered, number) for number in range(8)]
        drains = [threads.submit(drained, number) for number in range(3)]
        taken = sum(order.result() == "hand_over" for order in orders)
        gone = sum(drain.result() for drain in drains)
    assert taken + gone == 8
    assert Unit.objects.exclude(handed_to=None).count() == taken
    assert Operation.objects.filter(kind="decommission").count() == gone


def test_an_order_that_is_refused_takes_no_unit(stock, pool):
    stock(1)
    with transaction.atomic():
        assert units.take(pool.plan, "fr", "FR")
        transaction.set_rollback(True)
    assert Instance.objects.filter(state="warm").count() == 1
    order_instance("acme-corp")
    assert Operation.objects.filter(kind="hand_over").count() == 1
