"""`./install` with nothing but Python: answers are tried at once; what is written is private and never replaced."""

import ast
import re
import socketserver
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.conf import settings
from pyrage import x25519

from eazynova_site.env import file_values

ROOT = Path(settings.BASE_DIR)
# of the standard library, what Python 3.9 does not have and a program like this might want
AFTER_3_9 = re.compile(
    r"datetime\.UTC|import .*\bUTC\b|\btomllib\b|\bStrEnum\b|\b(pairwise|batched|file_digest|bit_count|assert_never)\b"
    r"|\bstrict=|\b(slots|kw_only)=True|contextlib\.chdir|ExceptionGroup|import .*\b(Self|TypeAlias|ParamSpec)\b"
)


class MailServer(socketserver.StreamRequestHandler):
    """As much SMTP as a login needs."""

    def handle(self):
        self.wfile.write(b"220 mail.example.com\r\n")
        while line := self.rfile.readline().decode().strip():
            word = line.split()[0].upper()
            good = "AHBvc3RtYW4AcmlnaHQ=" in line  # postman, right
            answers = {"EHLO": "250-mail\r\n250 AUTH PLAIN", "AUTH": "235 ok" if good else "535 no", "QUIT": "221 bye"}
            self.wfile.write(f"{answers.get(word, '250 ok')}\r\n".encode())


@pytest.fixture
def mail_port():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), MailServer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def answers(sandbox, mail_port):
    """Of somebody who has everything at hand; http since the storage is the sandbox's."""
    return {
        "SITE_DOMAIN": "portal.example.com",
        "RAILWAY_API_URL": sandbox.url,
        "RAILWAY_API_TOKEN": sandbox.token,
        "RAILWAY_WORKSPACE_ID": sandbox.workspace_id,
        "MAIL_PROVIDER": "smtp",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(mail_port),
        "EMAIL_HOST_USER": "postman",
        "EMAIL_HOST_PASSWORD": "right",
        "EMAIL_USE_TLS": "0",
        "DEFAULT_FROM_EMAIL": "EAZYNOVA <hello@example.com>",
        "STAFF_ALERT_EMAILS": "Ops <ops@example.com>, night@example.com",
        "SELLER_NAME": "L'Étoile SAS",
        "BACKUP_S3_ENDPOINT": "",
    }


@pytest.fixture
def storage(sandbox):
    return {
        "BACKUP_S3_ENDPOINT": sandbox.s3_url,
        "BACKUP_S3_REGION": sandbox.options.s3_region,
        "BACKUP_S3_BUCKET": sandbox.options.s3_bucket,
        "BACKUP_S3_ACCESS_KEY_ID": sandbox.options.s3_access_key_id,
        "BACKUP_S3_SECRET_ACCESS_KEY": sandbox.options.s3_secret_access_key,
    }


@pytest.fixture
def install(tmp_path):
    """Run it with the standard library alone."""

    def run(*arguments, answers=None, typed="", language="en_GB.UTF-8"):
        if answers is not None:
            path = tmp_path / "answers"
            path.write_text("".join(f"{name}={value}\n" for name, value in answers.items()))
            arguments = ("--answers", path, *arguments)
        command = [sys.executable, "-I", "-S", ROOT / "install", "--output", tmp_path / "env", *arguments]
        return subprocess.run(
            command, input=typed, env={"LC_ALL": language}, capture_output=True, text=True, check=False, timeout=60
        )

    return run


def test_answers_become_a_private_file_that_is_complete_and_never_replaced(install, answers, storage, tmp_path):
    done = install(answers=answers)
    assert done.returncode == 0, done.stderr
    assert "docker compose up -d --wait" in done.stdout
    written = tmp_path / "env"
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    values = file_values(written)
    assert values["PUBLIC_BASE_URL"] == "https://portal.example.com"
    assert values["DEFAULT_FROM_EMAIL"] == answers["DEFAULT_FROM_EMAIL"]
    assert values["SELLER_NAME"] == "L’Étoile SAS"
    assert answers["RAILWAY_API_TOKEN"] not in done.stdout
    assert values["CADDY_OPTIONS"] == "email ops@example.com"
    assert check_of_the_site(values) == ["W005"]

    before = written.read_bytes()
    again = install(answers=answers)
    assert (again.returncode, written.read_bytes()) == (3, before)
    assert "never overwritten" in again.stderr
    assert install("--check").returncode == 0


def test_the_answers_that_the_book_of_operations_shows_are_all_that_is_needed(install, answers, storage):
    book = (ROOT / "docs/operations.md").read_text()
    shown = re.search(r"^```ini\n(.*?)^```", book, re.MULTILINE | re.DOTALL)[1]
    names = [line.partition("=")[0] for line in shown.splitlines()]
    # the sandbox's Railway, and a mail server without TLS
    sandboxs = {name: answers[name] for name in ("RAILWAY_API_URL", "EMAIL_USE_TLS")}
    done = install(answers={name: (storage | answers)[name] for name in names} | sandboxs)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "path", [ROOT / "install", *sorted((ROOT / "deploy/installer").glob("*.py"))], ids=lambda path: path.name
)
def test_nothing_newer_than_python_3_9_is_needed(path):
    source = path.read_text()
    ast.parse(source, feature_version=(3, 9))
    assert not AFTER_3_9.findall(source)
    assert "|" not in source or path.name == "install" or "from __future__ import annotations" in source


def check_of_the_site(values):
    """What the site says of these settings when it starts as compose.yml starts it."""
    own = {"DATABASE_URL": "postgres://nobody@127.0.0.1:9/none", "REDIS_URL": "", "TRUSTED_PROXY_HOPS": "1"}
    environment = {"PATH": "", "ENV_FILE": "", "VAR_DIR": "/tmp", "DEBUG": "0", "SANDBOX": "1"} | values | own
    code = "import django; django.setup(); from django.core.checks import run_checks; "
    code += "print(*sorted(found.id for found in run_checks(tags=['eazynova'])))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False,
        env=environment | {"DJANGO_SETTINGS_MODULE": "eazynova_site.settings"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [found for found in re.findall(r"eazynova\.(\w+)", done.stdout) if found not in ("W011", "W016")]


def test_with_storage_there_is_a_key_for_our_own_backups(install, answers, storage, tmp_path):
    done = install(answers=answers | storage | {"SANDBOX": ""})
    assert done.returncode == 1, "http is refused for the storage"
    assert "https://" in done.stderr
    # as in a rehearsal, but asked all the same
    sys.path.insert(0, str(ROOT / "deploy"))
    from installer import making  # noqa: PLC0415
    from installer.storage import check  # noqa: PLC0415

    assert "opens" in check(storage)
    with pytest.raises(Exception, match="refuses the keys"):
        check(storage | {"BACKUP_S3_SECRET_ACCESS_KEY": "wrong"})
    with pytest.raises(Exception, match="no bucket other"):
        check(storage | {"BACKUP_S3_BUCKET": "other"})
    x25519.Identity.from_str(making.age_key())


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"SITE_DOMAIN": "https://portal.example.com"}, "is not a domain"),
        ({"RAILWAY_API_TOKEN": "stolen"}, "Railway refuses this token"),
        ({"RAILWAY_WORKSPACE_ID": "another"}, "does not open the workspace another. It opens: 5a4db0c0"),
        ({"RAILWAY_API_URL": "http://127.0.0.1:9/"}, "does not answer"),
        ({"MAIL_PROVIDER": "pigeon"}, "smtp, brevo, mailgun"),
        ({"EMAIL_HOST_PASSWORD": "wrong"}, "refuses this user and password"),
        ({"EMAIL_PORT": "mail"}, "number of a port"),
        ({"DEFAULT_FROM_EMAIL": "EAZYNOVA"}, "is not an e-mail address"),
        ({"STAFF_ALERT_EMAILS": "ops@example.com,nobody"}, "'nobody' is not"),
        ({"EMAIL_HOST_PASSWORD": "it's"}, "holds a quote"),
    ],
)
def test_a_wrong_answer_is_said_now_and_nothing_is_written(install, answers, tmp_path, wrong, sentence):
    done = install(answers=answers | wrong)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert not (tmp_path / "env").exists()


def test_what_is_refused_later_is_found_by_the_check_in_the_operators_language(install, answers, tmp_path):
    install(answers=answers)
    path = tmp_path / "env"
    path.write_text(path.read_text().replace("sandbox-token", "revoked").replace("REDIS_PASSWORD", "#REDIS_PASSWORD"))
    path.chmod(0o644)
    done = install("--check", language="fr_FR.UTF-8")
    assert done.returncode == 1
    for sentence in ("Railway refuse ce jeton", "REDIS_PASSWORD manque", "chmod 600"):
        assert sentence in done.stdout


def test_the_keys_of_mail_providers_are_tried_at_their_own_address(sandbox):
    sys.path.insert(0, str(ROOT / "deploy"))
    from installer import mail, words  # noqa: PLC0415

    # the sandbox's control answers 401 to who has no token of its own
    values = {"EMAIL_BACKEND": "anymail.backends.brevo.EmailBackend", "ANYMAIL_BREVO_API_KEY": "k"}
    with pytest.raises(words.Refused, match="brevo"):
        mail.check(values | {"ANYMAIL_BREVO_API_URL": sandbox.control_url})


def test_each_provider_names_a_backend_and_settings_that_anymail_has():
    sys.path.insert(0, str(ROOT / "deploy"))
    from django.utils.module_loading import import_string  # noqa: PLC0415
    from installer import mail  # noqa: PLC0415

    for name, provider in mail.PROVIDERS.items():
        backend = import_string(provider.backend)
        if name != "smtp":
            source = Path(sys.modules[backend.__module__].__file__).read_text()
            known = [
                f"ANYMAIL_{name.upper()}_{each.upper()}"
                for each in re.findall(r'get_anymail_setting\(\s*"(\w+)"', source)
            ]
            assert set(provider.names) <= set(known), known


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this copy is not a repository of git")
@pytest.mark.parametrize("name", [".env", "railway.env"])
def test_a_file_of_secrets_that_a_book_has_written_here_is_not_committed(name):
    command = ["git", "-c", "safe.directory=*", "check-ignore", "--quiet", name]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0
