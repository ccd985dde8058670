"""What each set of scopes may learn from each answer of the API, and do: one table, every address and method."""

import itertools
import json
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from provisioning.models import Domain, Operation
from tenants.api.urls import urlpatterns
from tenants.models import ApiKey, Instance
from tenants.services import keys, webhooks
from tests.tenants.api.conftest import Caller, make_ready, order

pytestmark = pytest.mark.django_db
SCOPES = ("read", "write", "delete", "secrets")
SETS = [set(chosen) for size in (1, 2, 3, 4) for chosen in itertools.combinations(SCOPES, size)]
ONE = "/instances/{instance}"
HOOK = "/webhook-endpoints/{endpoint}"
DOMAIN = ONE + "/domains/dom-mine"
NEW = {"adminEmail": "mine@evil.example"}
# method, address, body, the scopes that it needs
ANSWERS = [
    ("GET", "/instances", None, {"read"}),
    ("POST", "/instances", order("another-one"), {"write"}),
    ("GET", ONE, None, set()),
    ("DELETE", ONE, None, {"write"}),
    ("DELETE", f"{ONE}?immediately=true", None, {"write", "delete"}),
    ("POST", f"{ONE}/retry", None, {"write"}),
    ("POST", f"{ONE}/suspend", None, {"write"}),
    ("POST", f"{ONE}/resume", None, {"write"}),
    ("POST", f"{ONE}/resend-welcome", None, {"write"}),
    ("POST", f"{ONE}/reset-password", None, {"write"}),
    ("POST", f"{ONE}/change-email", NEW, {"write", "secrets"}),
    ("POST", f"{ONE}/undo-decommission", None, {"write"}),
    ("GET", f"{ONE}/backups", None, {"read"}),
    ("POST", f"{ONE}/backups", None, {"write"}),
    ("GET", f"{ONE}/export", None, {"read", "secrets"}),
    ("POST", f"{ONE}/restore", {"backupId": "BK-1", "clientName": "acme"}, {"write"}),
    ("GET", f"{ONE}/domains", None, {"read"}),
    ("POST", f"{ONE}/domains", {"name": "erp.acme.fr"}, {"write"}),
    ("GET", DOMAIN, None, {"read"}),
    ("DELETE", DOMAIN, None, {"write"}),
    ("POST", f"{DOMAIN}/check", None, {"write"}),
    ("GET", f"{ONE}/plan", None, {"read"}),
    ("POST", f"{ONE}/plan", {"plan": "business"}, {"read", "write"}),
    ("DELETE", f"{ONE}/plan", None, {"read", "write"}),
    ("GET", "/me", None, {"read"}),
    # there is nothing here for a live key
    ("DELETE", "/test-data", None, {"write"}),
    ("GET", "/plans", None, set()),
    ("GET", "/problems", None, set()),
    ("GET", "/problems/{problem}", None, set()),
    ("GET", "/schema", None, set()),
    ("GET", "/docs", None, set()),
    ("GET", "/webhook-endpoints", None, {"read"}),
    ("POST", "/webhook-endpoints", {"url": "https://new.example"}, {"read", "write"}),
    ("GET", HOOK, None, {"read"}),
    ("PATCH", HOOK, {"enabled": True}, {"read", "write"}),
    ("DELETE", HOOK, None, {"write"}),
    ("POST", f"{HOOK}/rotate-secret", None, {"read", "write"}),
    ("POST", f"{HOOK}/test", None, {"write"}),
    ("POST", f"{HOOK}/replay", {"since": "2026-01-01T00:00:00Z"}, {"write"}),
    ("GET", f"{HOOK}/deliveries", None, {"read"}),
]
# what only these write and read
ON_BOTH_STORES = (
    ("GET", "/instances"),
    ("DELETE", f"{ONE}?immediately=true"),
    ("POST", f"{ONE}/retry"),
    ("GET", f"{HOOK}/deliveries"),
)
ANY_STORE = pytest.mark.any_store(
    "a key's scopes are compared in Python; test_isolation asks the same addresses on both"
)
CASES = [
    pytest.param(*row, id=f"{row[0]} {row[1]}", marks=() if row[:2] in ON_BOTH_STORES else ANY_STORE) for row in ANSWERS
]
# the state that an act needs to be carried out, instead of being refused before it answers
STATES = {"resume": "suspended", "retry": "failed"}


@pytest.fixture
def scene(alice):
    """An instance in this state with its password kept, and a hook."""

    def build(state="ready"):
        endpoint, _secret = webhooks.create_endpoint(alice, url="https://hook.example/secret-path")
        instance = make_ready(Caller(keys.issue(alice)[1]).order().json()["instanceId"])
        Instance.objects.filter(pk=instance.pk).update(state=state)
        if state == "failed":
            Operation.objects.update(state="failed", reason="temporary")
        instance.refresh_from_db()
        Domain.objects.create(instance=instance, name="www.acme.fr", public_id="dom-mine")
        return instance, endpoint

    return build


def caller_with(instance, scopes):
    """Whose key has these scopes and counts as the one that ordered the instance."""
    row, clear = keys.issue(instance.tenant.partner, scopes=sorted(scopes))
    Instance.objects.filter(pk=instance.pk).update(created_by_key=row)
    return Caller(clear)


@contextmanager
def undone():
    """What happens within leaves no trace in the database."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_the_table_has_every_address_of_the_api():
    named = {
        path.partition("?")[0].format(instance="instance", endpoint="endpoint", problem="problem")
        for _m, path, _b, _n in ANSWERS
    }
    known = {
        "/"
        + str(each.pattern)
        .replace("<public_id:instance_id>", "instance")
        .replace("<public_id:endpoint_id>", "endpoint")
        .replace("<public_id:code>", "problem")
        .replace("<public_id:domain_id>", "dom-mine")
        for each in urlpatterns
    }
    assert named == known


@pytest.mark.parametrize(("method", "path", "body", "needed"), CASES)
def test_every_answer_tells_a_key_what_its_scopes_allow_and_no_more(scene, method, path, body, needed):
    instance, endpoint = scene(STATES.get(path.rpartition("/")[2], "ready"))
    address = path.format(instance=instance.public_id, endpoint=endpoint.public_id, problem="invalid")
    private = {instance.admin_email, instance.url, instance.database_name, instance.project_id, endpoint.url}
    password = instance.operations.get(kind="create").secrets()["admin_password"]
    for hours, scopes in enumerate(SETS):
        # what may be asked for an instance or sent to a mailbox has an end each hour
        with time_machine.travel(timezone.now() + timedelta(hours=hours)), undone():
            answer = caller_with(instance, scopes)(method, address, body)
        assert answer.status_code != 429, scopes
        refused = answer.status_code == 403 and answer.json()["code"] == "missing_scope"
        assert refused == (not needed <= scopes), (scopes, answer.status_code)
        text = answer.content.decode()
        if "read" not in scopes:
            assert not [value for value in private if value in text], scopes
        may_read_it = method == "GET" and path == ONE and {"read", "secrets"} <= scopes
        assert (password in text) == may_read_it, scopes


def test_a_key_that_may_not_read_passwords_sends_none_to_an_address_of_its_own(scene):
    instance, _endpoint = scene()
    caller = caller_with(instance, {"read", "write"})
    answer = caller("POST", f"/instances/{instance.public_id}/change-email", NEW)
    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
    assert instance.active_operation() is None
    Instance.objects.filter(pk=instance.pk).update(state="failed")
    assert caller("POST", f"/instances/{instance.public_id}/change-email", NEW).status_code == 403
    assert Instance.objects.get(pk=instance.pk).admin_email == instance.admin_email


def test_a_kept_answer_tells_no_more_than_the_first_one_did(scene):
    instance, _endpoint = scene()
    caller = caller_with(instance, {"write"})
    keyed = {"Idempotency-Key": "k"}
    first, again = (caller("POST", f"/instances/{instance.public_id}/suspend", **keyed) for _ in range(2))
    assert again["Idempotent-Replayed"] == "true"
    assert first.json() == again.json()
    assert instance.admin_email not in json.dumps(again.json())


def test_a_publishable_key_of_the_same_partner_reads_nothing_private(alice, scene):
    instance, _endpoint = scene()
    clear = keys.issue(alice, kind=ApiKey.Kind.PUBLISHABLE)[1]
    answer = Caller(clear, alice.allowed_origins[0])("GET", f"/instances/{instance.public_id}")
    assert answer.status_code == 200
    assert instance.admin_email not in answer.content.decode()
    assert instance.url not in answer.content.decode()
