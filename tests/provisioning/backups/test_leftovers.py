"""What must not remain of tries that came to nothing: their objects."""

from datetime import timedelta

import pytest

from provisioning.agents import tokens
from provisioning.backups import asking, bucket, checking, retention, upkeep
from provisioning.models import Backup
from provisioning.sandbox import Sandbox
from tests.provisioning.backups.little_agent import LittleAgent, packed

pytestmark = pytest.mark.django_db
_S = Backup.State


@pytest.fixture
def backup(instance):
    return asking.ask(instance.pk, Backup.Occasion.MANUAL)


def keys():
    return {each.key for each in bucket.storage().list("")}


def test_what_was_found_damaged_does_not_stay_in_the_bucket(backup, agent):
    job = agent.job()
    agent.done(job, packed(4), agent.send(job, packed()))
    assert checking.check(backup.pk) is False
    assert keys() == set()
    upkeep.fail(backup, "again", "")
    Backup.objects.update(run_after=backup.created_at)
    agent.back_up()
    assert checking.check(backup.pk)
    assert keys() == {Backup.objects.get().key}


def test_what_a_lock_kept_of_a_failed_try_is_erased_when_it_ends_and_nothing_else_is(
    settings, make_instance, client, clock
):
    with Sandbox(s3_locking=True) as sandbox:
        given = sandbox.options
        bucket.locks.cache_clear()
        settings.BACKUP_S3_ENDPOINT, settings.BACKUP_S3_BUCKET = sandbox.s3_url, given.s3_bucket
        settings.BACKUP_S3_REGION, settings.BACKUP_S3_ACCESS_KEY_ID = given.s3_region, given.s3_access_key_id
        settings.BACKUP_S3_SECRET_ACCESS_KEY = given.s3_secret_access_key
        instance = make_instance(state="ready")
        agent = LittleAgent(client, tokens.renew(instance.pk))
        backup = asking.ask(instance.pk, Backup.Occasion.DAILY)
        job = agent.job()
        agent.done(job, packed(4), agent.send(job, packed()))
        assert checking.check(backup.pk) is False
        stray = f"{instance.public_id}/{backup.public_id}-1.zip"
        foreign = {f"{instance.public_id}/BK-UNKNOWN999-1.zip", "site/2026-11-27.age", "somebody's file"}
        for key in foreign:
            bucket.storage().put(key, b"x")
        Backup.objects.update(run_after=backup.created_at)
        agent.back_up()
        assert checking.check(backup.pk)
        good = Backup.objects.get().key
        clock.shift(timedelta(days=1))
        assert retention.clear_strays() == 0
        clock.shift(timedelta(days=2))
        retention.clear_strays()
        assert keys() == {stray, good} | foreign
        clock.shift(timedelta(days=5))
        assert retention.clear_strays() == 1
        assert keys() == {good} | foreign


def test_the_object_of_a_backup_that_is_under_way_is_nobodys_stray(backup, agent, clock):
    agent.back_up()
    Backup.objects.update(lease_expires_at=None)
    bucket.storage().complete(
        Backup.objects.get().key, Backup.objects.get().upload_id, bucket.storage().parts(*_upload_of(backup))
    )
    clock.shift(timedelta(days=3))
    assert retention.clear_strays() == 0
    assert checking.check(backup.pk)


def _upload_of(backup):
    backup.refresh_from_db()
    return backup.key, backup.upload_id
