import pytest
from django.db import connection

from provisioning.models import Operation
from tenants.models import ApiKey, Instance, Mail, Plan
from tenants.services import keys
from tests.tenants.api.conftest import ORIGIN, Caller, key_of, make_ready, order

pytestmark = pytest.mark.django_db

BARE = {"instanceId", "mode", "status", "progress", "step", "steps", "estimatedReadyAt", "queue"}


def test_an_order_is_taken_with_where_to_look_and_when(as_alice):
    answer = as_alice.order()
    body = answer.json()
    assert answer.status_code == 202
    assert set(body) == {"instanceId", "mode", "status", "message", "statusUrl", "statusToken"}
    assert body["status"] == "creating"
    assert body["instanceId"].startswith("acme-corp-")
    assert answer["Location"] == body["statusUrl"] == f"http://testserver/api/instances/{body['instanceId']}"
    assert answer["Retry-After"] == "5"


def test_a_visitor_orders_from_the_house(visitor):
    answer = visitor("POST", "/instances", {"clientName": "acme-corp", "adminEmail": "Admin@Acme.Example"})
    instance = Instance.objects.get(public_id=answer.json()["instanceId"])
    assert instance.tenant.partner.is_house
    assert (instance.tenant.company, instance.admin_email, instance.plan.code) == (
        "acme-corp",
        "admin@acme.example",
        "starter",
    )


def test_public_signup_can_be_closed(visitor, settings):
    settings.PUBLIC_SIGNUP = False
    assert visitor.order().json()["code"] == "signup_closed"


def test_a_visitor_cannot_avoid_what_the_signup_page_asks(visitor, as_alice, settings):
    Plan.objects.filter(code="demo").update(is_public=False)
    Plan.objects.filter(code="business").update(confirm_email=True)
    assert visitor("POST", "/instances", order(plan="demo")).json()["code"] == "unknown_plan"
    assert visitor("POST", "/instances", order(plan="business")).json()["code"] == "signup_page_required"
    settings.TURNSTILE_SECRET_KEY = "configured"
    assert visitor("POST", "/instances", order(plan="starter")).json()["code"] == "signup_page_required"
    assert as_alice("POST", "/instances", order(plan="demo")).status_code == 202


def test_without_authority_a_status_tells_neither_address_nor_secret(ready, visitor):
    body = visitor("GET", f"/instances/{ready.public_id}").json()
    assert set(body) == BARE


def test_who_ordered_reads_everything_with_the_status_token(ready, visitor):
    for answer in (
        visitor("GET", f"/instances/{ready.public_id}", **{"X-Status-Token": ready.status_token}),
        visitor("GET", f"/instances/{ready.public_id}?token={ready.status_token}"),
    ):
        body = answer.json()
        assert body["adminPassword"] == ready.admin_password()
        assert body["databaseName"] == "acme_corp_prod"
        assert body["instanceUrl"] == "https://acme.example"
        assert answer["Cache-Control"] == "no-store"


def test_a_wrong_status_token_is_refused(ready, visitor):
    answer = visitor("GET", f"/instances/{ready.public_id}?token=x")
    assert (answer.status_code, answer.json()["code"]) == (403, "invalid_status_token")


def test_only_the_key_that_ordered_reads_the_password(ready, alice, as_alice):
    other = Caller(key_of(alice))
    assert "adminPassword" in as_alice("GET", f"/instances/{ready.public_id}").json()
    seen = other("GET", f"/instances/{ready.public_id}").json()
    assert set(seen) == BARE | {
        "instanceUrl",
        "adminEmail",
        "databaseName",
        "projectId",
        "expiresAt",
        "decommissionAfter",
    }


def test_without_the_scope_for_secrets_even_the_ordering_key_reads_no_password(alice):
    caller = Caller(key_of(alice, scopes=["read", "write"]))
    instance = make_ready(caller.order().json()["instanceId"])
    assert "adminPassword" not in caller("GET", f"/instances/{instance.public_id}").json()


def test_a_rotated_key_goes_on_reading_what_the_old_one_ordered(ready, as_alice):
    _row, clear = keys.rotate(ready.created_by_key)
    assert "adminPassword" in Caller(clear)("GET", f"/instances/{ready.public_id}").json()
    assert "adminPassword" in as_alice("GET", f"/instances/{ready.public_id}").json()


def test_a_password_that_is_no_longer_kept_is_simply_absent(ready, as_alice):
    Operation.objects.filter(instance=ready).update(sealed="")
    assert "adminPassword" not in as_alice("GET", f"/instances/{ready.public_id}").json()


def test_polling_is_cheap_while_nothing_has_changed(as_alice):
    instance_id = as_alice.order().json()["instanceId"]
    first = as_alice("GET", f"/instances/{instance_id}")
    again = as_alice("GET", f"/instances/{instance_id}", **{"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    make_ready(instance_id)
    assert as_alice("GET", f"/instances/{instance_id}", **{"If-None-Match": first["ETag"]}).status_code == 200


def test_a_failure_is_told_in_plain_words(ready, visitor):
    Operation.objects.filter(instance=ready).update(state="failed", reason="deployment_failed")
    Instance.objects.filter(pk=ready.pk).update(state="failed")
    body = visitor("GET", f"/instances/{ready.public_id}").json()
    assert (body["status"], body["errorCode"]) == ("failed", "deployment_failed")
    assert body["error"]


def test_the_list_is_the_callers_own_page_by_page(as_alice, as_bob):
    for number in range(5):
        as_alice.order(f"client-{number}")
    as_bob.order("bobs-client")
    names, cursor = [], ""
    for _page in range(3):
        page = as_alice("GET", f"/instances?limit=2{cursor}").json()
        names += [row["clientName"] for row in page["data"]]
        cursor = f"&cursor={page['nextCursor']}"
    assert names == [f"client-{number}" for number in (4, 3, 2, 1, 0)]
    assert not page["hasMore"]


def test_the_list_can_be_filtered(as_alice):
    first = make_ready(as_alice.order("client-a").json()["instanceId"])
    as_alice.order("client-b")

    def names(query):
        return [row["clientName"] for row in as_alice("GET", f"/instances?{query}").json()["data"]]

    assert names("status=ready") == ["client-a"]
    assert names("status=creating") == ["client-b"]
    assert names("clientName=client-b") == ["client-b"]
    assert names("createdAfter=2099-01-01T00:00:00Z") == []
    assert names("createdBefore=2099-01-01T00:00:00Z") == ["client-b", "client-a"]
    assert first.status == "ready"


@pytest.mark.parametrize(
    ("query", "pointer"), [("limit=0", "/limit"), ("status=odd", "/status"), ("cursor=x", "/cursor")]
)
def test_a_nonsensical_query_is_named(as_alice, query, pointer):
    answer = as_alice("GET", f"/instances?{query}")
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_suspension_and_resumption_are_taken_and_point_to_the_status(ready, as_alice):
    answer = as_alice("POST", f"/instances/{ready.public_id}/suspend")
    assert answer.status_code == 202
    assert answer["Location"].endswith(ready.public_id)
    again = as_alice("POST", f"/instances/{ready.public_id}/suspend")
    assert (again.status_code, again.json()["code"]) == (409, "operation_in_progress")
    assert as_alice("POST", f"/instances/{ready.public_id}/resume").status_code == 409


def test_what_failed_is_retried(ready, as_alice):
    Operation.objects.filter(instance=ready).update(state="failed", reason="temporary")
    Instance.objects.filter(pk=ready.pk).update(state="failed")
    answer = as_alice("POST", f"/instances/{ready.public_id}/retry")
    assert (answer.status_code, answer.json()["status"]) == (202, "creating")


def test_the_welcome_mail_is_sent_again_while_the_password_is_kept(ready, as_alice):
    assert as_alice("POST", f"/instances/{ready.public_id}/resend-welcome").status_code == 202
    assert Mail.objects.get().recipient == ready.admin_email
    Operation.objects.filter(instance=ready).update(sealed="")
    answer = as_alice("POST", f"/instances/{ready.public_id}/resend-welcome")
    assert answer.json()["code"] == "password_not_kept"


def test_a_publishable_key_signs_up_and_nothing_else(alice, ready):
    caller = Caller(key_of(alice, ApiKey.Kind.PUBLISHABLE), ORIGIN)
    taken = caller("POST", "/instances", order("from-the-web"))
    assert taken.status_code == 202
    assert Instance.objects.get(client_name="from-the-web").tenant.partner == alice
    assert set(caller("GET", f"/instances/{ready.public_id}").json()) == BARE
    for method, path in (("GET", "/instances"), ("GET", "/me"), ("DELETE", f"/instances/{ready.public_id}")):
        assert caller(method, path).json()["code"] == "missing_scope"


def test_a_publishable_key_works_only_from_its_partners_sites(alice):
    key = key_of(alice, ApiKey.Kind.PUBLISHABLE)
    for origin in (None, "https://evil.example", "https://www.alice.example.evil.example"):
        assert Caller(key, origin).order().json()["code"] == "origin_not_allowed"


def test_the_quota_of_live_instances_is_kept(alice, as_alice):
    alice.quota = 1
    alice.save(update_fields=["quota"])
    assert as_alice.order("client-a").status_code == 202
    refused = as_alice.order("client-b")
    assert (refused.status_code, refused.json()["code"]) == (429, "quota_reached")
    assert refused["Retry-After"]
    assert refused["RateLimit"]
    assert as_alice("GET", "/me").json()["quota"] == {"limit": 1, "used": 1, "left": 0}


def test_the_plans_are_public(visitor):
    plans = visitor("GET", "/plans", **{"Accept-Language": "en"}).json()["data"]
    assert [plan["code"] for plan in plans] == ["demo", "starter", "business"]


def test_no_secret_is_stored_in_clear(as_alice):
    answer = as_alice.order(**{"Idempotency-Key": "one"}).json()
    with connection.cursor() as cursor:
        for table in ("tenants_idempotencyrecord", "tenants_instance", "tenants_apikey", "provisioning_operation"):
            cursor.execute(f"SELECT * FROM {table}")
            text = repr(cursor.fetchall())
            assert answer["statusToken"] not in text
            assert as_alice.key not in text
