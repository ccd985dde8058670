"""The storage adapter against the sandbox's strict S3, and once against another implementation of the same API."""

import hashlib
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from moto.server import ThreadedMotoServer

from provisioning.sandbox import Sandbox
from provisioning.storage.client import Access, Storage
from provisioning.storage.errors import (
    ClockSkewed,
    ObjectLocked,
    ObjectMissing,
    StorageFull,
    StorageRefused,
    StorageUnavailable,
    UploadGone,
)
from provisioning.storage.results import Part

MEBIBYTE = 1024 * 1024
PARTS = (b"a" * (5 * MEBIBYTE), b"b" * (5 * MEBIBYTE), b"end")
OCTETS = {"Content-Type": "application/octet-stream"}


def access_to(sandbox):
    given = sandbox.options
    return Access(sandbox.s3_url, given.s3_region, given.s3_bucket, given.s3_access_key_id, given.s3_secret_access_key)


@pytest.fixture
def sandbox():
    with Sandbox() as running:
        yield running


@pytest.fixture
def storage(sandbox):
    return Storage(access_to(sandbox))


@pytest.fixture(params=["sandbox", "moto"])
def any_storage(request, sandbox):
    """Both servers: what holds on the strict one holds on somebody else's."""
    if request.param == "sandbox":
        yield Storage(access_to(sandbox))
        return
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    httpx.post(f"{url}/moto-api/reset")
    httpx.put(f"{url}/eazynova-backups")
    yield Storage(replace(access_to(sandbox), endpoint=url, region="us-east-1"))
    server.stop()


def upload(storage, key="acme/1.zip", parts=PARTS):
    """As an agent does: the parts go to the addresses, with no key of ours."""
    upload_id = storage.begin(key)
    addresses = storage.part_addresses(key, upload_id, range(1, len(parts) + 1), seconds=60)
    for number, body in enumerate(parts, 1):
        assert httpx.put(addresses[number], content=body, headers=OCTETS).status_code == 200
    return upload_id


def refusal(response):
    return response.status_code, response.text.partition("<Code>")[2].partition("</Code>")[0]


def test_what_is_uploaded_in_parts_comes_back_whole(any_storage):
    upload_id = upload(any_storage)
    parts = any_storage.parts("acme/1.zip", upload_id)
    assert [(part.number, part.size) for part in parts] == [(n, len(body)) for n, body in enumerate(PARTS, 1)]
    stored = any_storage.complete("acme/1.zip", upload_id, parts)
    assert stored.size == sum(map(len, PARTS))
    whole = b"".join(any_storage.stream("acme/1.zip"))
    assert hashlib.sha256(whole).digest() == hashlib.sha256(b"".join(PARTS)).digest()
    assert any_storage.read("acme/1.zip", stored.size - 3, stored.size - 1) == b"end"
    assert httpx.get(any_storage.download_address("acme/1.zip", seconds=60)).content == whole
    assert any_storage.unfinished("acme/") == []


def test_parts_that_we_send_ourselves_make_the_same_object(any_storage):
    upload_id = any_storage.begin("site/1.age")
    parts = [any_storage.send("site/1.age", upload_id, number, body) for number, body in enumerate(PARTS, 1)]
    assert parts == any_storage.parts("site/1.age", upload_id)
    assert any_storage.complete("site/1.age", upload_id, parts).size == sum(map(len, PARTS))
    assert b"".join(any_storage.stream("site/1.age")) == b"".join(PARTS)


def test_a_part_that_comes_after_the_end_is_refused(storage):
    upload_id = storage.begin("site/1.age")
    storage.complete("site/1.age", upload_id, [storage.send("site/1.age", upload_id, 1, b"all")])
    with pytest.raises(UploadGone):
        storage.send("site/1.age", upload_id, 2, b"late")


def test_small_objects_are_written_listed_and_deleted(any_storage):
    for name in ("b", "a", "c"):
        any_storage.put(f"acme/{name}", name.encode())
    any_storage.put("other/d", b"d")
    assert [each.key for each in any_storage.list("acme/")] == ["acme/a", "acme/b", "acme/c"]
    any_storage.delete("acme/a")
    any_storage.delete("acme/a")
    assert [each.key for each in any_storage.list("acme/")] == ["acme/b", "acme/c"]
    with pytest.raises(ObjectMissing):
        any_storage.head("acme/a")


def test_an_upload_that_was_given_up_leaves_nothing_and_cannot_be_completed(any_storage):
    upload_id = upload(any_storage)
    assert [each.id for each in any_storage.unfinished("acme/")] == [upload_id]
    any_storage.abort("acme/1.zip", upload_id)
    assert any_storage.unfinished("acme/") == []
    any_storage.abort("acme/1.zip", upload_id)
    with pytest.raises(ObjectMissing):
        any_storage.head("acme/1.zip")


def test_an_upload_that_is_gone_is_neither_told_nor_completed(storage):
    upload_id = upload(storage)
    storage.abort("acme/1.zip", upload_id)
    with pytest.raises(UploadGone):
        storage.parts("acme/1.zip", upload_id)
    with pytest.raises(UploadGone):
        storage.complete("acme/1.zip", upload_id, [Part(1, "0" * 32)])


def test_nothing_is_ever_overwritten(storage):
    storage.put("acme/a", b"first")
    with pytest.raises(StorageRefused):
        storage.put("acme/a", b"second")
    assert b"".join(storage.stream("acme/a")) == b"first"


def test_a_listing_of_many_pages_is_whole(storage):
    for number in range(1_030):
        storage.put(f"acme/{number:04}", b"")
    assert len(list(storage.list("acme/"))) == 1_030


def test_an_address_opens_its_own_part_only(storage, sandbox):
    upload_id = storage.begin("acme/1.zip")
    address = storage.part_addresses("acme/1.zip", upload_id, [1], seconds=60)[1]
    for wrong in (
        address.replace("partNumber=1", "partNumber=2"),
        address.replace("acme", "other"),
        address.replace("X-Amz-Expires=60", "X-Amz-Expires=600000"),
        address[:-1] + ("0" if address[-1] != "0" else "1"),
        address.partition("?")[0] + f"?partNumber=1&uploadId={upload_id}",
    ):
        assert httpx.put(wrong, content=b"x", headers=OCTETS).status_code == 403
    assert httpx.get(address).status_code == 403
    assert refusal(httpx.put(address, data={"a": "b"})) == (400, "InvalidRequest")
    sandbox.advance(61)
    assert refusal(httpx.put(address, content=b"x", headers=OCTETS)) == (403, "AccessDenied")
    assert storage.parts("acme/1.zip", upload_id) == []


def test_wrong_keys_a_wrong_bucket_and_a_wrong_clock_are_refused(sandbox):
    right = access_to(sandbox)
    for wrong in (
        replace(right, secret_access_key="wrong"),
        replace(right, access_key_id="wrong"),
        replace(right, region="elsewhere"),
        replace(right, bucket="nobodys"),
    ):
        with pytest.raises(StorageRefused) as refused:
            Storage(wrong).put("acme/a", b"")
        assert right.secret_access_key not in str(refused.value)
        with pytest.raises(StorageRefused):
            Storage(wrong).check()
    Storage(right).check()
    sandbox.advance(3_600)
    with pytest.raises(ClockSkewed, match="RequestTimeTooSkewed"):
        Storage(right).put("acme/a", b"")


def test_parts_too_small_missing_or_out_of_order_make_no_object(storage):
    upload_id = upload(storage, parts=(b"small", b"end"))
    small = storage.parts("acme/1.zip", upload_id)
    for parts in (small, list(reversed(small)), [Part(3, "0" * 32)], [Part(1, "0" * 32)]):
        with pytest.raises(StorageRefused):
            storage.complete("acme/1.zip", upload_id, parts)
    with pytest.raises(ObjectMissing):
        storage.head("acme/1.zip")


def test_a_full_bucket_says_so():
    with Sandbox(s3_most_bytes=10) as sandbox, pytest.raises(StorageFull):
        Storage(access_to(sandbox)).put("acme/a", b"more than ten")


def test_what_is_locked_is_kept_until_then_and_says_so():
    with Sandbox(s3_locking=True) as sandbox:
        storage = Storage(access_to(sandbox))
        until = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=5)
        assert storage.locks()
        assert storage.put("acme/a", b"kept", locked_until=until).locked_until == until
        with pytest.raises(ObjectLocked):
            storage.delete("acme/a")
        upload_id = storage.begin("acme/b", locked_until=until)
        address = storage.part_addresses("acme/b", upload_id, [1], seconds=60)[1]
        httpx.put(address, content=b"kept too", headers=OCTETS)
        assert storage.complete("acme/b", upload_id, storage.parts("acme/b", upload_id)).locked_until == until
        sandbox.advance(400)
        storage.delete("acme/a")
        with pytest.raises(ObjectMissing):
            storage.head("acme/a")


def test_storage_that_cannot_lock_is_known_for_it(storage):
    assert not storage.locks()
    with pytest.raises(StorageRefused):
        storage.put("acme/a", b"", locked_until=datetime.now(UTC) + timedelta(days=1))


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_storage_in_trouble_is_asked_again_later(storage, sandbox, status):
    sandbox.faults.add(kind="storage_error", operation="HeadObject", status=status, code="SlowDown")
    with pytest.raises(StorageUnavailable):
        storage.head("acme/a")


def test_an_answer_that_was_lost_is_unclear(storage, sandbox):
    sandbox.faults.add(kind="storage_lost_answer", operation="CompleteMultipartUpload")
    upload_id = upload(storage)
    with pytest.raises((StorageUnavailable, UploadGone)):
        storage.complete("acme/1.zip", upload_id, storage.parts("acme/1.zip", upload_id))
    assert storage.head("acme/1.zip").size == sum(map(len, PARTS))


def test_a_storage_that_is_away_is_unavailable(sandbox):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(StorageUnavailable):
        Storage(replace(access_to(sandbox), endpoint=f"http://127.0.0.1:{port}")).head("acme/a")


def test_what_was_stored_outlives_a_restart_of_the_sandbox(tmp_path):
    with Sandbox(tmp_path) as sandbox:
        Storage(access_to(sandbox)).put("acme/a", b"kept")
    with Sandbox(tmp_path) as sandbox:
        assert b"".join(Storage(access_to(sandbox)).stream("acme/a")) == b"kept"
