from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from tenants.errors import KeyNotRotatable, UnknownScope
from tenants.models import ApiKey
from tenants.models.partner import checksum_of
from tenants.services import keys
from tests.tenants.api.conftest import Caller

pytestmark = pytest.mark.django_db


def test_a_key_tells_its_kind_and_carries_a_checksum(alice):
    for kind, prefix in ((ApiKey.Kind.SECRET, "eaz_live_"), (ApiKey.Kind.PUBLISHABLE, "eaz_pub_")):
        _row, clear = keys.issue(alice, kind=kind)
        assert clear.startswith(prefix)
        assert checksum_of(clear[:-8]) == clear[-8:]
        assert keys.recognise(clear)


def test_only_a_hash_is_stored(alice):
    row, clear = keys.issue(alice)
    assert clear.split("_")[-1] not in repr(ApiKey.objects.filter(pk=row.pk).values().get())


@pytest.mark.parametrize("change", ["{}x", "x{}", "{} "])
def test_a_key_that_is_nearly_right_is_wrong(alice, change):
    _row, clear = keys.issue(alice)
    assert keys.recognise(change.format(clear)) is None
    assert keys.recognise(clear[:-1] + ("0" if clear[-1] != "0" else "1")) is None


def test_a_forged_key_with_a_right_checksum_opens_nothing(alice):
    row, _clear = keys.issue(alice)
    stem = f"eaz_live_{row.public_id}_{'A' * 43}"
    assert keys.recognise(stem + checksum_of(stem)) is None


def test_revocation_works_from_the_next_request_on(as_alice):
    assert as_alice("GET", "/me").status_code == 200
    keys.revoke(ApiKey.objects.get())
    assert as_alice("GET", "/me").json()["code"] == "invalid_key"


def test_an_expired_key_and_one_of_an_inactive_partner_open_nothing(alice, as_alice):
    ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert as_alice("GET", "/me").status_code == 401
    ApiKey.objects.update(expires_at=None)
    alice.is_active = False
    alice.save(update_fields=["is_active"])
    assert as_alice("GET", "/me").status_code == 401


def test_a_rotation_leaves_both_keys_at_work_for_a_while(as_alice):
    old = ApiKey.objects.get()
    new, clear = keys.rotate(old, overlap=timedelta(hours=1))
    assert (new.scopes, new.partner) == (old.scopes, old.partner)
    assert as_alice("GET", "/me").status_code == Caller(clear)("GET", "/me").status_code == 200
    old.refresh_from_db()
    assert timezone.now() < old.expires_at <= timezone.now() + timedelta(hours=1)
    with pytest.raises(KeyNotRotatable):
        keys.rotate(old)


def test_a_key_that_ends_tomorrow_ends_tomorrow_although_it_is_rotated(alice):
    tomorrow = timezone.now() + timedelta(days=1)
    old, clear = keys.issue(alice, expires_at=tomorrow)
    keys.rotate(old, overlap=timedelta(days=7))
    old.refresh_from_db()
    assert old.expires_at == tomorrow
    with time_machine.travel(tomorrow + timedelta(seconds=1)):
        assert keys.recognise(clear) is None


def test_the_last_use_is_noted_once_a_minute(as_alice, django_assert_num_queries):
    as_alice("GET", "/me")
    first = ApiKey.objects.get().last_used_at
    assert first is not None
    as_alice("GET", "/me")
    assert ApiKey.objects.get().last_used_at == first


@pytest.mark.parametrize(
    ("kind", "scopes"), [("pub", ["read"]), ("pub", ["signup", "secrets"]), ("live", []), ("live", ["everything"])]
)
def test_a_key_cannot_have_more_than_its_kind_allows(alice, kind, scopes):
    with pytest.raises(UnknownScope):
        keys.issue(alice, kind=kind, scopes=scopes)


def test_a_key_in_the_address_is_not_looked_at(as_alice, visitor):
    assert visitor("GET", f"/me?key={as_alice.key}&api_key={as_alice.key}").status_code == 401
