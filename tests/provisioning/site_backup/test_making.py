"""Our own database goes to the storage, encrypted, and is called good only when it was read back from there."""

import hashlib
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection

from provisioning.backups.bucket import locks, storage
from provisioning.models import SiteBackup
from provisioning.site_backup import keys, making, shelf
from provisioning.site_backup.errors import SiteBackupDamaged, SiteBackupFailed, SiteBackupRunning
from provisioning.storage.errors import StorageFull, StorageUnavailable
from provisioning.tasks import back_up_site
from tenants.alerts import evaluation
from tests.provisioning.site_backup.conftest import new_key

pytestmark = pytest.mark.django_db(transaction=True)
_S = SiteBackup.State
VERSION = 'case "$1" in --version) echo "pg_dump (PostgreSQL) 99.0";;'


def stored(suffix):
    return [each.key for each in storage().list(shelf.PREFIX) if each.key.endswith(suffix)]


@pytest.fixture
def postgresql():
    if connection.vendor != "postgresql":
        pytest.skip("PostgreSQL's own programs are meant")


def test_what_lies_in_the_storage_is_encrypted_and_can_be_found_without_a_database(key, make_instance):
    make_instance("very-visible-corp")
    call_command("backup_site", "--json")
    [name] = shelf.names()
    manifest, body = shelf.read(name), b"".join(storage().stream(shelf.data_key(name)))
    assert body.startswith(b"age-encryption.org/v1")
    assert b"very-visible-corp" not in body
    assert (manifest.stored_size, manifest.stored_sha256) == (len(body), hashlib.sha256(body).hexdigest())
    told = b"".join(storage().stream(f"site/{name}.json"))
    assert key.encode() not in told
    assert key.encode() not in body
    opened = io.BytesIO()
    keys.decrypt(io.BytesIO(body), opened)
    assert opened.getvalue().startswith(b"PGDMP" if connection.vendor == "postgresql" else b"SQLite format 3\0")
    assert SiteBackup.objects.get().state == _S.GOOD


def test_a_new_key_encrypts_and_the_former_one_still_opens(key, settings):
    first = making.make()
    settings.SITE_BACKUP_KEYS = [new_key(), key]
    second = making.make()
    assert first.key != second.key
    for manifest in (first, second):
        with io.BytesIO() as opened:
            keys.decrypt(io.BytesIO(b"".join(storage().stream(shelf.data_key(manifest.name)))), opened)


@pytest.mark.parametrize("spoilt", ["cut", "changed", "added", "swapped"])
def test_a_stream_that_is_not_exactly_what_was_written_does_not_open(spoilt, key):
    sealed = io.BytesIO()
    keys.encrypt(io.BytesIO(bytes(range(256)) * 2000), sealed)
    body, chunk = sealed.getvalue(), 64 * 1024 + 16
    head = len(body) - 7 * chunk - (512_000 - 7 * 65536) - 16
    body = {
        "cut": body[: head + 3 * chunk],
        "changed": body[:-9] + bytes([body[-9] ^ 1]) + body[-8:],
        "added": body + b"more",
        "swapped": body[:head]
        + body[head + chunk : head + 2 * chunk]
        + body[head : head + chunk]
        + body[head + 2 * chunk :],
    }[spoilt]
    with pytest.raises(SiteBackupDamaged):
        keys.decrypt(io.BytesIO(body), io.BytesIO())


def test_without_a_key_nothing_is_begun_and_the_command_says_what_to_do(bucket, settings):
    settings.SITE_BACKUP_KEYS = []
    with pytest.raises(CommandError, match=r"docs/backups\.md"):
        call_command("backup_site")
    back_up_site()
    assert not SiteBackup.objects.exists()


@pytest.mark.parametrize(
    ("operation", "expected"),
    [("UploadPart", StorageUnavailable), ("CompleteMultipartUpload", StorageUnavailable), ("PutObject", None)],
)
def test_a_storage_that_fails_leaves_a_reason_and_no_parts(operation, expected, key, bucket):
    bucket.faults.add(kind="storage_error", operation=operation, times=20)
    with pytest.raises(expected or StorageUnavailable):
        making.make()
    row = SiteBackup.objects.get()
    assert (row.state, row.reason) == (_S.FAILED, "storage_unavailable")
    assert storage().unfinished("") == []
    assert shelf.names() == []
    bucket.faults.clear()
    making.make()
    assert len(shelf.names()) == 1


def test_a_full_storage_is_named_as_the_reason(key, bucket):
    bucket.bucket.most_bytes = 10
    with pytest.raises(StorageFull):
        making.make()
    assert SiteBackup.objects.get().reason == "storage_full"


@pytest.mark.usefixtures("postgresql")
@pytest.mark.parametrize(
    ("program", "script", "words"),
    [
        ("pg_dump", 'echo "pg_dump (PostgreSQL) 9.6.1"', "dumps no newer server than itself"),
        (
            "pg_dump",
            f'{VERSION} *) echo PGDMP; echo "pg_dump: error: connection lost" >&2; exit 1;; esac',
            "connection lost",
        ),
        (
            "pg_dump",
            f"{VERSION} *) echo not-a-dump;; esac",
            "does not appear to be a valid archive",
        ),
    ],
    ids=["older than the server", "ends in the middle", "gives something else"],
)
def test_a_dump_that_is_not_one_is_never_called_good(program, script, words, key, programs):
    programs(program, script)
    with pytest.raises(SiteBackupFailed, match=words):
        making.make()
    assert shelf.names() == []
    assert words in SiteBackup.objects.get().message


@pytest.mark.usefixtures("postgresql")
def test_missing_programs_are_told_with_what_to_install(key, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CommandError, match="postgresql-client"):
        call_command("backup_site")


def test_what_the_storage_lost_on_the_way_is_noticed_when_it_is_read_back(key, bucket, monkeypatch):
    stream = storage().stream
    monkeypatch.setattr(storage(), "stream", lambda name: iter(list(stream(name))[:-1]))
    with pytest.raises(SiteBackupDamaged):
        making.make()
    assert (SiteBackup.objects.get().reason, shelf.names()) == ("site_backup_damaged", [])


def test_only_one_process_makes_a_backup_and_a_killed_one_is_taken_over(key, clock):
    begun = making._begin()
    with pytest.raises(SiteBackupRunning):
        making.make()
    assert making.make_when_due() is None
    clock.shift(timedelta(minutes=16))
    making.make()
    begun.refresh_from_db()
    assert (begun.state, begun.reason) == (_S.FAILED, "site_backup_interrupted")


def test_it_is_made_once_a_day_by_beat(key, clock):
    for _hour in range(50):
        back_up_site()
        clock.shift(timedelta(hours=1))
    assert SiteBackup.objects.filter(state=_S.GOOD).count() == len(shelf.names()) == 3


def test_staff_hear_when_it_fails_at_first_and_when_the_last_good_one_is_old(key, clock, settings, bucket):
    settings.STAFF_ALERT_EMAILS = ["ops@example.com"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert evaluation.evaluate() == 0
    bucket.faults.add(kind="storage_error", operation="CreateMultipartUpload", times=20)
    back_up_site()
    assert evaluation.evaluate() == 1
    assert "sauvegarde récente (storage_unavailable)" in mail.outbox[0].subject
    bucket.faults.clear()
    back_up_site()
    clock.shift(timedelta(minutes=3))
    assert evaluation.evaluate() == 0
    clock.shift(timedelta(hours=47))
    assert evaluation.evaluate() == 0
    clock.shift(timedelta(hours=2))
    assert evaluation.evaluate() == 1
    assert "storage" not in mail.outbox[-1].subject


def test_old_ones_are_thinned_and_what_never_became_good_goes(key, clock, bucket):
    storage().put("site/2020-01-01T00-00-00Z.age", b"never finished")
    for _day in range(40):
        making.make()
        clock.shift(timedelta(days=1))
    left = [(datetime.now(UTC) - shelf.moment_of(name)).days for name in shelf.names()]
    assert left[:7] == [1, 2, 3, 4, 5, 6, 7]
    assert 9 <= len(left) <= 14
    assert "site/2020-01-01T00-00-00Z.age" not in stored(".age")
    assert len(stored(".age")) == len(stored(".json"))


def test_where_the_storage_locks_it_is_locked_and_stays(key, settings, sandbox):
    sandbox.bucket.locking = True
    locks.cache_clear()
    manifest = making.make()
    assert datetime.fromisoformat(manifest.locked_until) > datetime.now(UTC) + timedelta(days=6)
    assert storage().head(shelf.data_key(manifest.name)).locked_until
    locks.cache_clear()


def test_the_command_tells_machines_and_people_what_it_made(key, capsys):
    call_command("backup_site", "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["name"] == shelf.names()[0]
    assert told["migrations"]["tenants"] >= "0029"
    call_command("restore_site", "--list")
    assert told["name"] in capsys.readouterr().out
