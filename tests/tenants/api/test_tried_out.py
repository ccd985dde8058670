"""What a test key tries out is in nobody's way, and goes away again."""

import pytest

from provisioning.engine import running
from provisioning.models import Operation
from tenants.models import Partner
from tenants.services import partners
from tests import factories
from tests.tenants.api.conftest import Caller, key_of, make_ready

pytestmark = pytest.mark.django_db
NOWHERE = "http://127.0.0.1:9/graphql/v2"


@pytest.fixture(autouse=True)
def _somewhere(settings):
    settings.TEST_MODE_URL = NOWHERE


@pytest.fixture
def as_test(alice):
    return Caller(key_of(partners.in_test_mode(alice)))


def test_a_domain_is_its_owners_whoever_tries_it_out(as_test, as_alice, ready):
    tried = make_ready(as_test.order("tried").json()["instanceId"])
    wanted = {"name": "erp.acme.fr"}
    refused = as_test("POST", f"/instances/{tried.public_id}/domains", wanted)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    assert as_alice("POST", f"/instances/{ready.public_id}/domains", wanted).status_code == 202


def test_a_deletion_that_failed_goes_on_when_it_is_asked_for_again(as_test, settings):
    tried = make_ready(as_test.order("tried").json()["instanceId"])
    assert as_test("DELETE", "/test-data").json() == {"deleting": 1}
    work = Operation.objects.active().get(instance=tried)
    settings.TEST_MODE_URL = ""
    running.run(work.pk)
    work.refresh_from_db()
    assert work.state == "failed"
    settings.TEST_MODE_URL = NOWHERE
    assert as_test("DELETE", "/test-data").json() == {"deleting": 1}
    work.refresh_from_db()
    assert work.state == "active"
    assert as_test("DELETE", "/test-data").json() == {"deleting": 0}, "it is under way"


def test_a_partner_may_have_any_name(alice):
    factories.make_partner(f"{alice.pk} in test mode")
    assert partners.in_test_mode(alice) == partners.in_test_mode(alice)
    assert Partner.objects.filter(test_of=alice).count() == 1


def test_the_partner_is_named_as_live_keys_name_it(as_test, alice):
    tried = make_ready(as_test.order("tried").json()["instanceId"])
    told = as_test("GET", f"/instances/{tried.public_id}/plan").json()["offers"]
    assert told
    assert all(alice.name in offer["invoicing"] for offer in told)
