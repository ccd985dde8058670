"""A document with several mutations of which one fails: what has happened, and what nobody can say."""

import pytest

from provisioning.railway import errors
from provisioning.railway.results import NewService
from tests.provisioning.railway.little_apps import Railway, client_of, refused


def create_two(railway):
    services = [NewService("Postgres", {"PASSWORD": "secret-1"}), NewService("odoo", {})]
    return client_of(railway).create_services(project_id="p", environment_id="e", services=services)


def test_a_failed_second_alias_says_that_the_first_happened():
    with pytest.raises(errors.PartialAnswer) as raised:
        create_two(Railway(refused("Problem processing request", path="s1")))
    assert (raised.value.alias, raised.value.unclear, raised.value.retry_after) == ("s1", True, 10)
    assert isinstance(raised.value.__cause__, errors.ServerProblem)


def test_a_failed_first_alias_is_what_it_says():
    with pytest.raises(errors.Busy) as raised:
        create_two(Railway(refused("An operation is already in progress", path="s0")))
    assert not raised.value.unclear


def test_a_second_alias_that_can_never_succeed_stops_but_stays_unclear():
    with pytest.raises(errors.PlanLimit) as raised:
        create_two(Railway(refused("Please upgrade", path="s1")))
    assert (raised.value.unclear, raised.value.alias) == (True, "s1")


def test_a_failure_of_several_that_names_no_place_leaves_all_of_them_unclear():
    with pytest.raises(errors.Busy) as raised:
        create_two(Railway(refused("An operation is already in progress")))
    assert raised.value.unclear


@pytest.mark.parametrize(
    ("message", "code", "error"),
    [
        ("Rate limit exceeded", "RATE_LIMITED", errors.RateLimited),
        ("Unknown argument", "GRAPHQL_VALIDATION_FAILED", errors.BadRequest),
    ],
)
def test_a_document_that_was_refused_as_a_whole_did_nothing(message, code, error):
    with pytest.raises(error) as raised:
        create_two(Railway(refused(message, code)))
    assert not raised.value.unclear


def test_a_second_alias_that_is_one_too_many_says_that_the_first_happened():
    with pytest.raises(errors.PartialAnswer) as raised:
        create_two(Railway(refused("Rate limit exceeded", "RATE_LIMITED", path="s1")))
    assert raised.value.unclear


def test_the_tenth_alias_is_not_taken_for_the_first():
    railway = Railway(refused("Busy: already in progress", path="d1"))
    with pytest.raises(errors.PartialAnswer):
        client_of(railway).remove_deployments([str(n) for n in range(12)])
