from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.db import connection, connections
from django.utils import timezone

from provisioning.models import Operation
from tenants.models import ApiKey, IdempotencyRecord, Instance
from tenants.services import idempotency, instances
from tests.tenants.api.conftest import ORIGIN, Caller, key_of, order

AT_ONCE = 50


def together(count, act):
    """``act(number)`` in as many threads, each with a database connection of its own."""

    def once(number):
        try:
            return act(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(once, range(count)))


@pytest.mark.django_db
def test_the_same_key_and_meaning_get_the_first_answer(as_alice):
    first = as_alice("POST", "/instances", order(), **{"Idempotency-Key": "k"})
    again = as_alice("POST", "/instances", dict(reversed(order().items())), **{"Idempotency-Key": "k"})
    assert again.json() == first.json()
    assert (again.status_code, again["Idempotent-Replayed"], again["Location"]) == (202, "true", first["Location"])
    assert "Idempotent-Replayed" not in first
    assert Instance.objects.count() == 1


@pytest.mark.django_db
def test_the_same_key_with_another_body_is_refused(as_alice):
    as_alice.order("client-a", **{"Idempotency-Key": "k"})
    answer = as_alice.order("client-b", **{"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.django_db
def test_a_key_belongs_to_its_caller_and_its_address(as_alice, as_bob, visitor):
    keyed = {"Idempotency-Key": "k"}
    assert as_alice.order("client-a", **keyed).status_code == 202
    assert as_bob.order("client-b", **keyed).status_code == 202
    assert visitor.order("client-c", **keyed).status_code == 202
    assert as_alice("POST", "/webhook-endpoints", {"url": "https://a.example"}, **keyed).status_code == 201


@pytest.mark.django_db
@pytest.mark.parametrize("published", [False, True])
def test_two_visitors_who_happen_on_one_key_never_see_each_others_order(alice, visitor, settings, published):
    settings.TRUSTED_PROXY_HOPS = 1
    if published:
        visitor = Caller(key_of(alice, ApiKey.Kind.PUBLISHABLE), ORIGIN)
    headers = [{"X-Forwarded-For": f"192.0.2.{number}", "Idempotency-Key": "1"} for number in (1, 2)]
    mine, theirs = (visitor.order(**each) for each in headers)
    assert (mine.status_code, theirs.status_code) == (202, 409)
    assert mine.json()["statusToken"] not in theirs.content.decode()
    assert visitor.order(**headers[0]).json() == mine.json()


@pytest.mark.django_db
def test_what_one_key_was_answered_another_of_the_same_partner_is_not(alice, as_alice):
    mine = as_alice.order(**{"Idempotency-Key": "1"})
    colleague = Caller(key_of(alice, scopes=["write"])).order(**{"Idempotency-Key": "1"})
    assert (mine.status_code, colleague.status_code) == (202, 409)
    assert mine.json()["statusToken"] not in colleague.content.decode()


@pytest.mark.django_db
def test_a_refusal_frees_the_key_because_nothing_has_happened(as_alice):
    keyed = {"Idempotency-Key": "k"}
    assert as_alice("POST", "/instances", order(plan="gold"), **keyed).status_code == 422
    as_alice.order("client-a")
    assert as_alice.order("client-a", **keyed).status_code == 409
    assert as_alice.order("client-b", **keyed).status_code == 202


@pytest.mark.django_db
@pytest.mark.parametrize("bad", ["", "x" * 256, "clé"])
def test_a_key_of_another_shape_is_refused(as_alice, bad):
    answer = as_alice.order(**{"Idempotency-Key": bad.encode("latin-1").decode("latin-1")})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key")


@pytest.mark.django_db
def test_while_the_first_is_at_work_the_second_is_told_to_wait(as_alice, monkeypatch):
    inner = []

    def slow(**values):
        inner.append(as_alice.order(**{"Idempotency-Key": "k"}))
        return create(**values)

    create = instances.create_instance
    monkeypatch.setattr(instances, "create_instance", slow)
    assert as_alice.order(**{"Idempotency-Key": "k"}).status_code == 202
    assert (inner[0].status_code, inner[0].json()["code"], inner[0]["Retry-After"]) == (409, "request_in_progress", "1")


@pytest.mark.django_db
def test_what_a_killed_request_had_begun_is_taken_over(as_alice, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(IdempotencyRecord.objects.filter().__class__, "delete", lambda self: (0, {}))
        patch.setattr(instances, "create_instance", lambda **values: 1 / 0)
        assert as_alice.order(**{"Idempotency-Key": "k"}).status_code == 500
    assert as_alice.order(**{"Idempotency-Key": "k"}).status_code == 409
    IdempotencyRecord.objects.update(claimed_at=timezone.now() - timedelta(minutes=5))
    assert as_alice.order(**{"Idempotency-Key": "k"}).status_code == 202


@pytest.mark.django_db
def test_an_answer_sealed_under_a_removed_key_is_said_to_be_lost_and_nothing_is_done_again(as_alice, settings):
    assert as_alice.order(**{"Idempotency-Key": "k"}).status_code == 202
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    answer = as_alice.order(**{"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (409, "answer_not_kept")
    assert "Retry-After" not in answer
    assert Instance.objects.count() == 1


@pytest.mark.django_db
def test_answers_are_forgotten_after_seven_days(as_alice):
    as_alice.order(**{"Idempotency-Key": "k"})
    assert idempotency.purge() == 0
    IdempotencyRecord.objects.update(created_at=timezone.now() - timedelta(days=8))
    assert as_alice.order("client-b", **{"Idempotency-Key": "k"}).status_code == 202
    IdempotencyRecord.objects.update(created_at=timezone.now() - timedelta(days=8))
    assert idempotency.purge() == 1


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_with_one_key_make_one_instance(as_alice):
    answers = together(AT_ONCE, lambda number: as_alice.order(**{"Idempotency-Key": "one"}))
    counts = Counter(answer.status_code for answer in answers)
    assert set(counts) <= {202, 409}, counts
    assert len({answer.json()["instanceId"] for answer in answers if answer.status_code == 202}) == 1
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"request_in_progress"}
    assert Instance.objects.count() == Operation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_with_one_name_get_one_yes_and_a_clear_no(as_alice, settings):
    settings.MAIL_RECIPIENT_RATE = "100/d"
    answers = together(AT_ONCE, lambda number: as_alice.order(**{"Idempotency-Key": f"key-{number}"}))
    counts = Counter((answer.status_code, answer.json().get("code")) for answer in answers)
    assert counts == {(202, None): 1, (409, "client_name_taken"): AT_ONCE - 1}
    assert Instance.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_ten_at_once_do_not_exceed_the_quota(alice):
    alice.quota = 3
    alice.save(update_fields=["quota"])
    caller = Caller(key_of(alice))
    answers = together(10, lambda number: caller.order(f"client-{number}"))
    assert Counter(answer.status_code for answer in answers) == {202: 3, 429: 7}


@pytest.mark.django_db(transaction=True)
def test_the_answer_comes_after_the_commit(as_alice):
    assert not connection.in_atomic_block
    answer = as_alice.order()
    seen = together(1, lambda number: Instance.objects.filter(public_id=answer.json()["instanceId"]).exists())
    assert seen == [True]


@pytest.mark.django_db
def test_a_slow_request_whose_key_another_has_taken_over_leaves_no_effect_without_its_answer(as_alice, monkeypatch):
    create = instances.create_instance

    def slow(**values):
        made = create(**values)
        IdempotencyRecord.objects.update(claim="of another")
        return made

    with monkeypatch.context() as patch:
        patch.setattr(instances, "create_instance", slow)
        answer = as_alice.order(**{"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (409, "request_in_progress")
    assert not Instance.objects.exists()
