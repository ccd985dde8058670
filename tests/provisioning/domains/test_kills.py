"""Whatever is killed, lost or done by two at once: one custom domain at Railway, one news, and no name left behind."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Event

import pytest
from django.db import connections, transaction

from provisioning import tasks
from provisioning.domains import asking, tending
from provisioning.domains.railway import AtRailway
from provisioning.models import Domain, Resource
from tenants.errors import WrongState
from tenants.models import Instance, Mail
from tenants.services import domains
from tests.provisioning.domains.conftest import NAME, ZONE, Case

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(BaseException):
    """As SIGKILL: nothing of ours runs any more."""


@pytest.fixture
def fresh(sandbox, clock, ready):
    sandbox.set_zone(ZONE, {})
    return Case(sandbox, clock, ready, domains.add(ready, NAME))


def die(monkeypatch, name):
    """The next call of this is its runner's last."""
    real = getattr(AtRailway, name)

    def last(*given):
        monkeypatch.setattr(AtRailway, name, real)
        raise Killed

    monkeypatch.setattr(AtRailway, name, last)


def settle(case):
    """As time passes: leases end, lost answers are looked for."""
    for _ in range(4):
        case.look(timedelta(minutes=4))


def test_a_lost_answer_to_the_creation_is_found_again(fresh, sandbox):
    sandbox.faults.add(kind="lost_answer", operation="CustomDomainCreate", times=1)
    settle(fresh)
    assert fresh.at_railway() == [NAME]
    assert fresh.requests("CustomDomainCreate") == 1
    assert fresh.domain.state == "records"


def test_a_runner_that_dies_before_it_asks_railway_is_replaced_when_its_lease_is_over(fresh, monkeypatch):
    die(monkeypatch, "_create")
    with pytest.raises(Killed):
        fresh.look()
    tending.tend(fresh.domain.pk)
    assert fresh.at_railway() == [], "nobody else before"
    settle(fresh)
    assert (fresh.at_railway(), fresh.domain.state) == ([NAME], "records")


def test_a_runner_that_dies_after_railway_has_done_it_leaves_one_to_be_found(fresh, monkeypatch):
    real = AtRailway._create

    def create(self):
        real(self)
        monkeypatch.setattr(AtRailway, "_create", real)
        raise Killed

    monkeypatch.setattr(AtRailway, "_create", create)
    with pytest.raises(Killed):
        fresh.look()
    settle(fresh)
    assert fresh.at_railway() == [NAME]
    assert fresh.requests("CustomDomainCreate") == 1
    assert Resource.objects.filter(kind="custom_domain", state="present").count() == 1


def test_a_runner_that_dies_while_removing_is_replaced(on, monkeypatch):
    domains.remove(on.domain)
    die(monkeypatch, "_seen")
    with pytest.raises(Killed):
        on.look()
    settle(on)
    assert (on.domain.state, on.at_railway()) == ("removed", [])


def test_a_removal_asked_for_while_it_is_being_made_leaves_nothing(fresh, monkeypatch):
    real = AtRailway._create

    def create(self):
        domains.remove(Domain.objects.get())
        return real(self)

    monkeypatch.setattr(AtRailway, "_create", create)
    settle(fresh)
    assert (fresh.domain.state, fresh.at_railway()) == ("removed", [])


def test_a_removal_asked_for_at_the_moment_of_switching_on_wins(case, monkeypatch):
    case.set()
    real = tending._switch_on

    def switch(domain, told):
        domains.remove(Domain.objects.get())
        real(domain, told)

    monkeypatch.setattr(tending, "_switch_on", switch)
    domains.check(case.domain)
    settle(case)
    assert (case.domain.state, case.instance.own_domain, case.at_railway()) == ("removed", "", [])
    assert not Mail.objects.filter(kind="domain_on").exists()


def test_a_deletion_whose_answer_is_lost_is_proven_by_looking(on, sandbox):
    domains.remove(on.domain)
    sandbox.faults.add(kind="lost_answer", operation="CustomDomainDelete", times=1)
    settle(on)
    assert (on.domain.state, on.at_railway()) == ("removed", [])


def test_a_deletion_that_railway_only_says_it_did_is_asked_for_again(on, sandbox):
    domains.remove(on.domain)
    sandbox.faults.add(kind="no_effect", operation="customDomainDelete", times=1)
    on.look()
    assert on.domain.state == "removing"
    settle(on)
    assert (on.domain.state, on.at_railway()) == ("removed", [])


@pytest.mark.parametrize("name", ["_examined", "_told"])
def test_a_look_that_fails_unexpectedly_is_put_off_and_harms_no_other(case, monkeypatch, settings, name):
    settings.REDIS_URL = ""
    other = asking.ask(case.instance.pk, f"www.{ZONE}")
    Domain.objects.filter(pk=case.domain.pk).update(run_after=other.run_after - timedelta(hours=1))

    def fail(*given):
        raise ZeroDivisionError

    monkeypatch.setattr(tending, name, fail)
    tasks.sweep_domains()
    other.refresh_from_db()
    case.domain.refresh_from_db()
    assert other.state == "records"
    assert (case.domain.reason, case.domain.lease_expires_at) == ("unexpected", None)
    assert case.domain.run_after > other.created_at
    monkeypatch.undo()
    case.look(timedelta(hours=1))
    assert case.domain.reason == ""


def test_one_whose_news_cannot_be_followed_is_put_off_as_it_was(case, monkeypatch):
    case.set()

    def fail(*given):
        raise ZeroDivisionError

    monkeypatch.setattr(domains, "follow", fail)
    case.look_now()
    assert (case.domain.state, case.domain.reason, case.domain.lease_expires_at) == ("records", "unexpected", None)


def take_away(domain):
    domains.remove(domain)


def give_up(domain):
    Domain.objects.filter(pk=domain.pk).update(created_at=domain.created_at - tending.PATIENCE)
    tending.tend(domain.pk)


def switch_on(domain):
    tending.tend(domain.pk)


@pytest.mark.usefixtures("services")
@pytest.mark.parametrize("act", [take_away, give_up, switch_on], ids=lambda act: act.__name__)
def test_the_end_of_its_instance_and_what_changes_a_domain_do_not_lock_each_other_out(case, monkeypatch, act):
    case.set()
    Domain.objects.update(run_after=case.domain.created_at)
    held, asked = Event(), Event()
    follow, hold_first = domains.follow, asking.hold_instance

    def end():
        with transaction.atomic():
            instance = Instance.objects.locked().get(pk=case.instance.pk)
            held.set()
            assert asked.wait(30)
            domains.end_with(instance)
        connections.close_all()

    def hold(domain):
        asked.set()
        hold_first(domain)

    def followed(domain, news):
        asked.set()
        follow(domain, news)

    monkeypatch.setattr(asking, "hold_instance", hold)
    monkeypatch.setattr(domains, "follow", followed)
    with ThreadPoolExecutor(1) as pool:
        ending = pool.submit(end)
        assert held.wait(30)
        with suppress(WrongState):
            act(Domain.objects.get())
        ending.result()
    case.domain.refresh_from_db()
    assert (case.domain.state, case.domain.reason) == ("removed", "")


@pytest.mark.any_store("two connections to SQLite wait for each other's whole transaction")
def test_two_who_look_at_once_ask_railway_once(fresh):
    def tend(_):
        tending.tend(fresh.domain.pk)
        connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(tend, range(4)))
    assert fresh.at_railway() == [NAME]
    assert fresh.requests("CustomDomainCreate") == 1


@pytest.mark.any_store("the constraint is the database's on both")
def test_one_name_is_one_instances_and_who_comes_second_learns_nothing(fresh, order_instance):
    other = order_instance("other")
    with pytest.raises(asking.Taken) as refused:
        asking.ask(other.pk, NAME)
    assert str(fresh.instance.public_id) not in str(refused.value)
