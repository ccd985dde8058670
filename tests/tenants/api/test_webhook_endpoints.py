import pytest
from django.utils import timezone

from tenants.webhooks import deliveries
from tests.provisioning.hooks.partner_site import PartnerSite

pytestmark = pytest.mark.django_db
PATH = "/webhook-endpoints"


def test_an_endpoint_is_added_looked_at_changed_and_removed(as_alice):
    made = as_alice("POST", PATH, {"url": "https://alice.example/hook", "events": ["instance.ready"]})
    assert made.status_code == 201
    endpoint = made.json()
    assert endpoint["secret"].startswith("whsec_")
    path = f"{PATH}/{endpoint['id']}"
    seen = as_alice("GET", path).json()
    assert seen == {name: value for name, value in endpoint.items() if name != "secret"}
    changed = as_alice("PATCH", path, {"enabled": False, "events": []}).json()
    assert (changed["enabled"], changed["disabledReason"], changed["events"]) == (False, "asked", [])
    assert as_alice("PATCH", path, {"enabled": True}).json()["enabled"]
    assert as_alice("DELETE", path).status_code == 204
    assert as_alice("GET", path).status_code == 404


@pytest.mark.parametrize(
    "url", ["http://alice.example", "https://10.0.0.1", "https://localhost", "https://a:b@c.example", "x"]
)
def test_an_address_inside_is_refused(as_alice, settings, url):
    settings.WEBHOOK_ALLOW_LOOPBACK = False
    answer = as_alice("POST", PATH, {"url": url})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/url")


def test_ten_endpoints_are_enough(as_alice):
    answers = [as_alice("POST", PATH, {"url": f"https://alice.example/{number}"}) for number in range(11)]
    assert [answer.status_code for answer in answers] == [201] * 10 + [409]


def test_a_test_is_delivered_logged_and_replayed(as_alice):
    with PartnerSite(status=200, body=b"seen") as site:
        endpoint = as_alice("POST", PATH, {"url": site.url}).json()
        path = f"{PATH}/{endpoint['id']}"
        event_id = as_alice("POST", f"{path}/test").json()["eventId"]
        assert deliveries.deliver_due() == 1
        [delivery] = as_alice("GET", f"{path}/deliveries?state=delivered").json()["data"]
        assert (delivery["eventId"], delivery["type"]) == (event_id, "webhook.test")
        assert [(attempt["status"], attempt["answer"]) for attempt in delivery["attempts"]] == [(200, "seen")]
        assert as_alice("POST", f"{path}/replay", {"eventId": event_id}).json() == {"queued": 1}
        since = timezone.now().replace(year=2000).isoformat()
        assert as_alice("POST", f"{path}/replay", {"since": since}).json() == {"queued": 0}
        assert deliveries.deliver_due() == 1
    assert len(site.received) == 2


def test_a_replay_says_what_it_wants(as_alice):
    endpoint = as_alice("POST", PATH, {"url": "https://alice.example/hook"}).json()
    answer = as_alice("POST", f"{PATH}/{endpoint['id']}/replay", {})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/eventId")


def test_a_repeated_addition_shows_the_same_secret(as_alice):
    keyed = {"Idempotency-Key": "k"}
    first, again = (as_alice("POST", PATH, {"url": "https://alice.example"}, **keyed) for _attempt in range(2))
    assert first.json()["secret"] == again.json()["secret"]
