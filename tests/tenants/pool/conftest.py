import pytest
import time_machine

from provisioning.models import Operation
from tenants.models import Unit
from tenants.services import pool as pools
from tests import trials
from tests.factories import order_instance


@pytest.fixture
def clock():
    with time_machine.travel("2026-03-02 09:00:00+00:00", tick=True) as traveller:
        yield traveller


@pytest.fixture
def without_waits(settings):
    settings.RAILWAY_PROJECT_INTERVAL_SECONDS = settings.RAILWAY_VOLUME_INTERVAL_SECONDS = 0


@pytest.fixture
def pool(db, clock, without_waits):
    """French customers' pool of the plan demo; nothing wanted yet."""
    return pools.pool_of("demo", "fr")


@pytest.fixture
def warm(pool, sandbox, clock):
    """``warm(2)`` wants so many units and has them made; returns them, the oldest first."""

    def make(count=1, of=pool):
        pools.resize(of, count)
        for _round in range(count):
            for operation in Operation.objects.active().filter(kind="prepare").order_by("pk"):
                trials.finish(operation, clock, sandbox)
            pools.fill(of)
        return list(Unit.objects.filter(pool=of, instance__state="warm").order_by("warm_at"))

    return make


@pytest.fixture
def hand_over(sandbox, clock):
    """Order, and let the work come to its end: the instance that came of it."""

    def order(name="acme-corp", **values):
        instance = order_instance(name, **values)
        for operation in iter(lambda: Operation.objects.active().filter(instance=instance).first(), None):
            trials.finish(operation, clock, sandbox)
        instance.refresh_from_db()
        return instance

    return order
