import json

import pytest

from tenants.models import Instance

pytestmark = pytest.mark.django_db(transaction=True)

ORDER = {"company": "L’Étoile & Fils", "email": "marie@etoile.fr", "plan": "demo"}


def post(client, order=ORDER, **headers):
    return client.post("/signup", json.dumps(order), content_type="application/json", headers=headers)


def test_an_order_as_json_is_accepted_and_says_where_to_look(client):
    answer = post(client)
    assert answer.status_code == 202
    body = answer.json()
    assert body["status"] == "creating"
    assert body["instanceId"].startswith("l-etoile-et-fils-")
    assert client.get(body["progressUrl"].replace("http://testserver", "")).status_code == 200


def test_the_same_order_with_the_same_key_is_one_order(client):
    first, again = (post(client, **{"Idempotency-Key": "one"}).json() for _ in range(2))
    assert first == again
    assert Instance.objects.count() == 1


def test_a_key_that_somebody_else_uses_too_never_shows_his_order(client):
    mine = post(client, **{"Idempotency-Key": "one"}).json()
    other = ORDER | {"email": "eve@elsewhere.fr"}
    theirs = post(client, other, **{"Idempotency-Key": "one"}).json()
    assert theirs["statusToken"] != mine["statusToken"]
    from_elsewhere = client.post(
        "/signup",
        json.dumps(ORDER),
        content_type="application/json",
        headers={"Idempotency-Key": "one"},
        REMOTE_ADDR="127.0.0.77",
    ).json()
    assert from_elsewhere["statusToken"] != mine["statusToken"]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"email": "not an address"}, "email"), ({"company": ""}, "company"), ({"plan": "gold"}, "plan")],
)
def test_a_wrong_value_is_named_beside_its_field(client, change, field):
    answer = post(client, ORDER | change)
    assert answer.status_code == 422
    assert field in str(answer.json()["errors"])
    assert not Instance.objects.exists()
