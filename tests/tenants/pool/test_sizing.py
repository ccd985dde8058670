"""Erlang's formula, and what the last weeks' orders suggest."""

from datetime import timedelta

import pytest
from django.utils import timezone

from provisioning.models import Backup, Restore
from tenants.models import Instance
from tenants.pool import counting, sizing
from tests.factories import make_instance


@pytest.mark.parametrize(
    ("load", "units", "found"),
    [(0.05, 1, 95.2), (0.05, 2, 99.9), (0.1, 1, 90.9), (0.1, 2, 99.5), (0.25, 2, 97.6), (0.5, 2, 92.3), (0.5, 3, 98.7),
     (1, 3, 93.8), (1, 4, 98.5), (2, 6, 98.8), (4, 9, 98.7)],
)  # fmt: skip
def test_the_share_that_finds_one_is_erlangs(load, units, found):
    assert round(100 * (1 - sizing.blocked(units, load)), 1) == found


@pytest.mark.django_db
def test_without_orders_nothing_is_suggested(pool):
    suggestion = sizing.suggest(pool)
    assert (suggestion.wanted, suggestion.sizes, suggestion.load) == (None, (), 0)


@pytest.mark.django_db
def test_the_busy_hours_of_the_last_weeks_say_how_many(pool):
    made = [make_instance(f"customer-{number}", state="ready") for number in range(30)]
    now = timezone.now()
    for number, instance in enumerate(made):
        Instance.objects.filter(pk=instance.pk).update(created_at=now - timedelta(hours=number % 10, days=1))
    make_instance("long-ago", state="ready")
    Instance.objects.filter(client_name="long-ago").update(created_at=now - timedelta(weeks=5))
    backup = Backup.objects.create(instance=made[0], occasion="daily")
    for mode in (Restore.Mode.COPY, Restore.Mode.MOVE):
        Restore.objects.create(instance=make_instance(f"{mode}-of-one", state="ready"), backup=backup, mode=mode)
    suggestion = sizing.suggest(pool)
    assert suggestion.orders == 30
    assert suggestion.per_hour == pytest.approx(30 / 67)
    assert suggestion.load == pytest.approx(30 / 67 / 10), "six minutes each, before any was made"
    assert suggestion.wanted.units == 1
    assert suggestion.wanted.hit_rate == pytest.approx(1 - sizing.blocked(1, suggestion.load))
    assert suggestion.sizes[1].monthly_cost == 2 * counting.IDLE_COST
