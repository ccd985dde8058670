import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import run_checks
from django.test import override_settings
from pyrage import x25519

from eazynova_site import checks
from tenants.services import legal
from tests import environment

pytestmark = pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")

POSTGRESQL = {"default": {"ENGINE": "django.db.backends.postgresql"}}
SQLITE = {"default": {"ENGINE": "django.db.backends.sqlite3"}}
PRODUCTION = {
    "DEBUG": False,
    "SECRET_KEY_CONFIGURED": True,
    "SECRET_KEY": "s" * 50,
    "ENCRYPTION_KEYS_CONFIGURED": True,
    "ENCRYPTION_KEYS": [Fernet.generate_key().decode()],
    "ALLOWED_HOSTS": ["portal.example.com"],
    "PUBLIC_BASE_URL": "https://portal.example.com",
    "RAILWAY_API_TOKEN": "token",
    "RAILWAY_WORKSPACE_ID": "workspace",
    "RAILWAY_API_URL": "https://backboard.railway.com/graphql/v2",
    "RAILWAY_WEBHOOK_SECRET": "w" * 32,
    "INSTANCE_URL_SCHEME": "https",
    "WEB_CONCURRENCY": 2,
    "REDIS_URL": "redis://127.0.0.1/0",
    "DATABASES": POSTGRESQL,
    "EMAIL_BACKEND": "anymail.backends.mailgun.EmailBackend",
    "ANYMAIL": {"WEBHOOK_SECRET": "user:" + "p" * 32},
    "DEFAULT_FROM_EMAIL": "EAZYNOVA <bonjour@example.com>",
    "STAFF_ALERT_EMAILS": ["ops@example.com"],
    "ADMIN_REQUIRE_2FA": True,
    "BACKUP_S3_ENDPOINT": "https://s3.example.com",
    "BACKUP_S3_BUCKET": "backups",
    "BACKUP_S3_ACCESS_KEY_ID": "key",
    "BACKUP_S3_SECRET_ACCESS_KEY": "secret",
    "SELLER_NAME": "EAZYNOVA SAS",
    "SITE_BACKUP_KEYS": [str(x25519.Identity.generate())],
    "SANDBOX": False,
    "STATIC_COLLECTED": True,
    "TRUSTED_PROXY_HOPS": 1,
    "EMAIL_HOST": "smtp.example.com",
    "EMAIL_USE_TLS": True,
}
SMTP = {"EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend", "ANYMAIL": {}}
REHEARSAL = {
    "SANDBOX": True,
    "RAILWAY_API_URL": "http://sandbox:8190/graphql/v2",
    "INSTANCE_URL_SCHEME": "http",
    "BACKUP_S3_ENDPOINT": "http://sandbox:8191",
    "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
}


@pytest.fixture(autouse=True)
def texts(tmp_path, monkeypatch):
    for kind in legal.KINDS:
        (tmp_path / f"{kind}.fr.txt").write_text("Version: 1\n# Un titre\n")
    monkeypatch.setitem(PRODUCTION, "LEGAL_FOLDER", str(tmp_path))
    return tmp_path


def test_what_is_missing_of_the_legal_texts_is_named(texts):
    (texts / "terms.fr.txt").unlink()
    with override_settings(**PRODUCTION):
        [told] = run_checks(tags=[checks.TAG])
    assert "terms.fr.txt" in told.msg
    assert "notice" not in told.msg


def found(**changes):
    with override_settings(**PRODUCTION | changes):
        return [message.id.removeprefix("eazynova.") for message in run_checks(tags=[checks.TAG])]


def test_a_complete_production_configuration_passes():
    assert found() == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"SECRET_KEY_CONFIGURED": False}, "E001"),
        ({"SECRET_KEY": "short"}, "E001"),
        ({"ENCRYPTION_KEYS_CONFIGURED": False, "ENCRYPTION_KEYS": []}, "E002"),
        ({"ENCRYPTION_KEYS": ["malformed"]}, "E003"),
        ({"ENCRYPTION_KEYS": [Fernet.generate_key().decode(), "é"]}, "E003"),
        ({"RAILWAY_API_TOKEN": ""}, "E004"),
        ({"RAILWAY_WORKSPACE_ID": ""}, "E005"),
        ({"RAILWAY_API_URL": "http://127.0.0.1:8190/graphql/v2"}, "E006"),
        ({"INSTANCE_URL_SCHEME": "http"}, "E006"),
        ({"RAILWAY_WEBHOOK_SECRET": "short"}, "E007"),
        ({"REDIS_URL": ""}, "E009"),
        ({"ALLOWED_HOSTS": []}, "E010"),
        ({"ALLOWED_HOSTS": ["*"]}, "E010"),
        ({"PUBLIC_BASE_URL": ""}, "E011"),
        ({"PUBLIC_BASE_URL": "http://portal.example.com"}, "E011"),
        ({"PUBLIC_BASE_URL": "https://localhost"}, "E011"),
        ({"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend"}, "E012"),
        ({"DEFAULT_FROM_EMAIL": "EAZYNOVA <bonjour@localhost>"}, "E013"),
        ({"ANYMAIL": {}}, "E014"),
        ({"BACKUP_S3_BUCKET": ""}, "W005"),
        ({"BACKUP_S3_ACCESS_KEY_ID": ""}, "E019"),
        ({"SITE_BACKUP_KEYS": []}, "W006"),
        ({"SITE_BACKUP_KEYS": ["malformed"]}, "E023"),
        ({"BACKUP_S3_ENDPOINT": "http://s3.example.com"}, "E020"),
        ({"STAFF_ALERT_EMAILS": []}, "W001"),
        ({"STATIC_COLLECTED": False}, "W016"),
        ({"TRUSTED_PROXY_HOPS": 0}, "W013"),
        ({"SANDBOX": True}, "E024"),
        ({"DATABASES": SQLITE, "WEB_CONCURRENCY": 1, "REDIS_URL": ""}, "W012"),
        (SMTP | {"EMAIL_HOST": "localhost"}, "W014"),
        (SMTP | {"EMAIL_USE_TLS": False, "EMAIL_HOST_PASSWORD": "secret"}, "W015"),
        ({"ADMIN_REQUIRE_2FA": False}, "W002"),
        ({"SELLER_NAME": ""}, "W017"),
        ({"LEGAL_FOLDER": ""}, "W017"),
    ],
)
def test_each_half_configuration_is_found_alone(changes, expected):
    assert found(**changes) == [expected]


@pytest.mark.parametrize("debug", [True, False])
def test_test_mode_never_leads_to_where_live_instances_are_made(debug):
    for url in (PRODUCTION["RAILWAY_API_URL"], "https://backboard.railway.com/graphql/v9"):
        assert "E025" in found(TEST_MODE_URL=url, DEBUG=debug)
    assert "E025" not in found(TEST_MODE_URL="http://testmode:8190/graphql/v2", DEBUG=debug)


def test_sqlite_with_several_web_processes_is_found_without_redis_too():
    assert sorted(found(DATABASES=SQLITE, REDIS_URL="")) == ["E008", "E009", "W012"]
    assert sorted(found(DATABASES=SQLITE, WEB_CONCURRENCY=1)) == ["E008", "W012"]


def test_a_rehearsal_may_do_without_https_and_mail_and_says_loudly_that_it_is_one():
    assert found(**REHEARSAL) == ["W011"]
    with override_settings(**PRODUCTION | REHEARSAL):
        [told] = run_checks(tags=[checks.TAG])
    assert "RÉPÉTITION" in told.msg
    assert sorted(found(**REHEARSAL | {"SANDBOX": False})) == ["E006", "E012", "E020"]


@pytest.mark.parametrize(
    "changes",
    [
        {"RAILWAY_WEBHOOK_SECRET": ""},
        {"REDIS_URL": "", "WEB_CONCURRENCY": 1},
        SMTP,
    ],
)
def test_what_is_small_but_whole_is_accepted(changes):
    assert found(**changes) == []


def test_with_debug_on_nothing_is_demanded_but_usable_encryption_keys():
    nothing = {"SECRET_KEY_CONFIGURED": False, "RAILWAY_API_TOKEN": "", "ALLOWED_HOSTS": [], "PUBLIC_BASE_URL": ""}
    assert found(DEBUG=True, **nothing) == []
    assert found(DEBUG=True, ENCRYPTION_KEYS=["malformed"]) == ["E003"]


def run_unconfigured(*command):
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, *command], cwd=settings.BASE_DIR, env=inherited | {"DEBUG": "0", "ENV_FILE": ""},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "command",
    [
        ("manage.py", "create_instance", "acme-corp", "admin@acme.example"),
        ("-c", "import eazynova_site.wsgi"),
        ("-m", "celery", "-A", "eazynova_site", "worker"),
        ("-m", "celery", "-A", "eazynova_site", "beat", "--schedule", f"{environment.SCRATCH}/beat"),
    ],
    ids=["command", "web", "worker", "beat"],
)
def test_no_process_starts_half_configured_and_each_says_what_is_missing(command):
    done = run_unconfigured(*command)
    assert done.returncode != 0
    for code in ("E001", "E002", "E004", "E010", "E011", "E012"):
        assert f"eazynova.{code}" in done.stderr


def test_nonsense_stops_every_command_with_the_sentence():
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=Path(settings.BASE_DIR),
        env=os.environ | {"RAILWAY_POLL_SECONDS": "often"}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "RAILWAY_POLL_SECONDS is 'often': write a number of at least 0.05." in done.stderr
