"""Backups as customers and staff have them: every night, on demand, told when they are late, erased in time."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from provisioning.agents import tokens
from provisioning.backups import bucket
from provisioning.models import Backup
from tenants.alerts.conditions import present
from tenants.errors import BackupsUnavailable, WrongState
from tenants.models import Alert, AuditEntry, Instance, Plan
from tenants.services import backups
from tests.tenants.api.conftest import Caller, key_of

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 27, 11, tzinfo=UTC)
_S = Backup.State


@pytest.fixture
def instance(make_instance, storage):
    instance = make_instance(state="ready")
    tokens.renew(instance.pk)
    return instance


def good(instance, taken_at, **values):
    """A backup as it stands in the rows when it was checked, with an object in the storage."""
    backup = Backup(instance=instance, occasion=Backup.Occasion.DAILY, state=_S.GOOD, taken_at=taken_at,
                    ended_at=taken_at, size=3, sha256="0" * 64, **values)  # fmt: skip
    backup.key = f"{instance.public_id}/{backup.public_id}-1.zip"
    bucket.storage().put(backup.key, b"zip")
    backup.save()
    return backup


def hours_of_orders(start, hours):
    """At which hours of the day a backup is asked for, with one that succeeds at once."""
    found = []
    for hour in range(hours):
        with time_machine.travel(start + timedelta(hours=hour), tick=False):
            if backups.order_due():
                found.append((start + timedelta(hours=hour)).hour)
                Backup.objects.filter(state=_S.WAITING).update(
                    state=_S.GOOD, taken_at=timezone.now(), ended_at=timezone.now(), size=1, sha256="0", key="k"
                )
    return found


def test_each_night_of_the_customer_brings_one(instance):
    # the last minute of each hour: whichever minute is its own, it has come
    found = hours_of_orders(NOON + timedelta(minutes=59), 72)
    assert len(found) == 3
    assert all(hour in (0, 1, 2, 3, 4) for hour in found)


def test_the_night_is_that_of_the_customer_and_not_ours(instance):
    Instance.objects.filter(pk=instance.pk).update(time_zone="Asia/Tokyo")
    found = hours_of_orders(NOON + timedelta(minutes=59), 24)
    # one to four o'clock in Tokyo, in UTC
    assert [hour in (16, 17, 18, 19) for hour in found] == [True]


def test_a_thousand_do_not_begin_together(make_instance, storage):
    for number in range(12):
        tokens.renew(make_instance(f"client-{number}", state="ready").pk)
    with time_machine.travel(datetime(2026, 11, 28, 1, 30, tzinfo=UTC), tick=False):
        assert 0 < backups.order_due() < 12


def test_what_had_none_for_two_days_does_not_wait_for_the_night(instance):
    good(instance, NOON - timedelta(hours=50))
    with time_machine.travel(NOON, tick=False):
        assert backups.order_due() == 1
        assert backups.order_due() == 1
    assert Backup.objects.filter(state=_S.WAITING).count() == 1


def test_nothing_is_asked_of_what_is_not_ready_has_no_agent_or_no_storage(make_instance, instance, settings):
    make_instance("without-agent", state="ready")
    suspended = make_instance("suspended", state="suspended")
    tokens.renew(suspended.pk)
    with time_machine.travel(NOON + timedelta(hours=16, minutes=59), tick=False):
        assert backups.order_due() == 1
        settings.BACKUP_S3_BUCKET = ""
        assert backups.order_due() == 0
    assert [row.instance for row in Backup.objects.all()] == [instance]


def test_one_on_demand_is_audited_and_refused_where_none_can_be_made(instance, make_instance, settings):
    backup = backups.back_up(instance)
    assert AuditEntry.objects.get(act="backup_asked").after == {"backup": backup.public_id}
    with pytest.raises(WrongState):
        backups.back_up(make_instance("suspended", state="suspended"))
    with pytest.raises(BackupsUnavailable):
        backups.back_up(make_instance("without-agent", state="ready"))
    settings.BACKUP_S3_BUCKET = ""
    with pytest.raises(BackupsUnavailable):
        backups.back_up(instance)


def test_staff_are_told_of_whoever_has_none_for_twice_the_interval(instance):
    def told():
        return [(found.topic, found.references) for found in present() if found.kind == Alert.Kind.BACKUP]

    now = timezone.now()
    Instance.objects.filter(pk=instance.pk).update(ready_at=now - timedelta(hours=47))
    assert told() == []
    Instance.objects.filter(pk=instance.pk).update(ready_at=now - timedelta(hours=49))
    assert told() == [("", ("acme-corp",))]
    Backup.objects.create(instance=instance, occasion="daily", reason="backup_agent_silent")
    assert told() == [("backup_agent_silent", ("acme-corp",))]
    good(instance, now - timedelta(hours=47))
    assert told() == []


def test_what_the_plan_does_not_keep_is_erased_in_the_storage_and_says_so(instance, storage):
    Plan.objects.update(backup_days=2, backup_weeks=0, backup_months=0)
    now = timezone.now()
    rows = [good(instance, now - timedelta(days=days, minutes=5)) for days in range(4)]
    assert backups.erase_due() == 2
    assert {each.key for each in storage.list("")} == {row.key for row in rows[:2]}
    states = dict(Backup.objects.values_list("pk", "state"))
    assert [states[row.pk] for row in rows] == [_S.GOOD, _S.GOOD, _S.ERASED, _S.ERASED]
    assert backups.erase_due() == 0


def test_nothing_is_left_of_who_left_ninety_days_ago(instance, storage):
    good(instance, timezone.now() - timedelta(days=91))
    Instance.objects.filter(pk=instance.pk).update(state="decommissioned", ended_at=timezone.now() - timedelta(days=89))
    assert backups.erase_due() == 0
    Instance.objects.update(ended_at=timezone.now() - timedelta(days=91))
    assert backups.erase_due() == 1
    assert list(storage.list("")) == []


def test_a_partner_asks_for_one_and_reads_what_there_is(instance):
    caller = Caller(key_of(instance.tenant.partner))
    answer = caller("POST", f"/instances/{instance.public_id}/backups")
    assert answer.status_code == 202
    assert answer.json()["status"] == "waiting"
    listed = caller("GET", f"/instances/{instance.public_id}/backups").json()["data"]
    assert [row["backupId"] for row in listed] == [answer.json()["backupId"]]


def test_another_partners_backups_do_not_exist(instance, make_partner):
    stranger = Caller(key_of(make_partner()))
    for method in ("GET", "POST"):
        assert stranger(method, f"/instances/{instance.public_id}/backups").status_code == 404


@pytest.mark.parametrize("group", ["Support", "Operations"])
def test_staff_see_what_lies_in_the_storage(instance, sign_in, group):
    backup = good(instance, timezone.now())
    page = sign_in(group).get(reverse("admin:provisioning_backup_changelist")).content.decode()
    assert backup.public_id in page
    assert "acme-corp" in page


def test_a_smaller_backup_is_believed_only_where_one_was_refused_for_its_size(instance):
    good(instance, timezone.now())
    with pytest.raises(WrongState, match="taille"):
        backups.back_up(instance, any_size=True)
    Backup.objects.create(instance=instance, occasion="daily", state=_S.FAILED, reason="backup_implausible")
    assert backups.back_up(instance, any_size=True).any_size
