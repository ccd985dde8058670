"""docs/api.md is pasted into a terminal: what it shows must work as it stands."""

import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from provisioning import engine, watcher
from provisioning.hooks.client import signed_headers
from tenants.models import Instance
from tenants.services import keys, webhooks
from tests import factories

PATIENCE_SECONDS = 60


def sample(heading):
    text = (Path(settings.BASE_DIR) / "docs" / "api.md").read_text(encoding="utf-8")
    return re.search(rf"^### {heading}\n.*?^```\w+\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[1]


@pytest.fixture
def environment(transactional_db, live_server):
    _row, key = keys.issue(factories.make_partner())
    return os.environ | {"EAZYNOVA_URL": live_server.url, "EAZYNOVA_KEY": key, "POLL_SECONDS": "0.2"}


def test_the_python_sample_brings_a_customer_to_a_proven_login(environment, sandbox):
    command = [sys.executable, "-c", sample("Python")]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        engine.run_due()
        watcher.watch()
        time.sleep(0.05)
    process.kill()
    out, err = process.communicate()
    instance = Instance.objects.get()
    assert out.split() == ["ready", instance.url, instance.admin_password()], err


def test_the_curl_sample_orders_and_finds_its_order(environment):
    done = subprocess.run(
        ["sh", "-e", "-c", sample("curl")], env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout.count(Instance.objects.get().public_id) >= 2


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
