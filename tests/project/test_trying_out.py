"""Whoever tries it out meets the demonstration in a second terminal, and sentences instead of tracebacks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from eazynova_site import env
from eazynova_site.management.commands import demo

ROOT = Path(settings.BASE_DIR)


def test_a_command_on_an_empty_database_says_what_to_run(tmp_path):
    done = subprocess.run(
        [sys.executable, "manage.py", "operations", "list"], cwd=ROOT, capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], "ENV_FILE": "", "VAR_DIR": str(tmp_path), "LANGUAGE_CODE": "en"},
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "manage.py migrate" in done.stderr


@pytest.mark.parametrize("trial", ["demo", "rehearsal"])
def test_only_a_demonstration_or_a_rehearsal_that_runs_lends_its_settings(tmp_path, trial):
    folder = tmp_path / "var" / trial
    folder.mkdir(parents=True)
    assert env.running_trial(tmp_path) is None
    env.lend(folder / "commands.env", {"DEBUG": "1"})
    assert env.running_trial(tmp_path) == folder / "commands.env"
    assert env.file_values(folder / "commands.env") == {"DEBUG": "1"}
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (folder / "pid").write_text(str(ended.pid))
    assert env.running_trial(tmp_path) is None


def test_where_nothing_is_installed_a_command_says_what_to_run():
    bare = subprocess.run(
        [sys.executable, "-S", "-I", "manage.py", "doctor"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert bare.returncode == 1
    assert bare.stderr == (
        "Django is not installed for this Python. Run: make install, then .venv/bin/python manage.py doctor\n"
    )


@pytest.mark.parametrize(("terminal", "spoken"), [("en_GB.UTF-8", "en"), ("C.UTF-8", "fr"), ("fr_FR.UTF-8", "fr")])
def test_the_demonstration_speaks_as_the_terminal_does(monkeypatch, terminal, spoken):
    monkeypatch.setenv("LC_ALL", terminal)
    assert demo.language() == spoken


def test_a_machine_with_one_loopback_address_gets_ports_instead():
    assert (demo.names("linux"), demo.names("darwin")) == ([], ["--odoo-host", "localhost"])


@pytest.mark.django_db
@pytest.mark.parametrize("debug", [True, False])
def test_an_address_that_leads_nowhere_shows_a_page_for_people(client, settings, debug):
    settings.DEBUG = debug
    answer = client.get("/nowhere/at/all", headers={"Accept-Language": "en"})
    assert answer.status_code == 404
    assert "URLconf" not in answer.text
    assert 'lang="en"' in answer.text


@pytest.mark.django_db
def test_a_missing_slash_is_still_added(client, settings):
    settings.DEBUG = True
    assert client.get(f"/{settings.ADMIN_PATH.rstrip('/')}").status_code in (301, 302)
