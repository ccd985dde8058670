"""The agent beside Odoo, on a real PostgreSQL, calling the real door and sending to the sandbox's storage."""

import contextlib
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from urllib.parse import urlsplit

import pytest

from provisioning.agents import tokens
from provisioning.backups import asking, bucket, checking, jobs
from provisioning.models import Agent, Backup
from provisioning.odoo.bootstrap.agent import Agent as Program
from provisioning.odoo.bootstrap.agent import Door, Refused, Unheard
from provisioning.odoo.bootstrap.snapshot import DatabaseSnapshot, Instance
from tests import environment
from tests.cluster import Cluster
from tests.journeys.test_api_samples import sample
from tests.tenants.api.conftest import key_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("services")]
MEBIBYTE = 1024 * 1024
SCHEMA = """
CREATE TABLE ir_module_module (name text, state text, latest_version text);
INSERT INTO ir_module_module VALUES ('base', 'installed', '19.0.1.3'), ('crm', 'installed', '19.0.1.9');
CREATE TABLE ir_attachment (id serial, store_fname text);
CREATE TABLE res_users (id serial, active boolean, share boolean);
INSERT INTO res_users (active, share) VALUES (true, false), (true, true), (false, false);
CREATE TABLE res_device_log (browser varchar, last_activity timestamp);
INSERT INTO res_device_log VALUES ('firefox', '2026-11-27 01:02:03'), ('safari', '2026-11-26');
INSERT INTO res_device_log VALUES (NULL, '2026-11-27 09:00:00');
CREATE TABLE res_partner (name text);
INSERT INTO res_partner VALUES ('Société « Léa »');
"""


@pytest.fixture
def server():
    found = urlsplit(environment.DATABASE_URL)
    return {"PGHOST": found.hostname, "PGPORT": str(found.port or 5432), "PGUSER": found.username or "postgres",
            "PGPASSWORD": found.password or "", "PATH": "/usr/bin:/bin"}  # fmt: skip


@pytest.fixture
def database(server):
    """A database as Odoo leaves it, as far as its agent looks."""
    name = f"agent_{environment.SLOT}_{environment.WORKER}"
    for statement in (f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}"):
        subprocess.run(["psql", "-qc", statement, "postgres"], env=server, check=True)
    subprocess.run(["psql", "-q", name], input=SCHEMA.encode(), env=server, check=True)
    yield name
    subprocess.run(["psql", "-qc", f"DROP DATABASE {name} WITH (FORCE)", "postgres"], env=server, check=True)


@pytest.fixture
def ask_database(server, database):
    def ask(statement):
        subprocess.run(["psql", "-qc", statement, database], env=server, check=True)

    return ask


@pytest.fixture
def attach(tmp_path, database, ask_database):
    """An attachment as Odoo stores it: the file under the hash of its content, then the row."""

    def attach(content):
        name = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        file = tmp_path / "filestore" / database / name[:2] / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        ask_database(f"INSERT INTO ir_attachment (store_fname) VALUES ('{name[:2]}/{name}')")
        return f"filestore/{name[:2]}/{name}"

    return attach


@pytest.fixture
def program(live_server, instance, server, database, tmp_path):
    door = Door(f"{live_server.url}/agent/", tokens.renew(instance.pk))
    return Program(door, Instance(server, database, tmp_path), sleep=lambda seconds: None)


@pytest.fixture
def backup(instance):
    return asking.ask(instance.pk, Backup.Occasion.MANUAL)


def packed(backup):
    backup.refresh_from_db()
    return zipfile.ZipFile(io.BytesIO(b"".join(bucket.storage().stream(backup.key))))


def test_a_backup_holds_the_database_its_files_and_odoos_manifest(backup, program, attach, server):
    files = {attach(b"a file"): b"a file", attach(b"another"): b"another"}
    attach(b"another")
    program.call_once()
    assert checking.check(backup.pk), Backup.objects.get().message
    with packed(backup) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == {"dump.sql", "manifest.json", *files}
        assert all(archive.read(name) == content for name, content in files.items())
        manifest = json.loads(archive.read("manifest.json"))
        dump = archive.read("dump.sql").decode()
    assert manifest["modules"] == {"base": "19.0.1.3", "crm": "19.0.1.9"}
    assert (manifest["odoo_dump"], manifest["version"]) == ("1", "19.0")
    assert "Société « Léa »" in dump
    assert "OWNER TO" not in dump
    facts = {"files": 2, "attachments": 3, "tables": 5, "missingFiles": 0, "filestoreBytes": 13, "modules": 2}
    assert backup.facts.items() >= facts.items()


def test_what_is_written_meanwhile_is_wholly_left_out(backup, program, attach, server, database, tmp_path):
    class WrittenMeanwhile(DatabaseSnapshot):
        def dump(self):
            attach(b"after")
            yield from super().dump()

    house = program._house
    house.snapshot = lambda: WrittenMeanwhile(server, database, tmp_path / "filestore" / database, house._connect)
    attach(b"before")
    program.call_once()
    assert checking.check(backup.pk), Backup.objects.get().message
    with packed(backup) as archive:
        assert len([name for name in archive.namelist() if name.startswith("filestore/")]) == 1
        dump = archive.read("dump.sql").decode()
    assert hashlib.sha1(b"before", usedforsecurity=False).hexdigest() in dump
    assert hashlib.sha1(b"after", usedforsecurity=False).hexdigest() not in dump


def test_a_large_one_goes_in_parts_and_asks_for_addresses_on_the_way(backup, program, attach, monkeypatch):
    monkeypatch.setattr(jobs, "PART_BYTES", 5 * MEBIBYTE)
    monkeypatch.setattr(jobs, "PARTS_AT_ONCE", 2)
    content = b"".join(hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(16 * 32 * 1024))
    name = attach(content)
    program.call_once()
    assert checking.check(backup.pk), Backup.objects.get().message
    with packed(backup) as archive:
        assert archive.read(name) == content


def test_a_part_that_fails_twice_is_sent_a_third_time(backup, program, attach, bucket, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    bucket.faults.add(kind="storage_error", operation="UploadPart", times=2)
    program.call_once()
    assert checking.check(backup.pk), Backup.objects.get().message


def test_while_an_app_is_installed_it_says_so_and_is_asked_again_later(backup, program, ask_database):
    ask_database("UPDATE ir_module_module SET state = 'to install' WHERE name = 'crm'")
    program.call_once()
    backup.refresh_from_db()
    assert (backup.state, backup.reason) == (Backup.State.WAITING, "agent_modules_changing")


def test_a_lost_file_is_counted_and_does_not_prevent_the_backup(backup, program, attach, tmp_path, database):
    name = attach(b"lost")
    (tmp_path / "filestore" / database / name.removeprefix("filestore/")).unlink()
    program.call_once()
    assert checking.check(backup.pk)
    assert Backup.objects.get().facts["missingFiles"] == 1


def test_no_table_stays_locked_while_the_files_are_sent(
    backup, program, attach, server, database, tmp_path, ask_database
):
    class ChangedMeanwhile(DatabaseSnapshot):
        def files(self):
            ask_database("SET lock_timeout = '1s'; ALTER TABLE ir_attachment ADD COLUMN more text")
            ask_database("SET lock_timeout = '1s'; ALTER TABLE ir_module_module ADD COLUMN more text")
            yield from super().files()

    house = program._house
    house.snapshot = lambda: ChangedMeanwhile(server, database, tmp_path / "filestore" / database, house._connect)
    attach(b"a file")
    program.call_once()
    assert checking.check(backup.pk), Backup.objects.get().message


@pytest.mark.parametrize(
    ("table", "reason"), [("ir_attachment", "agent_database_busy"), ("res_partner", "agent_dump_failed")]
)
def test_a_table_that_is_being_changed_is_given_way_to(backup, program, table, reason):
    with contextlib.closing(program._house._connect()) as link, link.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} ADD COLUMN more text")
        program.call_once()
        link.commit()
    backup.refresh_from_db()
    assert (backup.state, backup.reason) == (Backup.State.WAITING, reason)
    asking.ask(backup.instance_id, Backup.Occasion.MANUAL)
    program.call_once()
    assert checking.check(backup.pk), Backup.objects.get().message


def test_an_image_that_cannot_dump_says_so(backup, program, server):
    program._house._environ["PATH"] = "/nowhere"
    program.call_once()
    backup.refresh_from_db()
    assert (backup.reason, backup.message) == ("agent_file_error", "FileNotFoundError: pg_dump")


def test_a_storage_that_takes_nothing_is_tried_five_times_and_no_more(backup, program, attach, bucket, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setattr(jobs, "PART_BYTES", 5 * MEBIBYTE)
    attach(b"".join(hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(6 * 32 * 1024)))
    bucket.faults.add(kind="storage_error", operation="UploadPart")
    program.call_once()
    backup.refresh_from_db()
    assert (backup.state, backup.reason) == (Backup.State.WAITING, "agent_upload_failed")
    assert bucket.faults.all()[0]["used"] == 5


def test_it_reports_numbers_and_nothing_that_a_customer_wrote(program, attach):
    attach(b"seven b")
    program.call_once()
    report = Agent.objects.get().report
    assert report["users"] == 1
    assert report["filestoreBytes"] == 7
    assert report["lastLogin"] == "2026-11-27T01:02:03Z"
    assert report["odooVersion"] == "19.0.1.3"
    assert report["databaseBytes"] > MEBIBYTE
    assert "Léa" not in json.dumps(report, ensure_ascii=False)


def test_without_its_database_it_still_reports_what_it_sees(program, server, tmp_path):
    away = Instance(server | {"PGPORT": "9"}, "nowhere", tmp_path)
    assert set(away.report()) == {"freeBytes", "totalBytes", "filestoreBytes"}


def test_a_door_that_does_not_open_is_knocked_at_more_and_more_seldom(program):
    pauses = []
    program._door = Door("http://127.0.0.1:9/agent/", "token")
    program._sleep = pauses.append
    program.live(goes_on=lambda: len(pauses) < 9)
    assert all(0.8 * 2 ** (n + 1) * 60 <= pause or pause >= 720 for n, pause in enumerate(pauses[1:]))
    assert max(pauses) <= 900 * 1.2


def test_what_it_may_not_do_it_does_not_understand(program, live_server):
    said = []
    program._door.call = lambda **news: said.append(news) or {}
    program._do({"id": "BK-X", "kind": "shell", "command": "reboot"})
    assert said == [{"job": {"id": "BK-X", "event": "failed", "reason": "unknown_kind"}}]


def test_a_wrong_token_is_refused_and_a_sick_door_is_unheard(live_server):
    with pytest.raises(Refused):
        Door(f"{live_server.url}/agent/", "wrong").call()
    with pytest.raises(Unheard):
        Door("http://127.0.0.1:9/agent/", "token").call()


def test_what_the_documented_program_takes_along_is_whole_and_a_plain_postgresql_loads_it(
    backup, program, attach, live_server, tmp_path
):
    attach(b"kept")
    program.call_once()
    assert checking.check(backup.pk)
    home = tmp_path / "home"
    home.mkdir()
    asked = {"EAZYNOVA_URL": live_server.url, "EAZYNOVA_KEY": key_of(backup.instance.tenant.partner)}
    environ = os.environ | asked | {"INSTANCE_ID": backup.instance.public_id}
    subprocess.run([sys.executable, "-c", sample("Export")], cwd=home, env=environ, check=True)
    subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=home, check=True, stdout=subprocess.DEVNULL)
    with zipfile.ZipFile(next(home.glob("*.zip"))) as archive, Cluster() as cluster:
        done = subprocess.run(
            ["psql", "-qv", "ON_ERROR_STOP=1", cluster.url], input=archive.read("dump.sql"), check=False
        )
        assert done.returncode == 0
        [(name, file)] = cluster.execute("SELECT (SELECT name FROM res_partner), store_fname FROM ir_attachment")
        assert (name, archive.read(f"filestore/{file}")) == ("Société « Léa »", b"kept")
    # this PostgreSQL is not 17, and the kit starts the one that it is
    [major] = re.findall(r"image: postgres:(\d+)", (home / "compose.yml").read_text())
    assert major == Backup.objects.get().facts["postgresVersion"].partition(".")[0]
