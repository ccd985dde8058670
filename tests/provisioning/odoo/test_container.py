import ast
import base64
import bz2
import io
import json
import re
import shlex
import subprocess
import sys
import zipfile
from importlib import resources

import pytest

from provisioning.odoo import container
from provisioning.odoo.identity import one_line

LIMIT_OF_A_VARIABLE = 32_768


def identity(**changes):
    ordered = {
        "database": "acme_corp_prod",
        "login": " Admin@Acme.com ",
        "name": "Zoé",
        "company": "Acme",
        "country": "fr",
        "language": "fr",
        "timezone": "Europe/Paris",
        "modules": ("crm", "sale_management"),
        "addons_path": "",
        "base_url": "https://${{RAILWAY_PUBLIC_DOMAIN}}",
    }
    return container.Identity(**{**ordered, **changes})


def variables(**changes):
    return container.odoo_variables(identity(**changes), "$pbkdf2-sha512$600000$c2FsdA$aGFzaA", "master", "secret")


@pytest.mark.real_hashes
def test_the_hash_is_the_one_that_passlib_would_make():
    hashed = container.password_hash("p\"a's é€ 🦊", salt=bytes(range(16)))
    assert hashed.startswith("$pbkdf2-sha512$600000$AAECAwQFBgcICQoLDA0ODw$")
    assert len(hashed.rpartition("$")[2]) == 86
    assert not set("+=") & set(hashed)


def test_the_known_answer_of_pbkdf2_sha512_holds(monkeypatch):
    monkeypatch.setattr(container, "PASSWORD_ROUNDS", 1)
    known = (
        "867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252"
        "c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce"
    )
    digest = base64.b64encode(bytes.fromhex(known), altchars=b"./").rstrip(b"=").decode()
    assert container.password_hash("password", salt=b"salt").rpartition("$")[2] == digest


def test_each_hash_has_a_salt_of_its_own():
    assert container.password_hash("same") != container.password_hash("same")


def test_the_variables_carry_the_identity_as_odoo_stores_it():
    made = variables()
    assert made["PROV_ADMIN_LOGIN"] == "admin@acme.com"
    assert made["PROV_LANG"] == "fr_FR,en_US"
    assert variables(language="en")["PROV_LANG"] == "en_US,fr_FR"
    assert made["PROV_COUNTRY"] == "FR"
    assert made["PROV_MODULES"] == "crm,sale_management"
    assert made["PROV_BASE_URL"] == "https://${{RAILWAY_PUBLIC_DOMAIN}}"
    assert made["PGPASSWORD"] == "${{Postgres.PGPASSWORD}}"
    assert (made["PORT"], made["RAILWAY_RUN_UID"], made["ODOO_DATA_DIR"]) == ("8069", "0", "/var/lib/odoo")


def test_only_what_is_meant_for_railway_is_left_for_it_to_expand():
    made = variables(company="A ${{Postgres.PGPASSWORD}}", name="${{B}}", login="${{c}}@acme.com")
    expanded = {name for name, value in made.items() if "${{" in value}
    assert expanded == {"PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PROV_BASE_URL"}


def test_no_variable_is_empty_or_larger_than_railway_takes():
    assert all(0 < len(value) < LIMIT_OF_A_VARIABLE for value in variables(modules=(), country="").values())


def test_the_bootstrap_leaves_room_in_its_variable():
    """Whoever comes near the limit is told before a customer's service is refused."""
    assert len(container.bootstrap_variables()[container.ARCHIVE_VARIABLE]) < LIMIT_OF_A_VARIABLE - 2_000


def test_a_name_is_one_line_of_composed_characters():
    assert one_line(" E\u0301toile\n\t d'Or\x00 ") == "Étoile d'Or"


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="xx"):
        variables(language="xx")


def test_postgres_gets_a_role_that_odoo_accepts():
    made = container.postgres_variables("secret")
    assert made["POSTGRES_USER"] == "odoo"
    assert [name for name, value in made.items() if "secret" in value] == ["POSTGRES_PASSWORD"]


def test_the_start_command_holds_no_value_and_nothing_to_expand():
    command = container.start_command()
    assert not set("$`\\'!{}") & set(command)
    shell, flag, script = shlex.split(command)
    assert (shell, flag) == ("/bin/sh", "-c")
    assert shlex.split(script)[:2] == ["printenv", "EAZYNOVA_BOOTSTRAP"]


def test_the_archive_is_the_same_for_the_same_sources():
    assert container.bootstrap_archive() == container.bootstrap_archive()
    with zipfile.ZipFile(io.BytesIO(container.bootstrap_archive())) as archive:
        stream = json.loads(bz2.decompress(archive.read("bootstrap.bz2")))
    sources = resources.files("provisioning.odoo.bootstrap").iterdir()
    assert set(stream) == {f"bootstrap/{source.name}" for source in sources if source.name.endswith(".py")}


def test_what_runs_instances_of_earlier_releases_is_not_changed():
    """Their start command stays while a deployment of ours brings a new archive."""
    assert container.start_command() == (
        '/bin/sh -c "printenv EAZYNOVA_BOOTSTRAP | base64 -d > /tmp/eazynova-bootstrap'
        ' && exec python3 -X utf8 /tmp/eazynova-bootstrap"'
    )


def test_an_image_that_lacks_psycopg2_ends_with_a_sentence(tmp_path):
    archive = tmp_path / "archive"
    archive.write_bytes(container.bootstrap_archive())
    # -S: without site-packages, where psycopg2 is
    ended = subprocess.run([sys.executable, "-I", "-S", archive], check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (2, "prov: this image lacks the Python package psycopg2\n"), ended


@pytest.mark.parametrize(
    "source",
    [
        resources.files("provisioning.odoo") / "archive_main.py",
        *(path for path in resources.files("provisioning.odoo.bootstrap").iterdir() if path.name.endswith(".py")),
    ],
    ids=lambda path: path.name,
)
def test_the_bootstrap_runs_on_the_oldest_python_of_the_images_with_nothing_but_psycopg2(source):
    tree = ast.parse(source.read_text(), feature_version=(3, 10))
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}
    assert not [name for name in imported if re.match(r"(provisioning|tenants|django|httpx)\b", name)]
    assert imported <= {
        "bz2", "collections.abc", "contextlib", "ctypes", "dataclasses", "enum", "hashlib", "hmac", "http.client",
        "http.server", "importlib.abc", "importlib.machinery",
        "importlib.util", "json", "os", "pathlib", "pkgutil", "psycopg2",
        "psycopg2.errors", "psycopg2.extensions", "pwd", "random", "re", "secrets", "shutil", "signal", "socket", "ssl",
        "subprocess", "sys", "tempfile", "threading", "time", "types", "typing", "unicodedata", "urllib.error",
        "urllib.parse", "urllib.request", "zipfile",
    }  # fmt: skip
