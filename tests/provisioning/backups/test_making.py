"""A backup from the asking to the checked object, and everything that can go wrong between."""

import hashlib
import json
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from provisioning.agents import tokens
from provisioning.backups import asking, checking, reach, retention, upkeep
from provisioning.backups.bucket import locks, storage
from provisioning.models import Backup
from provisioning.sandbox import Sandbox
from tests.provisioning.backups.little_agent import OCTETS, LittleAgent, packed

pytestmark = pytest.mark.django_db
MEBIBYTE = 1024 * 1024
_S = Backup.State


@pytest.fixture
def backup(instance):
    return asking.ask(instance.pk, Backup.Occasion.MANUAL)


def state_of(backup):
    backup.refresh_from_db()
    return backup.state, backup.reason


def let_pass(clock, **span):
    clock.shift(timedelta(**span))


def test_what_the_agent_sent_is_read_back_and_then_good(backup, agent, bucket):
    agent.back_up()
    assert state_of(backup) == (_S.CHECKING, "")
    assert checking.check(backup.pk)
    assert state_of(backup) == (_S.GOOD, "")
    assert backup.sha256 == hashlib.sha256(packed()).hexdigest()
    assert backup.size == len(packed())
    assert backup.facts == {"tables": 1, "attachments": 3, "files": 3, "seconds": 1, "odooVersion": "19.0-20260723",
                            "modules": 1, "version": "19.0"}  # fmt: skip
    assert asking.newest_good(backup.instance_id) == backup
    assert storage().unfinished("") == []


def test_no_key_of_the_storage_reaches_an_agent(backup, agent, settings):
    answer = json.dumps(agent.call().json())
    assert settings.BACKUP_S3_SECRET_ACCESS_KEY not in answer
    assert backup.public_id in answer


def test_a_large_one_is_sent_in_many_parts_with_addresses_asked_for_on_the_way(backup, agent):
    body = packed(dump=bytes(hash_bytes(52 * MEBIBYTE)))
    job = agent.job()
    parts = agent.send(job, body, part_bytes=5 * MEBIBYTE)
    assert len(parts) == 11
    agent.done(job, body, parts)
    assert checking.check(backup.pk)


def hash_bytes(count):
    """Bytes that do not compress."""
    block = b"".join(hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(32 * 1024))
    return block * (count // len(block))


def test_there_is_one_backup_at_a_time_and_asking_again_hurries_it(backup, agent, instance):
    upkeep.fail(backup, "agent_failed", "once")
    assert agent.job() is None
    assert asking.ask(instance.pk, Backup.Occasion.DAILY) == backup
    assert agent.job()["id"] == backup.public_id


def test_an_agent_that_says_why_it_failed_is_asked_again_and_given_up_after_five_tries(backup, agent, clock):
    for attempt in range(1, 6):
        job = agent.job()
        assert job, attempt
        agent.call(job={"id": job["id"], "event": "failed", "reason": "dump_failed", "message": "disk full"})
        assert agent.job() is None
        if attempt < 5:
            assert state_of(backup) == (_S.WAITING, "agent_dump_failed")
        let_pass(clock, hours=4)
    assert state_of(backup) == (_S.FAILED, "agent_dump_failed")
    assert backup.message == "disk full"
    assert storage().unfinished("") == []


def test_a_silent_agent_loses_its_job_and_its_last_words_come_too_late(backup, agent, clock):
    job = agent.job()
    parts = agent.send(job, packed())
    let_pass(clock, minutes=21)
    upkeep.sweep()
    assert state_of(backup) == (_S.WAITING, "backup_agent_silent")
    assert agent.done(job, packed(), parts).status_code == 409
    let_pass(clock, minutes=6)
    agent.back_up()
    assert checking.check(backup.pk)
    assert backup.key != Backup.objects.get().key


def test_an_agent_at_work_keeps_its_job_for_hours(backup, agent, clock):
    job = agent.job()
    for _hour in range(9):
        let_pass(clock, minutes=15)
        assert agent.call(job={"id": job["id"], "event": "more", "from": 9}).status_code == 200
        upkeep.sweep()
    assert state_of(backup) == (_S.RUNNING, "")


def test_an_address_that_expires_in_the_middle_is_asked_for_anew(backup, agent, clock):
    job = agent.job()
    let_pass(clock, hours=2)
    assert httpx.put(job["addresses"]["1"], content=b"x", headers=OCTETS).status_code == 403
    fresh = agent.call(job={"id": job["id"], "event": "more", "from": 1}).json()["job"]
    assert agent.done(job, packed(), agent.send(job | fresh, packed())).status_code == 200
    assert checking.check(backup.pk)


def test_saying_it_is_done_twice_changes_nothing(backup, agent):
    job = agent.back_up()
    parts = Backup.objects.get().facts["parts"]
    assert agent.done(job, packed(), parts).status_code == 200
    assert checking.check(backup.pk)
    assert agent.done(job, packed(), parts).status_code == 200
    assert state_of(backup) == (_S.GOOD, "")


@pytest.mark.parametrize(
    ("body", "said", "words"),
    [
        (packed(), packed(4), "not what the agent sent"),
        (b"no zip" * 100, None, "cannot be read"),
        (packed(dump=b""), None, "lacks"),
        (packed(manifest={}), None, "cannot be read"),
        (packed(files=2), None, "2 files"),
    ],
)
def test_what_is_damaged_is_never_called_good(backup, agent, body, said, words):
    job = agent.job()
    agent.done(job, said or body, agent.send(job, body))
    assert checking.check(backup.pk) is False
    assert state_of(backup) == (_S.WAITING, "backup_damaged")
    assert words in backup.message


def test_one_much_smaller_than_the_one_before_is_not_believed(instance, agent):
    for files, good in ((400, True), (3, False)):
        backup = asking.ask(instance.pk, Backup.Occasion.DAILY)
        agent.back_up(packed(files), files)
        assert checking.check(backup.pk) is good
    assert state_of(backup) == (_S.WAITING, "backup_implausible")
    # somebody has looked: so much was deleted
    assert asking.ask(instance.pk, Backup.Occasion.MANUAL, any_size=True) == backup
    agent.back_up(packed(3), 3)
    assert checking.check(backup.pk)


def test_a_storage_that_is_away_loses_nothing(backup, agent, bucket, clock):
    bucket.faults.add(kind="storage_error", operation="CreateMultipartUpload", status=503, code="SlowDown")
    assert agent.call().status_code == 503
    bucket.faults.clear()
    reach.forget()
    agent.back_up()
    bucket.faults.add(kind="storage_error", operation="GetObject", status=503, code="SlowDown")
    assert checking.check(backup.pk) is None
    assert state_of(backup) == (_S.CHECKING, "storage_unavailable")
    bucket.faults.clear()
    let_pass(clock, minutes=3)
    assert upkeep.sweep() == [backup.pk]
    assert checking.check(backup.pk)


def test_a_completion_whose_answer_was_lost_is_found_done(backup, agent, bucket):
    agent.back_up()
    bucket.faults.add(kind="storage_lost_answer", operation="CompleteMultipartUpload", times=1)
    assert checking.check(backup.pk)


def test_two_checks_at_once_are_one(backup, agent):
    agent.back_up()
    assert checking.check(backup.pk)
    assert checking.check(backup.pk) is None


def test_what_nobody_completed_is_cleared_away_after_two_days(backup, agent, clock, bucket):
    agent.send(agent.job(), packed())
    assert retention.clear_unfinished() == 0
    bucket.advance(0)
    let_pass(clock, days=3)
    assert retention.clear_unfinished() == 1


def test_a_storage_that_locks_is_held_to_it(settings, make_instance, client, clock):
    with Sandbox(s3_locking=True) as sandbox:
        given = sandbox.options
        locks.cache_clear()
        settings.BACKUP_S3_ENDPOINT, settings.BACKUP_S3_BUCKET = sandbox.s3_url, given.s3_bucket
        settings.BACKUP_S3_REGION, settings.BACKUP_S3_ACCESS_KEY_ID = given.s3_region, given.s3_access_key_id
        settings.BACKUP_S3_SECRET_ACCESS_KEY = given.s3_secret_access_key
        instance = make_instance(state="ready")
        backup = asking.ask(instance.pk, Backup.Occasion.DAILY)
        LittleAgent(client, tokens.renew(instance.pk)).back_up()
        assert checking.check(backup.pk)
        backup.refresh_from_db()
        assert backup.locked_until > timezone.now() + timedelta(days=6)
        assert retention.erase(backup) is False
        let_pass(clock, days=8)
        assert retention.erase(backup)
        assert state_of(backup) == (_S.ERASED, "")
