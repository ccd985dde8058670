"""From a partner's wish for a backup to the proof that it lies in the storage, by the real agent beside Odoo."""

import io
import json
import time
import zipfile

import pytest
from django.core.management import CommandError, call_command

from provisioning import tasks
from provisioning.backups import bucket
from provisioning.engine import running
from provisioning.models import Agent, Backup, Step
from provisioning.sandbox import Sandbox
from provisioning.watching import watcher
from tenants.models import AuditEntry, Instance
from tests import factories
from tests.tenants.api.conftest import Caller, key_of, order

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_SECONDS = 60


@pytest.fixture
def site(live_server, settings):
    """The site, with a sandbox whose agents call it several times a second, and whose storage it uses."""
    bucket.locks.cache_clear()
    settings.PUBLIC_BASE_URL = live_server.url
    with Sandbox(agent_pace=0.003) as sandbox:
        settings.RAILWAY_API_URL, settings.RAILWAY_API_TOKEN = sandbox.url, sandbox.token
        settings.RAILWAY_WORKSPACE_ID = sandbox.workspace_id
        settings.BACKUP_S3_ENDPOINT, given = sandbox.s3_url, sandbox.options
        settings.BACKUP_S3_REGION, settings.BACKUP_S3_BUCKET = given.s3_region, given.s3_bucket
        settings.BACKUP_S3_ACCESS_KEY_ID = given.s3_access_key_id
        settings.BACKUP_S3_SECRET_ACCESS_KEY = given.s3_secret_access_key
        yield sandbox


@pytest.fixture
def call(site):
    """A partner whose customer Léa has an instance that is ready."""
    call = Caller(key_of(factories.make_partner()))
    call("POST", "/instances", order(companyName="L’Étoile & Léa's"))
    work_until(lambda: Instance.objects.get().state == "ready")
    return call


def work_until(done):
    """What a worker does, until ``done``."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline, f"It never happened: {under_way()}"
        running.run_due()
        watcher.watch()
        for backup_id in Backup.objects.filter(state="checking").values_list("pk", flat=True):
            tasks.check_backup(backup_id)
        time.sleep(0.02)


def under_way():
    """Where the work stands."""
    return [(step.operation.kind, step.code, step.state, step.reason, step.message)
            for step in Step.objects.filter(operation__state="active").select_related("operation")]  # fmt: skip


def backups_of(call):
    return call("GET", f"/instances/{Instance.objects.get().public_id}/backups").json()["data"]


def content(backup):
    return zipfile.ZipFile(io.BytesIO(b"".join(bucket.storage().stream(backup.key))))


def test_a_partner_asks_for_a_backup_and_reads_that_it_is_good(call):
    asked = call("POST", f"/instances/{Instance.objects.get().public_id}/backups")
    assert asked.status_code == 202
    work_until(lambda: backups_of(call)[0]["status"] == "good")
    [listed] = backups_of(call)
    backup = Backup.objects.get()
    assert listed["backupId"] == asked.json()["backupId"]
    assert (listed["bytes"], listed["sha256"]) == (backup.size, backup.sha256)
    with content(backup) as archive:
        assert archive.testzip() is None
        assert "L’Étoile & Léa''s" in archive.read("dump.sql").decode()
        assert json.loads(archive.read("manifest.json"))["version"] == "19.0"
        assert sum(name.startswith("filestore/") for name in archive.namelist()) == backup.facts["files"] == 3
    assert AuditEntry.objects.filter(act="backup_asked", instance=backup.instance).exists()


def test_the_agent_reports_ends_with_its_odoo_and_comes_back_with_another_token(call):
    instance = Instance.objects.get()
    work_until(lambda: Agent.objects.get().reported_at)
    former = Agent.objects.get()
    assert former.report["users"] == 1
    call("POST", f"/instances/{instance.public_id}/suspend")
    work_until(lambda: Instance.objects.get().state == "suspended")
    Agent.objects.update(reported_at=None)
    call("POST", f"/instances/{instance.public_id}/resume")
    work_until(lambda: Instance.objects.get().state == "ready" and Agent.objects.get().reported_at)
    assert Agent.objects.get().token_hash != former.token_hash
    call("POST", f"/instances/{instance.public_id}/backups")
    work_until(lambda: backups_of(call)[0]["status"] == "good")


@pytest.mark.usefixtures("call")
def test_a_person_at_a_terminal_makes_one_and_lists_it(capsys):
    call_command("backups", "list", "acme-corp")
    assert "Aucune sauvegarde" in capsys.readouterr().out
    call_command("backups", "make", "acme-corp", "--wait")
    backup = Backup.objects.get()
    assert capsys.readouterr().out.startswith(f"Sauvegarde {backup.public_id}, ")
    assert AuditEntry.objects.get(act="backup_asked").actor.startswith("shell:")
    call_command("backups", "list", "acme-corp", "--json")
    [listed] = json.loads(capsys.readouterr().out)
    assert (listed["backupId"], listed["state"], listed["bytes"]) == (backup.public_id, "good", backup.size)


def test_a_command_that_can_make_none_says_why(site, settings):
    with pytest.raises(CommandError, match="nobody"):
        call_command("backups", "list", "nobody")
    instance = factories.make_instance(state="ready")
    with pytest.raises(CommandError) as refused:
        call_command("backups", "make", instance.client_name)
    assert refused.value.returncode == 2
    Agent.objects.create(instance=instance, token_hash="0")
    with pytest.raises(CommandError) as late:
        call_command("backups", "make", instance.client_name, "--wait", "--timeout", "0")
    assert late.value.returncode == 75
    Backup.objects.update(state="failed", reason="agent_dump_failed", attempts=5)
    with pytest.raises(CommandError, match="BK-"):
        call_command("backups", "make", instance.client_name, "--wait", "--timeout", "0")
