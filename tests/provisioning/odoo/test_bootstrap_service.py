"""The bootstrap around a running Odoo, and at settings that cannot work."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.provisioning.odoo.containers import ROOT, Role, alive, eventually


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_odoo_is_stopped_when_the_platform_asks(ready, number):
    ready.start().wait_until_serving()
    os.kill(ready.process.pid, number)
    assert ready.ended() == 0
    assert ready.count(stopped=True) == 1
    assert socket.socket().connect_ex(("127.0.0.1", ready.port)) != 0


def test_an_installation_is_stopped_when_the_platform_asks(make_container):
    container = make_container()
    container.pause_at("installing crm")
    container.start().wait_until_paused()
    os.kill(container.process.pid, signal.SIGTERM)
    assert container.ended() == 0
    assert container.count(serving=True) == 0


def test_an_odoo_that_dies_ends_the_container_with_its_status(ready):
    ready.start().wait_until_serving()
    os.kill([entry["pid"] for entry in ready.diary if "pid" in entry][-1], signal.SIGKILL)
    assert ready.ended() == 128 + signal.SIGKILL


def test_odoo_dies_with_the_bootstrap(ready):
    ready.start().wait_until_serving()
    ready.kill()
    assert not any(alive(entry["pid"]) for entry in ready.diary if "pid" in entry)


def test_odoo_is_started_again_when_postgresql_comes_back(ready, cable):
    ready.start(PGPORT=str(cable.port)).wait_until_serving()
    eventually(lambda: cable.ends, "the watch's connection")
    cable.unplug()
    eventually(lambda: "PostgreSQL is gone" in ready.log, "notice of the outage")
    assert ready.count(serving=True) == 1
    cable.plugged = True
    ready.wait_until_serving(2)
    assert ready.count(stopped=True) == 1


def test_an_odoo_that_does_not_stop_when_postgresql_comes_back_is_killed(ready, cable):
    ready.start(PGPORT=str(cable.port)).wait_until_serving()
    (ready.directory / "stubborn").touch()
    eventually(lambda: cable.ends, "the watch's connection")
    cable.unplug()
    eventually(lambda: "PostgreSQL is gone" in ready.log, "notice of the outage")
    cable.plugged = True
    ready.wait_until_serving(2)
    assert ready.count(stopped=True) == 0
    (ready.directory / "stubborn").unlink()


def test_postgresql_may_come_up_after_the_container(ready, cable):
    cable.plugged = False
    ready.start(PGPORT=str(cable.port))
    eventually(lambda: "waiting for PostgreSQL" in ready.log, "the wait")
    cable.plugged = True
    ready.wait_until_serving()


def test_a_wait_for_postgresql_can_be_stopped(make_container):
    container = make_container(host="127.0.0.1", port=free_port()).start()
    eventually(lambda: "waiting for PostgreSQL" in container.log, "the wait")
    os.kill(container.process.pid, signal.SIGTERM)
    assert container.ended() == 0


def test_without_postgresql_it_is_to_be_tried_again_later(make_container):
    container = make_container(host="127.0.0.1", port=free_port())
    assert container.start(PROV_WAIT="0.1").ended() == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROV_DB", None),
        ("PROV_DB", "acme; DROP"),
        ("PGUSER", "postgres"),
        ("PGUSER", "nobody_of_that_name"),
        ("PGHOST", None),
        ("PGPORT", "x"),
        ("PORT", "http"),
        ("PROV_MODULES", "crm;account"),
        ("PROV_ADMIN_LOGIN", "admin"),
        ("PROV_ADMIN_LOGIN", None),
        ("PROV_ADMIN_PASSWORD_HASH", None),
        ("PROV_ADMIN_PASSWORD_HASH", "clear text"),
        ("PROV_COMPANY_NAME", " "),
        ("PROV_COUNTRY", "France"),
        ("PROV_LANG", "fr FR;"),
        ("PROV_ODOO_BIN", "/nowhere/odoo"),
    ],
)
def test_a_wrong_setting_is_named_before_anything_is_made(make_container, name, value):
    container = make_container()
    assert container.start(**{name: value}).ended() == 2
    assert name in container.log
    assert container.commands() == []
    assert Role.administer("SELECT 1 FROM pg_database WHERE datname = %s", container.database) == []


@pytest.mark.parametrize(
    ("name", "value"), [("PROV_COUNTRY", "ZZ"), ("PROV_TZ", "Mars/Olympus"), ("PROV_LANG", "tlh_KX")]
)
def test_a_setting_that_only_odoo_can_judge_leaves_nothing_reachable(make_container, name, value):
    container = make_container()
    assert container.start(**{name: value}).ended() == 2
    assert name in container.log
    assert container.count(serving=True) == 0
    container.start().wait_until_serving()


def test_a_module_that_odoo_does_not_know_is_a_wrong_setting(make_container):
    container = make_container(modules=("crm", "nosuchmodule"))
    assert container.start().ended() == 2
    assert "nosuchmodule" in container.log
    assert container.count(serving=True) == 0


def test_a_module_that_odoo_did_not_finish_starts_all_over(make_container):
    container = make_container()
    (container.directory / "broken").write_text("account")
    assert container.start().ended() == 1
    assert "account" in container.log
    (container.directory / "broken").unlink()
    container.start().wait_until_serving()


def test_an_image_without_the_bootstraps_own_package_needs_another_image(make_container):
    container = make_container()
    (container.directory / "psycopg2.py").write_text("raise ModuleNotFoundError('', name='psycopg2')")
    assert container.start(PYTHONPATH=f"{container.directory}:{ROOT}").ended() == 2
    assert "psycopg2" in container.log


def test_an_image_without_a_package_that_odoo_needs_needs_another_image(make_container):
    container = make_container()
    (container.directory / "lacking").write_text("account")
    assert container.start().ended() == 2
    assert "lacks the Python package phonenumbers" in container.log
    assert container.count(serving=True) == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_volume_is_given_to_odoos_user_and_privileges_are_dropped(tmp_path):
    inside = tmp_path / "volume" / "filestore" / "ab"
    inside.mkdir(parents=True)
    (inside / "file").touch()
    (inside / "link").symlink_to("/etc/passwd")
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents:
        if folder.stat().st_uid == os.geteuid() and folder != folder.parent:
            folder.chmod(folder.stat().st_mode | 0o711)
    program = (
        "import os, sys; from pathlib import Path; from provisioning.odoo.bootstrap import privileges;"
        "privileges.USER = 'nobody'; privileges.become_odoo(Path(sys.argv[1]));"
        "print(os.getresuid(), os.getgroups() == [os.getgid()])"
    )
    volume = tmp_path / "volume"
    done = subprocess.run(
        [sys.executable, "-c", program, str(volume)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    uid = volume.stat().st_uid
    assert uid != 0
    assert done.stdout.split("\n")[0] == f"({uid}, {uid}, {uid}) True"
    assert {path.lstat().st_uid for path in volume.rglob("*")} == {uid}
    assert Path("/etc/passwd").stat().st_uid == 0
