"""Every page, found in the table of addresses: its headers; and what Django says of a deployment."""

import os
import subprocess
import sys

import pytest
from cryptography.fernet import Fernet
from django.conf import settings as live
from django.contrib.auth.models import User
from django.test import Client
from pyrage import x25519

from tenants.services import legal
from tests.hostile.addresses import every_address

pytestmark = [
    pytest.mark.any_store("headers are set whatever a page read; test_input asks for every address on both stores"),
    pytest.mark.django_db,
]
HOST = "portal.example.com"
PRODUCTION = {
    "DEBUG": "0",
    "SECRET_KEY": "a-key-that-is-long-enough-0123456789-AaBbCcDdEeFfGg-hHiIjJkK",
    "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
    "ALLOWED_HOSTS": HOST,
    "PUBLIC_BASE_URL": f"https://{HOST}",
    "TRUSTED_PROXY_HOPS": "1",
    "BACKUP_S3_ENDPOINT": "https://s3.example.com",
    "BACKUP_S3_BUCKET": "backups",
    "BACKUP_S3_ACCESS_KEY_ID": "key",
    "BACKUP_S3_SECRET_ACCESS_KEY": "a-secret-of-the-storage",
    "SITE_BACKUP_KEYS": str(x25519.Identity.generate()),
    "RAILWAY_API_URL": "https://backboard.railway.com/graphql/v2",
    "INSTANCE_URL_SCHEME": "https",
    "RAILWAY_WEBHOOK_SECRET": "w" * 40,
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "EMAIL_HOST": "smtp.example.net",
    "DEFAULT_FROM_EMAIL": f"EAZYNOVA <bonjour@{HOST}>",
    "STAFF_ALERT_EMAILS": f"ops@{HOST}",
}


def policy_of(answer):
    parts = (part.strip().partition(" ") for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: value.split() for name, _space, value in parts}


def test_every_page_carries_the_headers_that_protect_it(known, settings):
    settings.SECURE_HSTS_SECONDS = 31_536_000
    client = Client(raise_request_exception=False)
    client.force_login(User.objects.get(username="olga"))
    seen = 0
    for address in every_address():
        if address.route.endswith("logout/"):
            continue
        answer = client.get(address.path(known), secure=True)
        headers, policy = answer.headers, policy_of(answer)
        seen += answer.status_code == 200
        assert policy["default-src"] == ["'none'"], address
        assert policy["frame-ancestors"] == ["'none'"], address
        assert "'unsafe-inline'" not in policy["script-src"], address
        assert ("'unsafe-eval'" in policy["script-src"]) <= (address.wing == "console"), address
        assert headers["X-Frame-Options"] == "DENY", address
        assert headers["X-Content-Type-Options"] == "nosniff", address
        assert headers["Referrer-Policy"] in ("same-origin", "no-referrer"), address
        assert headers["Strict-Transport-Security"].startswith("max-age=31536000"), address
        assert "camera=()" in headers["Permissions-Policy"], address
        if address.wing == "console" and answer.status_code == 200 and "jsi18n" not in address.route:
            assert "no-store" in headers.get("Cache-Control", ""), address
    assert seen > 60


def test_the_check_of_a_deployment_has_nothing_to_say(tmp_path):
    told = {name: value for name, value in os.environ.items() if name not in ("REDIS_URL",)} | {"VAR_DIR": tmp_path}
    told |= {"SELLER_NAME": "EAZYNOVA SAS", "LEGAL_FOLDER": str(tmp_path)}
    for kind in legal.KINDS:
        (tmp_path / f"{kind}.fr.txt").write_text("Version: 1\n# Un titre\n")
    collected = tmp_path / "static" / "staticfiles.json"
    collected.parent.mkdir()
    collected.write_text('{"paths": {}, "version": "1.1", "hash": ""}')
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=live.BASE_DIR, env=told | PRODUCTION, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
