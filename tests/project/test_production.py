"""The production web server as the image starts it: gunicorn, collected files, https behind a proxy."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from cryptography.fernet import Fernet
from django.conf import settings

from tests.ports import free_port

HOST = "portal.example.com"
PATIENCE_SECONDS = 60


@pytest.fixture
def environment(tmp_path):
    return {
        "PATH": str(Path(sys.executable).parent),
        "ENV_FILE": "",
        "DEBUG": "0",
        "VAR_DIR": str(tmp_path),
        "PORT": str(free_port()),
        "SECRET_KEY": "production-like " * 4,
        "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "ALLOWED_HOSTS": HOST,
        "PUBLIC_BASE_URL": f"https://{HOST}",
        "TRUSTED_PROXY_HOPS": "1",
        "RAILWAY_API_TOKEN": "railway-token",
        "RAILWAY_WORKSPACE_ID": "workspace",
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "DEFAULT_FROM_EMAIL": f"EAZYNOVA <bonjour@{HOST}>",
        "STAFF_ALERT_EMAILS": f"ops@{HOST}",
    }


@pytest.fixture
def site(environment):
    """A client of the running server that speaks as the proxy in front of it."""
    for command in (["collectstatic", "--noinput", "--verbosity", "0"], ["migrate", "--verbosity", "0"]):
        subprocess.run([sys.executable, "manage.py", *command], cwd=settings.BASE_DIR, env=environment, check=True)
    server = subprocess.Popen(["gunicorn", "eazynova_site.wsgi"], cwd=settings.BASE_DIR, env=environment)
    base, headers = f"http://127.0.0.1:{environment['PORT']}", {"Host": HOST, "X-Forwarded-Proto": "https"}
    try:
        with httpx.Client(base_url=base, headers=headers, timeout=PATIENCE_SECONDS) as client:
            wait_until_it_answers(client, server)
            yield client
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=PATIENCE_SECONDS) == 0


def wait_until_it_answers(client, server):
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            client.get("/")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("The production server did not start.")


def test_the_production_server_serves_pages_files_and_refusals_as_it_should(site):
    """One test, so that parallel test processes do not start a server each."""
    page = site.get("/admin/login/")
    assert page.status_code == 200
    assert page.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert "Secure" in page.headers["Set-Cookie"]
    assert page.headers["Set-Cookie"].startswith("__Host-csrftoken=")

    stylesheet = re.search(r'href="(/static/[^"]+\.[0-9a-f]{12}\.css)"', page.text)
    assert stylesheet, "the page names no collected file"
    assert "immutable" in site.get(stylesheet[1]).headers["Cache-Control"]

    plain = site.get("/admin/login/", headers={"X-Forwarded-Proto": "http"})
    assert (plain.status_code, plain.headers["Location"]) == (301, f"https://{HOST}/admin/login/")

    assert site.get("/admin/login/", headers={"Host": "elsewhere.example"}).status_code == 400
