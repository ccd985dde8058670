"""An empty folder becomes a site in production: `./install`, then every service of compose.yml, met by https."""

import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import pytest
from django.conf import settings

from eazynova_site.management.commands.rehearse import rehearsal
from tests.journeys.test_command_line import _log_in

ROOT = Path(settings.BASE_DIR)
SHIPPED = (
    "install",
    "compose.yml",
    "manage.py",
    "gunicorn.conf.py",
    "deploy",
    "eazynova_site",
    "provisioning",
    "tenants",
    "templates",
)
PATIENCE_SECONDS = 120


@pytest.fixture
def folder():
    """Where PostgreSQL, which refuses to be root, can get to."""
    folder = Path(tempfile.mkdtemp(prefix="eazynova-production-"))
    folder.chmod(0o755)
    for name in SHIPPED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.usefixtures("services", "caddy")
def test_an_empty_folder_becomes_a_site_on_which_a_visitor_gets_an_odoo(folder):
    bare = [sys.executable, "-I", "-S", "install", "--sandbox", "--output", folder / "data" / "env"]
    (folder / "data").mkdir()
    subprocess.run(bare, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    stack = rehearsal(folder, folder / "data")
    try:
        stack.start()
        authority = stack.volume("caddy-data") / "caddy/pki/authorities/local/root.crt"
        site = f"https://localhost:{stack.port('caddy', 443)}"
        with httpx.Client(base_url=site, verify=ssl.create_default_context(cafile=authority), timeout=30) as visitor:
            assert visitor.get("/").headers["Strict-Transport-Security"][:8] == "max-age="
            instance = sign_up(visitor)
        assert _log_in(
            instance["instanceUrl"], instance["databaseName"], instance["adminEmail"], instance["adminPassword"]
        )
        mails = [path.read_text() for path in (stack.folder / "var/mail").iterdir()]
        assert any(instance["instanceUrl"] in mail for mail in mails), "the welcome e-mail"
        # the agent beside Odoo calls the site by https, and its backup is read back from the storage
        done = stack.manage("backups", "make", "boulangerie-martin", "--wait", "--timeout", "60")
        assert done.returncode == 0, done.stderr
        stack.stop_one("redis")
        until(lambda: not stack.is_healthy("web"), "the web server's check sees that the broker is away")
        assert stack.start_ended() == ["redis"]
        until(lambda: stack.is_healthy("web"), "the broker is back")
    finally:
        stack.stop()
    again = rehearsal(folder, folder / "data")
    try:
        again.start()
        assert "boulangerie-martin" in again.manage("operations", "list").stdout
    finally:
        again.stop()


def sign_up(visitor):
    """What a browser does with the form; the status as the visitor's page asks for it, when it is ready."""
    page = visitor.get("/")
    assert page.status_code == 200
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    order = {"company": "Boulangerie Martin", "email": "claire@example.fr", "plan": "demo", "language": "fr"}
    time.sleep(settings.SIGNUP_MIN_SECONDS)  # nobody fills a form faster
    sent = visitor.post("/signup", data=hidden | order, headers={"Referer": str(page.url)})
    assert sent.status_code == 302, re.sub("<[^>]+>", "", sent.text)
    path, token = re.fullmatch(
        r"(?:https://[^/]+)?/instances/([\w-]+)/?\?token=(\S+)", sent.headers["Location"]
    ).groups()
    address, headers = f"/api/instances/{path}", {"X-Status-Token": token}
    until(lambda: visitor.get(address, headers=headers).json().get("status") == "ready", "the instance is ready")
    return visitor.get(address, headers=headers).json()


def until(condition, what):
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, f"It never happened: {what}"
        time.sleep(0.5)
