"""A storage that is away, hangs, is full, or has another time: agents are answered, nothing is lost, staff read why."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from provisioning.backups import asking, checking, reach
from provisioning.backups import bucket as backup_bucket
from provisioning.models import Backup
from provisioning.odoo.bootstrap import backup as packing
from provisioning.reasons import REASONS
from tests.provisioning.backups.little_agent import packed

pytestmark = pytest.mark.django_db
_S = Backup.State


@pytest.fixture
def backup(instance):
    return asking.ask(instance.pk, Backup.Occasion.MANUAL)


def test_a_storage_in_trouble_is_left_alone_for_a_minute_while_agents_are_answered(backup, agent, bucket):
    fault = bucket.faults.add(kind="storage_error", operation="CreateMultipartUpload", status=503, code="SlowDown")
    assert agent.call().status_code == 503
    for _ in range(3):
        answer = agent.call(report={"users": 3})
        assert (answer.status_code, answer.json()) == (200, {"next": 60})
    assert next(each["used"] for each in bucket.faults.all() if each["id"] == fault) == 1
    bucket.faults.clear()
    reach.forget()
    assert agent.job()["id"] == backup.public_id


def test_no_more_than_two_of_the_webs_threads_wait_for_the_storage(backup, agent):
    with reach.attempt() as first, reach.attempt() as second:
        assert (first, second) == (True, True)
        assert agent.call().json() == {"next": 60}
        backup.refresh_from_db()
        assert backup.state == _S.WAITING
    assert agent.job()


@pytest.mark.parametrize(("status", "code"), [(403, "QuotaExceeded"), (507, "InsufficientStorage")])
def test_a_full_storage_is_named_in_the_agents_words(backup, agent, bucket, status, code, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    bucket.faults.add(kind="storage_error", operation="UploadPart", status=status, code=code)
    job = agent.job()

    def say(**news):
        return agent.call(job={"id": job["id"], **news}).json()

    upload = packing.Upload(job, say)
    upload.write(packed())
    with pytest.raises(packing.Failed) as failed:
        upload.finish()
    assert f"{status} {code}" in str(failed.value)
    assert "X-Amz" not in str(failed.value)
    say(event="failed", reason=failed.value.reason, message=str(failed.value))
    backup.refresh_from_db()
    assert (backup.state, backup.reason) == (_S.WAITING, "agent_upload_failed")
    assert code in backup.message
    bucket.faults.clear()
    Backup.objects.update(run_after=timezone.now())
    agent.back_up()
    assert checking.check(backup.pk)


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_is_off_by_an_hour_costs_time_and_no_backup(backup, agent, bucket, hours):
    agent.back_up()
    # the storage goes on in its own time
    bucket.advance(3_600 * hours)
    assert checking.check(backup.pk) is None
    backup.refresh_from_db()
    assert (backup.state, backup.reason, backup.attempts) == (_S.CHECKING, "storage_clock_skewed", 1)
    assert "NTP" in str(REASONS[backup.reason].advice)
    bucket.advance(-3_600 * hours)
    with time_machine.travel(timezone.now() + timedelta(minutes=3), tick=True):
        assert checking.check(backup.pk)


def test_an_agent_is_offered_nothing_while_our_clock_is_wrong_and_loses_no_try(backup, agent, bucket):
    backup_bucket.locks.cache_clear()
    bucket.advance(3_600)
    assert agent.call().status_code == 503
    backup.refresh_from_db()
    assert (backup.state, backup.attempts) == (_S.WAITING, 0)
    bucket.advance(-3_600)
    reach.forget()
    agent.back_up()
    assert checking.check(backup.pk)
