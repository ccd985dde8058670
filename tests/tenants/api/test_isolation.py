"""For every address that names an object: whoever is not its partner learns not even that it exists."""

import pytest

from provisioning.models import Domain
from tenants.api.urls import urlpatterns
from tenants.models import ApiKey, WebhookEvent
from tenants.services import partners, webhooks
from tests.tenants.api.conftest import Caller, key_of

pytestmark = pytest.mark.django_db

INSTANCE = (
    ("GET", "instances/<public_id:instance_id>"),
    ("DELETE", "instances/<public_id:instance_id>"),
    ("POST", "instances/<public_id:instance_id>/retry"),
    ("POST", "instances/<public_id:instance_id>/suspend"),
    ("POST", "instances/<public_id:instance_id>/resume"),
    ("POST", "instances/<public_id:instance_id>/resend-welcome"),
    ("POST", "instances/<public_id:instance_id>/reset-password"),
    ("POST", "instances/<public_id:instance_id>/change-email"),
    ("POST", "instances/<public_id:instance_id>/undo-decommission"),
    ("GET", "instances/<public_id:instance_id>/backups"),
    ("POST", "instances/<public_id:instance_id>/backups"),
    ("GET", "instances/<public_id:instance_id>/export"),
    ("POST", "instances/<public_id:instance_id>/restore"),
    ("GET", "instances/<public_id:instance_id>/domains"),
    ("POST", "instances/<public_id:instance_id>/domains"),
    ("GET", "instances/<public_id:instance_id>/domains/<public_id:domain_id>"),
    ("DELETE", "instances/<public_id:instance_id>/domains/<public_id:domain_id>"),
    ("POST", "instances/<public_id:instance_id>/domains/<public_id:domain_id>/check"),
    ("GET", "instances/<public_id:instance_id>/plan"),
    ("POST", "instances/<public_id:instance_id>/plan"),
    ("DELETE", "instances/<public_id:instance_id>/plan"),
)
ENDPOINT = (
    ("GET", "webhook-endpoints/<public_id:endpoint_id>"),
    ("PATCH", "webhook-endpoints/<public_id:endpoint_id>"),
    ("DELETE", "webhook-endpoints/<public_id:endpoint_id>"),
    ("POST", "webhook-endpoints/<public_id:endpoint_id>/rotate-secret"),
    ("POST", "webhook-endpoints/<public_id:endpoint_id>/test"),
    ("POST", "webhook-endpoints/<public_id:endpoint_id>/replay"),
    ("GET", "webhook-endpoints/<public_id:endpoint_id>/deliveries"),
)
BOBS_KEYS = {
    "all scopes": (ApiKey.Kind.SECRET, None),
    "read": (ApiKey.Kind.SECRET, ["read"]),
    "write": (ApiKey.Kind.SECRET, ["write"]),
    "publishable": (ApiKey.Kind.PUBLISHABLE, None),
}


def test_every_address_that_names_an_object_is_tried_here():
    tried = {pattern for _method, pattern in INSTANCE + ENDPOINT}
    # of nobody's: each problem's page is everybody's
    open_to_all = {"problems/<public_id:code>"}
    assert tried | open_to_all == {str(entry.pattern) for entry in urlpatterns if "<" in str(entry.pattern)}


@pytest.mark.parametrize("kind", BOBS_KEYS)
@pytest.mark.parametrize(("method", "pattern"), INSTANCE + ENDPOINT)
def test_another_partners_object_does_not_exist(alice, bob, ready, method, pattern, kind):
    endpoint, _secret = webhooks.create_endpoint(alice, url="https://alice.example/hook")
    domain = Domain.objects.create(instance=ready, name="erp.acme.fr")
    path = pattern.replace("<public_id:instance_id>", ready.public_id).replace(
        "<public_id:domain_id>", domain.public_id
    )
    path = "/" + path.replace("<public_id:endpoint_id>", endpoint.public_id)
    caller = Caller(key_of(bob, *BOBS_KEYS[kind]), "https://bob.example")
    absent = path.replace(ready.public_id, "acme-corp-aaaaaaaaaa").replace(
        endpoint.public_id, "whe_aaaaaaaaaaaaaaaaaaaa"
    )
    answer, unknown = caller(method, path, {}), caller(method, absent, {})
    assert answer.status_code == 404
    assert answer.json() | {"requestId": ""} == unknown.json() | {"requestId": ""}
    ready.refresh_from_db()
    assert ready.state == "ready"
    assert not WebhookEvent.objects.exists()
    domain.refresh_from_db()
    assert domain.state == "waiting"


@pytest.mark.parametrize("live_object", [True, False], ids=["live object, test key", "test object, live key"])
@pytest.mark.parametrize(("method", "pattern"), INSTANCE + ENDPOINT)
def test_what_a_partner_has_in_one_mode_does_not_exist_for_its_keys_of_the_other(
    alice, settings, method, pattern, live_object
):
    settings.TEST_MODE_URL = "http://127.0.0.1:9/graphql/v2"
    tested = partners.in_test_mode(alice)
    owner, other = (alice, tested) if live_object else (tested, alice)
    instance = Caller(key_of(owner)).order().json()["instanceId"]
    endpoint, _secret = webhooks.create_endpoint(owner, url="https://alice.example/hook")
    path = pattern.replace("<public_id:instance_id>", instance)
    answer = Caller(key_of(other))(method, "/" + path.replace("<public_id:endpoint_id>", endpoint.public_id), {})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert Caller(key_of(other))("GET", "/instances").json()["data"] == []
    assert Caller(key_of(other))("GET", "/webhook-endpoints").json()["data"] == []


def test_a_visitor_may_do_nothing_to_an_instance(visitor, ready):
    for method, pattern in INSTANCE[1:]:
        path = pattern.replace("<public_id:instance_id>", ready.public_id).replace("<public_id:domain_id>", "dom-a")
        answer = visitor(method, f"/{path}")
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")


def test_lists_hold_nothing_of_others(alice, as_bob, ready):
    webhooks.create_endpoint(alice, url="https://alice.example/hook")
    assert as_bob("GET", "/instances").json()["data"] == []
    assert as_bob("GET", "/webhook-endpoints").json()["data"] == []
    assert as_bob("GET", f"/instances?cursor={ready.public_id}").status_code == 422
