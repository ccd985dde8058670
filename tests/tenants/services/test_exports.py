"""The export of an instance, as a partner's program and as staff get it: what, to whom, how often, and written down."""

import hashlib
import io
import json
import zipfile
from datetime import timedelta

import httpx
import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from provisioning.backups import bucket
from provisioning.models import Backup, Operation
from tenants.models import AuditEntry, Blueprint, Instance
from tests import factories
from tests.tenants.api.conftest import Caller, key_of

pytestmark = pytest.mark.django_db
ZIP = b"PK a whole database"


@pytest.fixture
def instance(storage):
    """With two good backups, of which the newer counts."""
    instance = factories.make_instance(state="ready")
    good(instance, b"old", 30)
    good(instance, ZIP, 5)
    return instance


def good(instance, body, hours):
    moment = timezone.now() - timedelta(hours=hours)
    facts = {"version": "19.0", "postgresVersion": "16.9"}
    backup = Backup(instance=instance, occasion="daily", state="good", taken_at=moment, ended_at=moment, facts=facts,
                    size=len(body), sha256=hashlib.sha256(body).hexdigest())  # fmt: skip
    backup.key = f"{instance.public_id}/{backup.public_id}-1.zip"
    bucket.storage().put(backup.key, body)
    backup.save()
    return backup


def newest():
    return Backup.objects.order_by("taken_at").last()


@pytest.fixture
def partner(instance):
    return Caller(key_of(instance.tenant.partner))


def export(caller, instance):
    return caller("GET", f"/instances/{instance.public_id}/export")


def files_of(answer):
    return {file["name"]: file["content"] for file in answer.json()["files"]}


def test_a_partner_is_given_the_newest_backup_by_the_storage_and_the_kit_by_us(partner, instance):
    answer = export(partner, instance)
    assert answer.status_code == 200
    told = answer.json()["backup"]
    downloaded = httpx.get(told["url"])
    assert downloaded.content == ZIP
    assert downloaded.headers["Content-Disposition"] == f'attachment; filename="{told["filename"]}"'
    assert (told["backupId"], told["bytes"]) == (newest().public_id, len(ZIP))
    assert told["filename"] == f"acme-corp-{newest().taken_at:%Y-%m-%d}-{newest().public_id}.zip"
    kit = files_of(answer)
    assert kit["SHA256SUMS"] == f"{hashlib.sha256(ZIP).hexdigest()}  {told['filename']}\n"
    assert "image: postgres:16\n" in kit["compose.yml"]
    assert 'image: "odoo:19.0-' in kit["compose.yml"]
    assert "no-store" in answer["Cache-Control"]


def test_the_address_opens_this_backup_alone_and_for_a_quarter_of_an_hour(partner, instance, sandbox):
    url = export(partner, instance).json()["backup"]["url"]
    assert httpx.get(url.replace(newest().key, Backup.objects.order_by("taken_at").first().key)).status_code == 403
    assert httpx.put(url, content=b"x").status_code == 403
    assert httpx.delete(url).status_code == 403
    sandbox.advance(901)
    assert httpx.get(url).status_code == 403


def test_it_is_written_down_who_took_whose_data_and_no_address_is(partner, instance):
    url = export(partner, instance).json()["backup"]["url"]
    entry = AuditEntry.objects.get(act="exported")
    assert (entry.instance, entry.after) == (instance, {"backup": newest().public_id})
    assert entry.actor.startswith("EAZYNOVA")
    rows = json.dumps(list(AuditEntry.objects.values("act", "before", "after", "reason")), default=str)
    assert url not in rows
    assert "X-Amz" not in rows


def test_an_idempotency_key_keeps_no_address(partner, instance):
    for _ in range(2):
        answer = partner("GET", f"/instances/{instance.public_id}/export", **{"Idempotency-Key": "mine"})
        assert "Idempotent-Replayed" not in answer
    assert AuditEntry.objects.filter(act="exported").count() == 2


def test_the_kit_holds_no_secret_of_ours_and_nothing_that_a_customer_wrote(partner, instance, settings):
    text = json.dumps(files_of(export(partner, instance)))
    for secret in (settings.BACKUP_S3_SECRET_ACCESS_KEY, settings.BACKUP_S3_ACCESS_KEY_ID, settings.SECRET_KEY,
                   settings.RAILWAY_API_TOKEN, settings.BACKUP_S3_ENDPOINT, settings.BACKUP_S3_BUCKET,
                   instance.admin_email, instance.tenant.company, newest().key):  # fmt: skip
        assert secret not in text


def test_whoever_has_left_takes_the_data_along_while_the_last_backup_is_kept(partner, instance):
    Instance.objects.update(state="decommissioned", ended_at=timezone.now())
    assert export(partner, instance).status_code == 200
    Backup.objects.update(state="erased", erased_at=timezone.now())
    answer = export(partner, instance)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_backup")


def test_without_a_good_backup_or_a_storage_it_says_so_and_hands_out_nothing(partner, instance, settings):
    Backup.objects.update(state="failed")
    assert export(partner, instance).json()["code"] == "no_backup"
    settings.BACKUP_S3_BUCKET = ""
    assert export(partner, instance).json()["code"] == "backups_unavailable"
    assert not AuditEntry.objects.filter(act="exported").exists()


def test_a_stolen_key_does_not_empty_the_house_at_once(partner, instance, settings):
    settings.EXPORT_RATE = "2/h"
    assert [export(partner, instance).status_code for _ in range(3)] == [200, 200, 429]
    assert AuditEntry.objects.filter(act="exported").count() == 2
    with time_machine.travel(timezone.now() + timedelta(hours=1, minutes=1)):
        assert export(partner, instance).status_code == 200


def test_what_was_refused_costs_nothing(partner, instance, settings):
    settings.EXPORT_RATE = "1/h"
    Backup.objects.update(state="failed")
    assert export(partner, instance).status_code == 409
    Backup.objects.update(state="good")
    assert export(partner, instance).status_code == 200


def test_the_kit_starts_what_was_ordered_and_not_what_the_blueprint_says_today(partner, storage):
    instance = factories.order_instance("built", plan_code="starter")
    Operation.objects.update(state="succeeded", ended_at=timezone.now())
    good(instance, ZIP, 1)
    Blueprint.objects.update(branch="moved-on", addons_path="/elsewhere")
    compose = files_of(export(partner, instance))["compose.yml"]
    assert "https://github.com/MASITH-developpement/EAZYNOVA.git#main" in compose
    assert "moved-on" not in compose
    assert "/elsewhere" not in compose


def page(instance, name="export"):
    return reverse(f"admin:tenants_instance_{name}", args=[instance.pk])


def test_staff_say_why_and_get_both_downloads_in_the_answer_and_nowhere_else(instance, sign_in):
    client = sign_in("Operations")
    assert "Kit" in client.get(reverse("admin:tenants_instance_change", args=[instance.pk])).content.decode()
    assert "X-Amz" not in client.get(page(instance)).content.decode()
    assert client.post(page(instance), {"reason": ""}).context["form"].errors
    assert not AuditEntry.objects.filter(act="exported").exists()
    answer = client.post(page(instance), {"reason": "ticket 4711"})
    assert httpx.get(answer.context["found"].url).content == ZIP
    assert answer.context["found"].url.replace("&", "&amp;") in answer.content.decode()
    entry = AuditEntry.objects.get(act="exported")
    assert (entry.actor, entry.reason) == ("staff-Operations", "ticket 4711")
    assert "X-Amz" not in client.get(page(instance)).content.decode()
    kit = client.get(page(instance, "kit"))
    assert kit["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(kit.content)) as archive:
        assert "compose.yml" in archive.namelist()


def test_support_may_not_take_a_customers_data_away(instance, sign_in):
    client = sign_in("Support")
    assert "Kit" not in client.get(reverse("admin:tenants_instance_change", args=[instance.pk])).content.decode()
    assert client.get(page(instance)).status_code == 403
    assert client.post(page(instance), {"reason": "curious"}).status_code == 403
    assert client.get(page(instance, "kit")).status_code == 403
    assert not AuditEntry.objects.filter(act="exported").exists()


def test_staff_read_why_there_is_nothing_to_hand_out(instance, sign_in):
    Backup.objects.update(state="failed")
    client = sign_in("Operations")
    for address in (page(instance), page(instance, "kit")):
        assert "alarm" in client.get(address).content.decode()
    assert "alarm" in client.post(page(instance), {"reason": "x"}).content.decode()
