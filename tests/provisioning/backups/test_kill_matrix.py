"""Whoever takes part in a backup dies at each boundary of it: in the end there is one good backup and nothing else.

The agent, the web and the worker are processes of their own, killed while the storage holds their request; the storage
itself is stopped and started again; the database breaks every connection.
"""

import hashlib
import io
import os
import signal
import stat
import time
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone

from provisioning.agents import tokens
from provisioning.backups import asking, bucket, checking, jobs, reach, retention, upkeep
from provisioning.models import Backup
from provisioning.odoo.bootstrap.agent import Agent, Door, Refused, Unheard
from provisioning.sandbox import Sandbox
from provisioning.sandbox.odoo.database import fresh_records
from provisioning.sandbox.odoo.house import House, Inventory
from tests.processes import until
from tests.provisioning.backups.little_agent import LittleAgent, packed
from tests.provisioning.sandbox.caller import odoo_variables

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("services")]
BEFORE, AFTER = "storage_timeout_before", "storage_timeout_after"
HELD_SECONDS = 60.0
MEBIBYTE = 1024 * 1024
_S = Backup.State
_left_behind = []


@pytest.fixture
def storage(tmp_path, settings):
    """A storage that can be stopped and started again, with all that it had."""
    bucket.locks.cache_clear()
    with Sandbox(tmp_path) as sandbox:
        given = sandbox.options
        settings.BACKUP_S3_ENDPOINT = sandbox.s3_url
        settings.BACKUP_S3_REGION, settings.BACKUP_S3_BUCKET = given.s3_region, given.s3_bucket
        settings.BACKUP_S3_ACCESS_KEY_ID = given.s3_access_key_id
        settings.BACKUP_S3_SECRET_ACCESS_KEY = given.s3_secret_access_key
        yield sandbox


@pytest.fixture
def scene(storage, make_instance, live_server, monkeypatch, clock):
    monkeypatch.setattr(jobs, "PART_BYTES", 5 * MEBIBYTE)
    # between two tries to send a part
    monkeypatch.setattr("provisioning.odoo.bootstrap.backup.PART_TRIES", 2)
    instance = make_instance(state="ready")
    return Scene(storage, instance.pk, tokens.renew(instance.pk), f"{live_server.url}/agent/", clock)


@dataclass
class Scene:
    storage: Sandbox
    instance: int
    token: str
    url: str
    clock: object

    def __post_init__(self):
        # more than one part, of what does not pack
        content = Random(1).randbytes(6 * MEBIBYTE)
        inventory = Inventory.of(fresh_records(odoo_variables()))
        name = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        self.files = {**inventory.files, f"{name[:2]}/{name}": content}
        self.house = House("acme_prod", lambda: Inventory(inventory.records, self.files))

    def ask(self):
        self.backup = asking.ask(self.instance, Backup.Occasion.MANUAL)

    def hold(self, kind, operation, after=0):
        """The next such request is held; true when it has come."""
        fault = self.storage.faults.add(kind=kind, operation=operation, times=1, after=after, seconds=HELD_SECONDS)
        return lambda: next(each["used"] for each in self.storage.faults.all() if each["id"] == fault)

    def agent(self):
        Agent(Door(self.url, self.token), self.house, lambda seconds: None, log=lambda line: None).call_once()

    def web(self):
        LittleAgent(Client(), self.token).job()

    def worker(self):
        checking.check(self.backup.pk)

    def be_sent(self):
        """So far that a worker has something to check."""
        self.agent()
        assert Backup.objects.get(pk=self.backup.pk).state == _S.CHECKING

    def go_on(self):
        """Leases have run out and pauses are over; everybody who is needed lives again."""
        for _ in range(6):
            past = timezone.now() - timedelta(seconds=1)
            Backup.objects.filter(state__in=(_S.RUNNING, _S.CHECKING)).update(lease_expires_at=past)
            Backup.objects.filter(state=_S.WAITING).update(run_after=past)
            reach.forget()
            upkeep.sweep()
            Backup.objects.filter(state=_S.WAITING).update(run_after=past)
            with suppress(Unheard, Refused):
                self.agent()
            self.worker()
            self.backup.refresh_from_db()
            if self.backup.state == _S.GOOD:
                return

    def assert_one_good_backup(self, where):
        backup = self.backup
        assert (backup.state, backup.reason) == (_S.GOOD, ""), where
        assert backup.attempts <= 3, where
        body = b"".join(bucket.storage().stream(backup.key))
        assert (len(body), hashlib.sha256(body).hexdigest()) == (backup.size, backup.sha256), where
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            assert archive.testzip() is None
            found = {each.removeprefix("filestore/") for each in archive.namelist() if each.startswith("filestore/")}
            assert found == set(self.files), where
        self.clock.shift(timedelta(days=3))
        retention.clear_unfinished()
        retention.clear_strays()
        good = set(Backup.objects.filter(state=_S.GOOD).values_list("key", flat=True))
        assert {each.key for each in bucket.storage().list("")} == good, where
        assert bucket.storage().unfinished("") == [], where


def in_a_process(work):
    """Its number; the parent's database connections are left alone there, neither used nor closed."""
    pid = os.fork()
    if pid:
        return pid
    try:
        _leave_what_is_the_parents()
        work()
    finally:
        os._exit(0)


def _leave_what_is_the_parents():
    """Its database connections are neither used nor closed. Its sockets would let ended servers listen on here."""
    for each in connections.all():
        _left_behind.append(each.connection)
        each.connection = None
    nowhere = os.open(os.devnull, os.O_RDWR)
    for name in [each.name for each in Path("/proc/self/fd").iterdir()]:
        with suppress(OSError):
            if stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                # the number stays taken: whoever closes it here later closes nothing else
                os.dup2(nowhere, int(name))


def killed_at(came, work):
    """``work`` in a process that is killed when it has come so far."""
    pid = in_a_process(work)
    try:
        until(came, "the boundary")
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def ended(pid, patience=30.0):
    """Wait for a process that was not killed: what it met, it must survive or end from by itself."""
    end = time.monotonic() + patience
    while not os.waitpid(pid, os.WNOHANG)[0]:
        if time.monotonic() > end:
            os.kill(pid, signal.SIGKILL)
            raise AssertionError("It waits for ever.")
        time.sleep(0.02)


# who is at work, what it asks of the storage, before or after that has an effect, how many of these are let through
BOUNDARIES = [
    ("web", "CreateMultipartUpload", BEFORE, 0),
    ("web", "CreateMultipartUpload", AFTER, 0),
    ("agent", "UploadPart", BEFORE, 0),
    ("agent", "UploadPart", AFTER, 0),
    ("agent", "UploadPart", BEFORE, 1),
    ("agent", "UploadPart", AFTER, 1),
    ("worker", "CompleteMultipartUpload", BEFORE, 0),
    ("worker", "CompleteMultipartUpload", AFTER, 0),
    ("worker", "HeadObject", BEFORE, 0),
    ("worker", "GetObject", BEFORE, 0),
    ("worker", "GetObject", BEFORE, 1),
]
# at which the others are in trouble
TROUBLED = [
    ("web", "CreateMultipartUpload", AFTER, 0),
    ("agent", "UploadPart", BEFORE, 0),
    ("agent", "UploadPart", AFTER, 1),
    ("worker", "CompleteMultipartUpload", AFTER, 0),
    ("worker", "GetObject", BEFORE, 1),
]


@pytest.mark.parametrize("who", ["web", "agent", "worker"])
def test_who_is_killed_at_a_boundary_leaves_one_good_backup_behind(scene, who):
    for victim, operation, kind, after in BOUNDARIES:
        if victim == who:
            scene.ask()
            if who == "worker":
                scene.be_sent()
            killed_at(scene.hold(kind, operation, after), getattr(scene, who))
            scene.go_on()
            scene.assert_one_good_backup((operation, kind, after))


def test_a_web_killed_while_it_hears_that_all_was_sent_hears_it_again(scene):
    scene.ask()
    agent = LittleAgent(Client(), scene.token)
    job, body = agent.job(), packed()
    parts = agent.send(job, body)
    with transaction.atomic():
        Backup.objects.select_for_update().get(pk=scene.backup.pk)

        def waits():
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
                return cursor.fetchone()[0]

        killed_at(waits, lambda: LittleAgent(Client(), scene.token).done(job, body, parts))
    # the database may still have done what a web that is no more had asked of it
    assert Backup.objects.get(pk=scene.backup.pk).state in (_S.RUNNING, _S.CHECKING)
    assert agent.done(job, body, parts).status_code == 200
    assert checking.check(scene.backup.pk)


@pytest.mark.parametrize("who", ["web", "agent", "worker"])
def test_a_storage_that_stops_at_a_boundary_and_comes_back_costs_a_try_at_most(scene, who):
    for victim, operation, kind, after in TROUBLED:
        if victim == who:
            scene.ask()
            if who == "worker":
                scene.be_sent()
            came = scene.hold(kind, operation, after)
            pid = in_a_process(getattr(scene, who))
            until(came, "the boundary")
            scene.storage.stop()
            ended(pid)
            scene.storage.start()
            scene.go_on()
            scene.assert_one_good_backup((operation, kind, after))


@pytest.mark.parametrize("who", ["web", "agent", "worker"])
def test_a_database_that_breaks_every_connection_at_a_boundary_costs_a_try_at_most(scene, who):
    for victim, operation, kind, after in TROUBLED:
        if victim == who:
            scene.ask()
            if who == "worker":
                scene.be_sent()
            fault = {"kind": kind, "operation": operation, "times": 1, "after": after, "seconds": 0.3}
            number = scene.storage.faults.add(**fault)
            pid = in_a_process(getattr(scene, who))
            until(lambda: next(e["used"] for e in scene.storage.faults.all() if e["id"] == number), "the boundary")  # noqa: B023
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            ended(pid)
            scene.go_on()
            scene.assert_one_good_backup((operation, kind, after))
