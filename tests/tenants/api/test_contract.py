"""The API against its own description: made-up requests of every kind, and only what is documented comes back."""

from contextlib import contextmanager

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as bounded
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from provisioning.models import Domain, Operation
from tenants.models import Instance
from tenants.services import webhooks
from tests.tenants.api.conftest import Caller, key_of

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
EXAMPLES = 12
BOUNDS = {
    "max_examples": EXAMPLES,
    "deadline": None,
    "derandomize": True,
    "database": None,
    "phases": [Phase.explicit, Phase.generate],
    "suppress_health_check": list(HealthCheck),
}
ANY_STORE = pytest.mark.any_store(
    "answers are held against their description; hostile/test_input sends every address its worst values on both stores"
)
API = schemathesis.openapi.from_wsgi("/api/schema", get_wsgi_application())


@pytest.fixture
def identifiers(alice, ready):
    """Ids that exist, so that not everything ends in 404."""
    endpoint, _secret = webhooks.create_endpoint(alice, url="https://alice.example/hook")
    domain = Domain.objects.create(instance=ready, name="erp.acme.fr")
    known = {"endpoint_id": endpoint.public_id, "domain_id": domain.public_id, "code": "invalid"}
    return {"instance_id": ready.public_id, **known}


@pytest.fixture
def generous(settings):
    settings.API_KEY_RATE = settings.API_VISITOR_RATE = settings.SIGNUP_RATE = "100000/m"


@API.parametrize()
@bounded(**BOUNDS)
@ANY_STORE
def test_with_a_key_only_what_is_documented_comes_back(case, generous, as_alice, identifiers):
    _call(case, identifiers, {"Authorization": f"Bearer {as_alice.key}"})


@API.parametrize()
@bounded(**BOUNDS | {"max_examples": 4})
@ANY_STORE
def test_without_a_key_only_what_is_documented_comes_back(case, generous, identifiers):
    _call(case, identifiers, {})


def _call(case, identifiers, headers):
    known = {name: identifiers[name] for name in case.path_parameters or {}}
    if len(str(case.body)) % 3:
        case.path_parameters = known
    with _connection_kept():
        case.call_and_validate(headers=headers, checks=CHECKS)


@contextmanager
def _connection_kept():
    """A server closes old connections around each request; here that one holds the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=200),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=20), below, max_size=4),
    max_leaves=20,
)
NAMES = st.text(max_size=60) | st.from_regex(r"[a-z0-9-]{3,50}", fullmatch=True)
ORDERS = st.fixed_dictionaries(
    {"clientName": NAMES | BODIES, "adminEmail": st.emails() | st.text() | BODIES},
    optional={
        "companyName": st.text() | BODIES,
        "plan": st.sampled_from(["demo", "", "x"]) | BODIES,
        "language": BODIES,
    },
)


@pytest.mark.django_db
@bounded(**BOUNDS | {"max_examples": 100})
@given(body=ORDERS | BODIES)
def test_whatever_is_sent_makes_exactly_what_is_answered(generous, alice, body):
    before = Instance.objects.count()
    answer = Caller(key_of(alice))("POST", "/instances", body)
    assert answer.status_code in (202, 400, 409, 413, 422), answer.content
    made = Instance.objects.count() - before
    assert made == (answer.status_code == 202)
    assert Operation.objects.count() == Instance.objects.count()
