"""What a customer does with backups, and what a browser that was left open may not do with them."""

from datetime import timedelta

import httpx
import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from provisioning.models import Agent, Backup, Operation, Restore
from provisioning.states import OperationKind
from tenants.lifecycle import InstanceState
from tenants.models import AuditEntry, CustomerSession, Instance
from tests import factories
from tests.tenants.services.test_exports import ZIP, good
from tests.tenants.space.conftest import EMAIL, Person, at, code_in, letters, make_odoo

pytestmark = pytest.mark.django_db


@pytest.fixture
def backup(storage, odoo):
    Agent.objects.create(instance=odoo, token_hash="x", reported_at=timezone.now())
    return good(odoo, ZIP, 5)


def of(backup, word=""):
    return at(backup.instance, f"sauvegardes/{backup.public_id}/{word}/")


def test_the_page_lists_what_there_is_and_says_when_one_was_tried_out(inside, odoo, backup):
    older = good(odoo, b"old", 400)
    Backup.objects.filter(pk=older.pk).update(proven_at=timezone.now() - timedelta(days=10))
    Backup.objects.create(instance=odoo, occasion="daily", state="failed")
    page = inside.get(at(odoo, "sauvegardes/"))
    assert [row["id"] for row in page.context["rows"]] == [backup.public_id, older.public_id]
    assert "restaurée et ouverte" in page.content.decode()
    assert "Voir les sauvegardes" in inside.get(at(odoo)).content.decode()


def test_one_more_is_asked_for_once_and_so_many_times_a_day(inside, odoo, backup, settings):
    settings.BACKUP_RATE = "2/d"
    answer = inside.post(at(odoo, "sauvegardes/"))
    assert answer.redirect_chain[-1] == (f"/espace/{at(odoo, 'sauvegardes/')}?done=backup", 303)
    assert Backup.objects.filter(state="waiting", occasion="manual").count() == 1
    assert AuditEntry.objects.get(act="backup_asked").actor == "customer"
    assert inside.post(at(odoo, "sauvegardes/")).status_code == 200
    assert inside.post(at(odoo, "sauvegardes/")).status_code == 429
    assert Backup.objects.filter(occasion="manual").count() == 1


def test_one_is_taken_away_from_the_storage_itself(inside, backup):
    assert "lit tout" in inside.get(of(backup, "telecharger")).content.decode()
    assert not AuditEntry.objects.filter(act="exported").exists(), "a page that is only looked at gives nothing away"
    page = inside.post(of(backup, "telecharger"))
    assert httpx.get(page.context["export"].url).content == ZIP
    entry = AuditEntry.objects.get(act="exported")
    assert (entry.actor, entry.after) == ("customer", {"backup": backup.public_id})


def test_the_one_that_is_named_is_taken_and_not_the_newest(inside, odoo, backup):
    older = good(odoo, b"old", 30)
    page = inside.post(of(older, "telecharger"))
    assert httpx.get(page.context["export"].url).content == b"old"


def test_not_more_than_so_many_are_taken_away_in_an_hour(inside, backup, settings):
    settings.CUSTOMERS_EXPORT_RATE = "1/h"
    assert inside.post(of(backup, "telecharger")).status_code == 200
    assert inside.post(of(backup, "telecharger")).status_code == 429


def test_one_is_brought_back_by_whoever_types_the_name(inside, odoo, backup):
    page = inside.get(of(backup, "restaurer")).content.decode()
    assert "n’y sera plus" in page
    wrong = inside.post(of(backup, "restaurer"), name="something")
    assert wrong.status_code == 422
    assert wrong.context["given"] == "something"
    assert not Operation.objects.exists()
    answer = inside.post(of(backup, "restaurer"), name=f" {odoo.client_name.upper()} ")
    assert answer.redirect_chain[-1] == (f"/espace/{at(odoo)}?done=restore", 303)
    assert Operation.objects.get().kind == OperationKind.RESTORE
    assert Restore.objects.get().backup == backup
    assert AuditEntry.objects.get(act="restore_asked").actor == "customer"
    # sent again, from a page that was gone back to
    assert inside.post(of(backup, "restaurer"), name=odoo.client_name).status_code == 409
    assert Restore.objects.count() == 1


def test_that_one_could_not_be_brought_back_is_said(inside, odoo, backup):
    Restore.objects.create(instance=odoo, backup=backup, state="failed", reason="restore_damaged")
    assert "Tout est comme avant" in inside.get(at(odoo, "sauvegardes/")).content.decode()


@pytest.mark.parametrize("word", ["telecharger", "restaurer"])
def test_a_browser_left_open_proves_its_address_once_more_and_comes_back_to_the_page(inside, odoo, backup, word):
    CustomerSession.objects.update(created_at=timezone.now() - timedelta(minutes=16))
    assert inside.get(at(odoo, "sauvegardes/")).status_code == 200
    for answer in (inside.get(of(backup, word)), inside.post(of(backup, word), name=odoo.client_name)):
        assert "Est-ce bien vous" in answer.content.decode()
        assert f'value="{EMAIL}"' in answer.content.decode()
    assert not AuditEntry.objects.filter(act__in=["exported", "restore_asked"]).exists()
    wanted = f"/espace/{of(backup, word)}"
    asked = inside.client.post(f"{inside.door}?next={wanted}&again=1", {"email": EMAIL, "next": wanted}, follow=True)
    code = code_in(letters()[-1])
    again = inside.client.post(asked.redirect_chain[-1][0], {"code": code, "next": wanted}, follow=True)
    assert again.redirect_chain[-1] == (wanted, 303)
    assert again.status_code == 200
    assert CustomerSession.objects.live().count() == 1, "the proof has replaced the session"


def test_after_a_quarter_of_an_hour_a_code_is_wanted_again(inside, backup):
    with time_machine.travel(timezone.now() + timedelta(minutes=14)):
        assert "lit tout" in inside.get(of(backup, "telecharger")).content.decode()
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert "Est-ce bien vous" in inside.get(of(backup, "telecharger")).content.decode()


def test_whoever_has_left_takes_the_last_one_along_and_restores_nothing(inside, odoo, backup):
    Instance.objects.update(state=InstanceState.DECOMMISSIONED, ended_at=timezone.now())
    page = inside.get(at(odoo, "sauvegardes/")).content.decode()
    assert f"/espace/{of(backup, 'telecharger')}" in page
    assert f"/espace/{of(backup, 'restaurer')}" not in page
    assert inside.post(of(backup, "telecharger")).status_code == 200
    assert inside.post(of(backup, "restaurer"), name=odoo.client_name).status_code == 409
    assert inside.post(at(odoo, "sauvegardes/")).status_code == 409


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", ["download", "restore"])
def test_no_backup_of_another_customer_is_there_by_whatever_address(inside, odoo, backup, name, method):
    rival = make_odoo("rival", email="boss@rival.example", company="Rival Confidentiel")
    sold = make_odoo("sold", partner=factories.make_partner("Bob Services"), company="Rival Confidentiel")
    for instance, of_another in ((rival, rival), (sold, sold), (odoo, rival)):
        theirs = good(of_another, b"theirs", 3)
        address = reverse(f"space:{name}", args=[instance.public_id, theirs.public_id])
        answer = getattr(inside.client, method)(address, {"name": instance.client_name} if method == "post" else {})
        assert answer.status_code == 404
        assert "Rival" not in answer.content.decode()
    assert not AuditEntry.objects.filter(act__in=["exported", "restore_asked"]).exists()


def test_without_a_storage_there_is_no_such_page(inside, odoo, settings):
    settings.BACKUP_S3_BUCKET = ""
    assert inside.get(at(odoo, "sauvegardes/")).status_code == 404
    assert "sauvegardes/" not in inside.get(at(odoo)).content.decode()


def test_whoever_is_not_signed_in_is_asked_for_an_address_first(backup):
    answer = Person().get(of(backup, "telecharger"))
    assert "Mon espace" in answer.content.decode()
    assert "Est-ce bien vous" not in answer.content.decode()
