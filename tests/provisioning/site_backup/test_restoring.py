"""All is lost but the storage and the keys: the database comes back somewhere else, and the engine goes on there."""

import json
import re

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection

from provisioning.engine import running
from provisioning.models import Operation, SiteBackup
from provisioning.site_backup import making, restoring, shelf
from provisioning.site_backup.errors import DatabaseNotEmpty
from provisioning.states import OperationState, StepState
from tests import trials
from tests.provisioning.site_backup.conftest import new_key

pytestmark = pytest.mark.django_db(transaction=True)
read_first = pytest.mark.any_store("told by the backup itself, before anything is brought into a database")


@pytest.fixture
def half_made(order_instance, sandbox):
    """A creation whose project and services are there, and whose runner was killed."""
    instance = order_instance("acme-corp")

    def die(step):
        raise trials.Killed

    with trials.at_step("create_volumes", StepState.RUNNING, die), pytest.raises(trials.Killed):
        running.run(instance.active_operation().pk)
    Operation.objects.update(lease_token="", lease_expires_at=None)
    return instance


def test_the_engine_goes_on_in_an_empty_database_and_makes_nothing_twice(half_made, elsewhere, clock, sandbox):
    call_command("backup_site")
    assert trials.finish(half_made.active_operation(), clock, sandbox).state == OperationState.SUCCEEDED

    restored = elsewhere.manage("restore_site", "--yes")
    assert restored.returncode == 0, restored.stderr
    assert re.search("Créations qui cherchent chez Railway .*: 1", restored.stdout)
    assert "manage.py reconcile" in restored.stdout
    reference = Operation.objects.get().reference
    assert reference in elsewhere.manage("operations", "list").stdout
    again = elsewhere.manage("create_instance", "acme-corp", half_made.tenant.email, "--plan", half_made.plan.code)
    assert again.returncode == 0, again.stdout + again.stderr
    trials.assert_exactly_one_of_everything(sandbox, half_made)
    listed = json.loads(elsewhere.manage("restore_site", "--list", "--json").stdout)
    assert [each["name"] for each in listed] == [SiteBackup.objects.get().name]


def test_what_is_in_the_database_is_only_set_aside_when_that_is_wanted(make_instance, elsewhere):
    make_instance("before-corp")
    first = making.make()
    make_instance("after-corp")
    making.make()
    assert elsewhere.manage("restore_site", "--yes").returncode == 0
    assert elsewhere.clients() == ["after-corp", "before-corp"]

    refused = elsewhere.manage("restore_site", "--yes", "--at", first.name)
    assert refused.returncode == 1
    assert "n’est pas vide" in refused.stderr
    replaced = elsewhere.manage("restore_site", "--yes", "--replace", "--at", first.name)
    assert replaced.returncode == 0, replaced.stderr
    assert "before_restore_" in replaced.stdout
    assert elsewhere.clients() == ["before-corp"]
    # the next backup leaves aside what was set aside
    assert elsewhere.manage("backup_site").returncode == 0


def test_nobody_restores_over_this_database_by_accident(key, make_instance):
    make_instance("acme-corp")
    manifest = making.make()
    with pytest.raises(DatabaseNotEmpty):
        restoring.restore(manifest)
    with pytest.raises(CommandError, match="vide"):
        call_command("restore_site", "--yes")


@read_first
def test_without_a_person_and_without_yes_nothing_is_restored(key, elsewhere):
    making.make()
    asked = elsewhere.manage("restore_site")
    assert asked.returncode == 1
    assert "--yes" in asked.stderr
    assert "elsewhere" in asked.stdout


def test_a_backup_that_somebody_changed_leaves_the_empty_database_empty(key, elsewhere, bucket):
    manifest = making.make()
    spoil(bucket, manifest.name)
    refused = elsewhere.manage("restore_site", "--yes")
    assert refused.returncode == 1
    assert "cannot be decrypted" in refused.stderr
    again = elsewhere.manage("restore_site", "--yes")
    assert again.returncode == 1
    assert "n’est pas vide" not in again.stderr


def spoil(bucket, name, at=-3):
    path = bucket.bucket._path(bucket.bucket.newest(shelf.data_key(name)).id)
    body = bytearray(path.read_bytes())
    body[at] ^= 1
    path.write_bytes(body)


@read_first
def test_the_wrong_key_opens_nothing_and_is_named_as_the_reason(key, elsewhere):
    making.make()
    refused = elsewhere.manage("restore_site", "--yes", SITE_BACKUP_KEYS=new_key())
    assert refused.returncode == 1
    assert "no key of SITE_BACKUP_KEYS opens it" in refused.stderr
    assert elsewhere.manage("restore_site", "--yes", SITE_BACKUP_KEYS=f"{new_key()},{key}").returncode == 0


@pytest.mark.any_store("the keys are compared by the values that they open")
def test_foreign_encryption_keys_are_told_at_once(key, elsewhere):
    making.make()
    restored = elsewhere.manage("restore_site", "--yes", ENCRYPTION_KEYS=Fernet.generate_key().decode())
    assert restored.returncode == 0
    assert "ENCRYPTION_KEYS" in restored.stderr


@pytest.mark.parametrize(("difference", "word"), [("behind", "manage.py migrate"), ("ahead", "9999_from_tomorrow")])
def test_a_backup_of_another_release_says_which_step_comes_first(difference, word, key, elsewhere):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT app, name, applied FROM django_migrations WHERE app = 'tenants' ORDER BY name DESC LIMIT 1"
        )
        [row] = cursor.fetchall()
        newest = row[1]
        if difference == "behind":
            cursor.execute("DELETE FROM django_migrations WHERE name = %s", [newest])
        else:
            cursor.execute("UPDATE django_migrations SET name = '9999_from_tomorrow' WHERE name = %s", [newest])
        try:
            making.make()
        finally:
            cursor.execute("DELETE FROM django_migrations WHERE name IN (%s, '9999_from_tomorrow')", [newest])
            cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", row)
    restored = elsewhere.manage("restore_site", "--yes")
    assert restored.returncode == 1
    assert word in restored.stderr
    assert "after_restore" in restored.stderr


def test_a_restoration_that_is_killed_in_the_middle_leaves_the_database_as_it_was(key, elsewhere, make_instance, clock):
    make_instance("acme-corp")
    making.make()
    dying = (
        "import os, signal\n"
        "from provisioning.site_backup import reading, restoring, shelf\n"
        "honest = restoring.read_back\n"
        "def deadly(storage, manifest, into, *rest):\n"
        "    honest(storage, manifest, into, *rest)\n"
        "    if 'Beginning' not in type(into).__name__ and deadly.seen: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    deadly.seen = True\n"
        "deadly.seen = False\n"
        "restoring.read_back = deadly\n"
        "restoring.restore(shelf.newest())\n"
    )
    assert elsewhere.manage("shell", "--no-imports", "-c", dying).returncode == -9
    restored = elsewhere.manage("restore_site", "--yes")
    assert restored.returncode == 0, restored.stderr
    assert elsewhere.clients() == ["acme-corp"]
