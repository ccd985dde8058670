"""The arithmetic of the request budget, alone and as Redis's scripts do it."""

import time

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioning.gate import budget_redis
from provisioning.gate.budget_rules import HOUR, PATIENCE, Budget, Lesson, Terms
from tests import environment

NOW = 1_800_000_000.0
FREE = Terms(1000)

pauses = st.floats(0, 2 * HOUR)
terms = st.builds(Terms, st.integers(1, 6), st.sampled_from([0.0, 0.5, 5.0]), st.sampled_from([0.0, 0.2]))
lessons = st.builds(
    Lesson,
    st.none() | st.integers(1, 10),
    st.none() | st.integers(0, 10),
    st.none() | st.floats(0, HOUR),
    st.sampled_from([0.0, 0.0, 60.0]),
)
histories = st.lists(st.tuples(pauses | st.just(0.0), terms | lessons), max_size=30)


def test_an_hour_holds_so_many_requests_and_the_next_one_as_many_again():
    budget, terms = Budget(), Terms(3)
    assert [budget.take(NOW + second, terms).given for second in range(5)] == [True, True, True, False, False]
    assert budget.take(NOW + 10, terms).seconds == HOUR - 10
    assert budget.take(NOW + HOUR, terms).given


def test_requests_are_spaced_and_one_that_is_far_off_is_not_counted():
    budget, terms = Budget(), Terms(1000, per_second=2)
    assert [budget.take(NOW, terms).seconds for _ in range(3)] == pytest.approx([0, 0.5, 1.0])
    refused = [budget.take(NOW, terms) for _ in range(3)]
    assert [grant.given for grant in refused] == [False] * 3
    assert refused[-1].seconds == pytest.approx(1.5)
    assert budget.used == 3


def test_a_request_leaves_its_share_to_those_who_may_use_the_last_of_it():
    budget = Budget()
    assert [budget.take(NOW, Terms(10, keep=0.2)).given for _ in range(9)] == [True] * 8 + [False]
    assert [budget.take(NOW, Terms(10)).given for _ in range(3)] == [True, True, False]


def test_railways_smaller_count_is_believed_until_its_window_is_over():
    budget = Budget()
    budget.learn(NOW, Lesson(limit=100, remaining=1, reset_in=300))
    assert budget.take(NOW, FREE).given
    held = budget.take(NOW + 1, FREE)
    assert (held.given, held.seconds) == (False, 299)
    assert budget.take(NOW + 300, FREE).given


def test_an_answer_that_comes_late_gives_nothing_back():
    budget = Budget()
    budget.learn(NOW, Lesson(remaining=5, reset_in=300))
    budget.learn(NOW, Lesson(remaining=9, reset_in=300.4))
    assert budget.remaining == 5
    budget.learn(NOW + 301, Lesson(remaining=99, reset_in=3600))
    assert budget.remaining == 99


def test_a_pause_that_railway_asks_for_holds_everything_back():
    budget = Budget()
    budget.learn(NOW, Lesson(pause=60))
    budget.learn(NOW, Lesson(pause=1))
    assert budget.take(NOW + 20, FREE) == (False, 40)
    assert budget.take(NOW + 60, FREE).given


def test_a_clock_that_was_put_back_holds_nobody_for_longer_than_an_hour():
    budget, terms = Budget(), Terms(1, per_second=1)
    assert budget.take(NOW, terms).given
    assert budget.take(NOW - 30 * 24 * HOUR, terms).given


def test_machines_whose_clocks_differ_a_little_count_in_the_same_hour():
    budget = Budget()
    for second in (2.0, 0.0, 1.0, -1.0):
        assert budget.take(NOW + second, FREE).given
    assert budget.used == 4


@given(histories)
def test_no_hour_ever_holds_more_than_its_limit_and_nobody_sleeps_long(history):
    budget, now = Budget(), NOW
    for pause, act in history:
        now += pause
        if isinstance(act, Lesson):
            budget.learn(now, act)
            continue
        before, hour = budget.used, budget.hour_ends
        grant = budget.take(now, act)
        if grant.given:
            assert 0 <= grant.seconds <= PATIENCE
            assert now >= hour or before < act.per_hour
        else:
            assert 0 < grant.seconds <= 24 * HOUR


@pytest.mark.usefixtures("services")
@given(histories)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_redis_does_the_same_sums(history):
    budget, now = Budget(), NOW
    environment.REDIS.delete(budget_redis.PREFIX + "sums")
    with time_machine.travel(NOW, tick=False) as clock:
        for pause, act in history:
            now += pause
            clock.move_to(now)
            now = time.time()
            if isinstance(act, Lesson):
                budget.learn(now, act)
                budget_redis.learn("sums", act)
            else:
                mine, theirs = budget.take(now, act), budget_redis.take("sums", act)
                assert theirs.given == mine.given
                assert theirs.seconds == pytest.approx(mine.seconds, abs=1e-3)
