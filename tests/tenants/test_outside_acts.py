"""What partners and customers do stands in the audit trail with their name, as what staff do."""

import pytest

from tenants.admin import audit_words
from tenants.lifecycle import InstanceState
from tenants.models import AuditEntry
from tests import factories
from tests.tenants.api.conftest import Caller, key_of

pytestmark = pytest.mark.django_db
URL, ELSEWHERE = "https://93.184.215.14/hook", "https://93.184.215.15/hook"


@pytest.fixture
def partner():
    return factories.make_partner("Alice Conseil")


@pytest.fixture
def caller(partner):
    return Caller(key_of(partner))


@pytest.mark.parametrize(
    ("path", "state", "act"),
    [
        ("reset-password", InstanceState.READY, "partner:reset_password"),
        ("suspend", InstanceState.READY, "partner:suspend"),
        ("resume", InstanceState.SUSPENDED, "partner:resume"),
    ],
)
def test_what_a_key_does_to_an_instance_names_the_key(caller, partner, path, state, act):
    instance = factories.make_instance("acme", partner=partner, state=state)
    assert caller("POST", f"/instances/{instance.public_id}/{path}").status_code == 202
    entry = AuditEntry.objects.get(act=act)
    assert entry.instance == instance
    assert entry.actor.startswith("Alice Conseil")
    assert audit_words.act_of(entry) != act, "a person reads it"


def test_what_is_refused_leaves_no_entry(caller, partner):
    instance = factories.make_instance("acme", partner=partner, state=InstanceState.SUSPENDED)
    assert caller("POST", f"/instances/{instance.public_id}/suspend").status_code == 409
    assert not AuditEntry.objects.filter(act__startswith="partner:").exists()


def test_news_are_turned_elsewhere_by_nobody_unseen(caller, partner):
    made = caller("POST", "/webhook-endpoints", {"url": URL}).json()
    address = f"/webhook-endpoints/{made['id']}"
    caller("PATCH", address, {"url": ELSEWHERE})
    caller("PATCH", address, {"url": ELSEWHERE})
    caller("POST", f"{address}/rotate-secret")
    caller("DELETE", address)
    entries = list(AuditEntry.objects.filter(act__startswith="webhookendpoint:").order_by("pk"))
    assert [entry.act.partition(":")[2] for entry in entries] == ["added", "changed", "secret_rotated", "removed"]
    assert (entries[1].before, entries[1].after) == ({"url": URL}, {"url": ELSEWHERE})
    assert all(entry.actor.startswith("Alice Conseil") for entry in entries)
    assert made["secret"] not in str([entry.after for entry in entries])
