"""docs/api.md and the partner guides are pasted into a terminal: what it shows must work as it stands."""

import os
import re
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from provisioning.engine import running
from provisioning.hooks.client import signed_headers
from provisioning.watching import watcher
from tenants.models import Instance, Partner
from tenants.services import keys, partners, webhooks
from tests import factories

PATIENCE_SECONDS = 60


def sample(heading, book="api.md"):
    text = (Path(settings.BASE_DIR) / "docs" / book).read_text(encoding="utf-8")
    return re.search(rf"^### {heading}\n.*?^```\w+\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[1]


def ordered():
    return Instance.objects.exclude(client_name="acme-corp").get()


@pytest.fixture
def environment(transactional_db, live_server):
    # as in a demonstration, where partners try them
    factories.make_instance("acme-corp")
    _row, key = keys.issue(factories.make_partner())
    return os.environ | {"EAZYNOVA_URL": live_server.url, "EAZYNOVA_KEY": key, "POLL_SECONDS": "0.2"}


@pytest.fixture
def trying_out(environment, sandbox_of_tests):
    _row, key = keys.issue(partners.in_test_mode(Partner.objects.real().get(is_house=False)))
    return environment | {"EAZYNOVA_TEST_KEY": key}


def test_the_sample_of_test_mode_prints_what_it_says(trying_out):
    command = [sys.executable, "-c", sample("Trying out what may happen")]
    process = subprocess.Popen(command, env=trying_out, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        running.run_due()
        watcher.watch()
        time.sleep(0.05)
    process.kill()
    out, err = process.communicate()
    text = (Path(settings.BASE_DIR) / "docs" / "api.md").read_text(encoding="utf-8")
    assert out == re.search(r"^It prints\n\n```text\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[1], err


@pytest.mark.parametrize(("heading", "book"), [("Test mode", "partner-guide.md"), ("Mode test", "guide-partenaire.md")])
def test_the_curl_samples_of_test_mode_order_and_delete(trying_out, heading, book):
    command = ["sh", "-e", "-c", sample(heading, book)]
    done = subprocess.run(command, env=trying_out, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    assert '"mode":"test"' in done.stdout
    assert done.stdout.endswith('{"deleting":1}')


def test_the_python_sample_brings_a_customer_to_a_proven_login(environment, sandbox):
    command = [sys.executable, "-c", sample("Python")]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        running.run_due()
        watcher.watch()
        time.sleep(0.05)
    process.kill()
    out, err = process.communicate()
    instance = ordered()
    assert out.split() == ["ready", instance.url, instance.admin_password()], err


@pytest.mark.parametrize("book", ["api.md", "partner-guide.md", "guide-partenaire.md"])
def test_the_curl_sample_orders_and_finds_its_order(environment, book):
    done = subprocess.run(
        ["sh", "-e", "-c", sample("curl", book)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout.count(ordered().public_id) >= 2


@pytest.mark.parametrize(("language", "runner"), [("JavaScript", ("node", "--input-type=module")), ("PHP", ("php",))])
def test_the_samples_of_other_languages_order_once_however_often_they_run(environment, language, runner):
    if not shutil.which(runner[0]):
        pytest.skip(f"needs {runner[0]}")
    for _twice in range(2):
        done = subprocess.run(
            runner, input=sample(language), env=environment, capture_output=True, text=True, timeout=30, check=False
        )
        instance = ordered()
        assert done.stdout.split()[:2] == [instance.public_id, "creating"], done.stderr + done.stdout


def test_the_php_verification_tells_ours_from_others(message, tmp_path):
    if not shutil.which("php-cgi"):
        pytest.skip("needs php-cgi")
    secret, headers, body = message
    script = tmp_path / "hook.php"
    script.write_text(sample("Verifying in PHP"), encoding="utf-8")
    names = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}

    def answer(content):
        request = {"REQUEST_METHOD": "POST", "SCRIPT_FILENAME": str(script), "REDIRECT_STATUS": "200"}
        values = os.environ | names | request | {"WEBHOOK_SECRET": secret, "CONTENT_LENGTH": str(len(content))}
        return subprocess.run(["php-cgi"], input=content, env=values, capture_output=True, check=False).stdout

    assert b"401" not in answer(body)
    assert b"401" in answer(body + b" ")


@pytest.fixture
def message():
    secret, body = webhooks.new_secret(), '{"type":"instance.ready","data":{"clientName":"l’étoile"}}'
    headers = signed_headers([webhooks.new_secret(), secret], "evt_1", datetime.now(UTC), body)
    return secret, headers, body.encode()


def test_the_python_verification_tells_ours_from_others(message, monkeypatch):
    secret, headers, body = message
    monkeypatch.setenv("WEBHOOK_SECRET", secret)
    space = {}
    exec(sample("Verifying in Python"), space)
    assert space["read_webhook"](body, headers)["type"] == "instance.ready"
    with pytest.raises(PermissionError):
        space["read_webhook"](body + b" ", headers)


def test_the_shell_verification_tells_ours_from_others(message, tmp_path):
    secret, headers, body = message

    def verify(content):
        path = tmp_path / "body"
        path.write_bytes(content)
        words = (headers["webhook-id"], headers["webhook-timestamp"], headers["webhook-signature"], str(path))
        script = sample("Verifying in a shell") + '\nverify_webhook "$@"'
        command = ["sh", "-c", script, "sh", *words]
        return subprocess.run(command, env=os.environ | {"WEBHOOK_SECRET": secret}, check=False).returncode

    assert verify(body) == 0
    assert verify(body + b" ") == 1
