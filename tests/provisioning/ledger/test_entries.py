"""The ledger against a second runner: what one has asked for, the other looks for."""

from datetime import timedelta

import pytest
from django.utils import timezone

from provisioning.ledger.entries import Ledger, NotOurs, StillUnclear
from provisioning.models import Resource
from provisioning.states import ResourceState

pytestmark = pytest.mark.django_db


@pytest.fixture
def ledgers(make_instance):
    """Two runners' views of one instance, both read while nothing had been asked for."""
    instance = make_instance()
    Resource.objects.create(instance=instance, kind="project", name="project")
    ledgers = [Ledger(instance.pk, "default") for _ in range(2)]
    for ledger in ledgers:
        assert ledger.get("project", "project").attempted_at is None
    return ledgers


def ask(ledger, requests):
    def create():
        requests.append("projectCreate")
        return "p1"

    return ledger.ensure("project", "project", find=lambda: None, create=create)


def test_a_runner_that_was_overtaken_asks_for_nothing_again(ledgers):
    requests = []
    ask(ledgers[0], requests)
    with pytest.raises(StillUnclear):
        ask(ledgers[1], requests)
    assert requests == ["projectCreate"]


def test_a_request_that_another_runner_is_just_sending_is_not_sent_a_second_time(ledgers):
    requests = []
    Resource.objects.update(attempted_at=timezone.now())
    with pytest.raises(StillUnclear):
        ask(ledgers[1], requests)
    assert requests == []


def test_two_runners_that_both_saw_nothing_send_one_request(make_instance):
    requests, instance = [], make_instance()
    first, second = (Ledger(instance.pk, "default") for _ in range(2))
    assert first.living("project") == second.living("project") == []
    ask(first, requests)
    with pytest.raises(StillUnclear):
        ask(second, requests)
    assert requests == ["projectCreate"]


def test_a_thing_of_another_instance_is_taken_by_nobody(make_instance):
    theirs = Ledger(make_instance("other-corp").pk, "default").take("project", "project", "p9")
    mine = Ledger(make_instance().pk, "default")
    with pytest.raises(NotOurs):
        mine.take("project", "project", "p9")
    theirs.refresh_from_db()
    assert (theirs.instance_id == mine.instance_id, theirs.state) == (False, ResourceState.PRESENT)


def test_what_was_asked_for_long_ago_and_is_not_there_is_asked_for_again(ledgers):
    requests = []
    Resource.objects.update(attempted_at=timezone.now() - timedelta(hours=1))
    assert ask(ledgers[1], requests) == "p1"
    assert requests == ["projectCreate"]


def test_rows_are_read_once_and_follow_what_this_ledger_does(make_instance, django_assert_num_queries):
    ledger = Ledger(make_instance().pk, "default")
    with django_assert_num_queries(2):
        ledger.adopt("environment", "production", "e1")
    with django_assert_num_queries(1):
        assert ledger.id_of("environment", "production") == "e1"
        ledger.gone(ledger.get("environment", "production"))
        assert ledger.living("environment") == []
