"""Two partners with every kind of key, and a caller that speaks JSON as their sites would."""

import json
from dataclasses import dataclass

import pytest
from django.test import Client

from provisioning.models import Operation
from provisioning.states import OperationState
from tenants.models import ApiKey, Instance, Partner
from tenants.services import keys
from tests import factories

ORIGIN = "https://www.alice.example"


@dataclass
class Caller:
    """One client with one key; ``None`` is a visitor."""

    key: str | None = None
    origin: str | None = None

    def __call__(self, method, path, body=None, **headers):
        if self.key:
            headers.setdefault("Authorization", f"Bearer {self.key}")
        if self.origin:
            headers.setdefault("Origin", self.origin)
        payload = body if isinstance(body, (str, bytes)) else "" if body is None else json.dumps(body)
        client = Client(raise_request_exception=False)
        return client.generic(method, f"/api{path}", payload, "application/json", headers=headers)

    def order(self, client_name="acme-corp", **headers):
        return self("POST", "/instances", order(client_name), **headers)


def order(client_name="acme-corp", **values):
    return {"clientName": client_name, "adminEmail": f"admin@{client_name}.example", "companyName": "Acme"} | values


@pytest.fixture
def alice(db):
    return factories.make_partner("Alice Conseil", allowed_origins=[ORIGIN])


@pytest.fixture
def bob(db):
    return factories.make_partner("Bob Services", allowed_origins=["https://bob.example"])


def key_of(partner: Partner, kind=ApiKey.Kind.SECRET, scopes=None) -> str:
    return keys.issue(partner, kind=kind, scopes=scopes)[1]


@pytest.fixture
def as_alice(alice):
    return Caller(key_of(alice))


@pytest.fixture
def as_bob(bob):
    return Caller(key_of(bob))


@pytest.fixture
def visitor(db):
    return Caller()


@pytest.fixture
def ready(alice, as_alice):
    """Alice's own instance, ordered with her key, ready, its password kept."""
    answer = as_alice.order("acme-corp")
    assert answer.status_code == 202, answer.content
    return make_ready(answer.json()["instanceId"])


def make_ready(instance_id) -> Instance:
    instance = Instance.objects.get(public_id=instance_id)
    Operation.objects.filter(instance=instance).update(state=OperationState.SUCCEEDED, ended_at=instance.created_at)
    Instance.objects.filter(pk=instance.pk).update(
        state="ready", url="https://acme.example", ready_at=instance.created_at, project_id="project-1"
    )
    instance.refresh_from_db()
    return instance
