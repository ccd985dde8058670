from itertools import product

import pytest

from tenants.errors import WrongState
from tenants.lifecycle import PUBLIC_STATUS, TRANSITIONS, InstanceState
from tenants.models import Instance


def test_every_state_has_its_transitions_and_its_public_word():
    assert set(TRANSITIONS) == set(InstanceState) == set(PUBLIC_STATUS)


def test_every_state_can_be_reached_from_the_first_and_only_the_last_is_final():
    reached, frontier = {InstanceState.REQUESTED}, [InstanceState.REQUESTED]
    while frontier:
        new = TRANSITIONS[frontier.pop()] - reached
        reached |= new
        frontier += new
    assert reached == set(InstanceState)
    assert [state for state, after in TRANSITIONS.items() if not after] == [InstanceState.DECOMMISSIONED]


@pytest.mark.django_db
@pytest.mark.parametrize(("before", "after"), list(product(InstanceState, InstanceState)))
def test_only_the_table_decides_what_may_follow(make_instance, before, after):
    instance = make_instance()
    Instance.objects.filter(pk=instance.pk).update(
        state=before, url="https://acme.example", ready_at=instance.created_at
    )
    instance.refresh_from_db()
    if after in TRANSITIONS[before]:
        instance.transition_to(after)
        assert instance.state == after
    else:
        with pytest.raises(WrongState):
            instance.transition_to(after)
        instance.refresh_from_db()
        assert instance.state == before


@pytest.mark.django_db
def test_of_two_who_change_the_same_state_only_one_wins(make_instance):
    instance = make_instance(state=InstanceState.PROVISIONING)
    stale = Instance.objects.get(pk=instance.pk)
    instance.transition_to(InstanceState.FAILED)
    with pytest.raises(WrongState):
        stale.transition_to(InstanceState.FAILED)


@pytest.mark.django_db
def test_whoever_decided_on_what_has_changed_meanwhile_changes_nothing(make_instance):
    """Both ways are allowed by the table: what was decided for a running instance is not done to a stopped one."""
    instance = make_instance(state=InstanceState.READY)
    stale = Instance.objects.get(pk=instance.pk)
    instance.transition_to(InstanceState.SUSPENDED)
    with pytest.raises(WrongState):
        stale.transition_to(InstanceState.DECOMMISSIONING)
    instance.refresh_from_db()
    assert instance.state == InstanceState.SUSPENDED
