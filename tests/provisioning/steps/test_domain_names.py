"""The name of an instance's address: wished, taken, lost on the way, or confirmed and not given."""

import pytest

from provisioning.models import Operation
from provisioning.sandbox import Sandbox
from provisioning.states import StepState
from tests import fault_matrix, trials

pytestmark = [fault_matrix.ANY_STORE, pytest.mark.django_db, pytest.mark.usefixtures("quick_hashes")]


class Configured(BaseException):
    """The address is known: here the trial ends, since nothing answers under Railway's names."""


@pytest.fixture
def sandbox(settings):
    with Sandbox(railway_names=True) as running:
        settings.RAILWAY_API_URL = running.url
        settings.RAILWAY_WORKSPACE_ID = running.workspace_id
        yield running


@pytest.fixture
def name_of(order_instance, clock, sandbox):
    """The host name that a new instance gets."""

    def name_of(client_name="acme-corp"):
        operation = Operation.objects.get(instance=order_instance(client_name))

        def stop(step):
            raise Configured

        with trials.at_step("configure", StepState.DONE, stop), pytest.raises(Configured):
            trials.finish(operation, clock, sandbox)
        services = trials.only_project(sandbox, operation.instance)["services"]
        (domain,) = [domain for service in services for domain in service["domains"]]
        return domain["label"]

    return name_of


def test_an_instance_is_named_after_its_client(name_of, sandbox):
    assert name_of() == "eazynova-acme-corp"
    assert sandbox.state()["requests"]["DomainRename"] == 1


@pytest.mark.parametrize("words", ["The domain is already in use", "domain is already taken", "It has been taken"])
def test_a_name_that_somebody_else_has_gets_a_suffix(name_of, sandbox, words):
    sandbox.faults.add(kind="error", operation="DomainRename", message=words, times=1)
    name = name_of()
    assert name.startswith("eazynova-acme-corp-")


def test_the_longest_name_that_somebody_else_has_still_fits_a_host_name_with_its_suffix(name_of, sandbox):
    sandbox.faults.add(kind="error", operation="DomainRename", message="The domain is already in use", times=1)
    name = name_of("a" * 50)
    assert name.startswith("eazynova-aaa")
    assert len(name) <= 63
    assert name[-5] == "-"


def test_a_renaming_whose_answer_was_lost_is_not_mistaken_for_somebody_elses(name_of, sandbox):
    sandbox.faults.add(kind="lost_answer", operation="DomainRename", times=1)
    sandbox.faults.add(kind="error", operation="DomainRename", message="The domain is already in use", times=1)
    assert name_of() == "eazynova-acme-corp"


def test_a_renaming_that_was_confirmed_and_not_done_is_asked_for_again(name_of, sandbox):
    sandbox.faults.add(kind="no_effect", operation="DomainRename", times=1)
    assert name_of() == "eazynova-acme-corp"
    assert sandbox.state()["requests"]["DomainRename"] == 2


def test_when_both_names_are_taken_railways_own_stays(name_of, sandbox):
    sandbox.faults.add(kind="error", operation="DomainRename", message="The domain is already in use")
    assert name_of().startswith("odoo-production-")


@pytest.mark.parametrize("words", ["Invalid domain", "Domain limit exceeded for your plan", "The moon is full"])
def test_no_customer_waits_for_a_name_that_railway_refuses(name_of, sandbox, words):
    sandbox.faults.add(kind="error", operation="DomainRename", message=words)
    assert name_of().startswith("odoo-production-")
