"""The kit by itself: that Compose takes it, that it says what it should, and that its loading can be cut anywhere."""

import hashlib
import io
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from provisioning.exit_kit import files
from provisioning.exit_kit.elsewhere import Elsewhere, postgres_major

IMAGE = Elsewhere(
    client_name="acme-corp", database="acme_corp_prod", image="odoo:19.0-20260908", repository="", branch="",
    addons_path="", postgres=17, filename="acme-corp-2026-11-27-BK-7K2M9XQ4TR.zip", sha256="a" * 64, size=1234,
    taken="2026-11-27 02:14", series="19.0", odoo_version="19.0-20260908",
)  # fmt: skip
BUILT = replace(
    IMAGE, image="", repository="MASITH-developpement/EAZYNOVA", branch="main", addons_path="/mnt/extra,/opt/a b"
)
STRANGE = replace(BUILT, branch='feature/#1 "x": ${HOME}', addons_path="/mnt/$x: y")
DIGEST = replace(IMAGE, image="registry.example:5000/odoo@sha256:" + "b" * 64, postgres=18)


def kit(elsewhere):
    return {file.name: file.content for file in files.files_of(elsewhere)}


def compose(elsewhere):
    return yaml.safe_load(kit(elsewhere)["compose.yml"])


@pytest.mark.parametrize("elsewhere", [IMAGE, BUILT, STRANGE, DIGEST], ids=["image", "built", "strange", "digest"])
def test_compose_takes_it(elsewhere, tmp_path):
    file = tmp_path / "compose.yml"
    file.write_text(kit(elsewhere)["compose.yml"])
    command = [Path(sys.executable).with_name("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_same_images_run_and_nobody_else_reaches_them():
    services = compose(IMAGE)["services"]
    assert {name: service["image"] for name, service in services.items()} == {
        "db": "postgres:17", "load": "odoo:19.0-20260908", "odoo": "odoo:19.0-20260908",
    }  # fmt: skip
    assert [service.get("ports") for service in services.values()] == [None, None, ["127.0.0.1:${PORT:-8069}:8069"]]
    assert "--no-database-list" in services["odoo"]["command"]
    assert services["odoo"]["depends_on"] == {"load": {"condition": "service_completed_successfully"}}
    assert "ODOO_ADDONS_PATH" not in services["odoo"]["environment"]
    assert services["db"]["volumes"] == ["database:/var/lib/postgresql/data"]
    # the image's own folder for data has been another since 18
    assert compose(DIGEST)["services"]["db"]["volumes"] == ["database:/var/lib/postgresql"]


def test_what_was_built_from_a_repository_is_built_from_it_again_with_its_add_ons():
    for name in ("load", "odoo"):
        service = compose(BUILT)["services"][name]
        assert service["build"] == {"context": "https://github.com/MASITH-developpement/EAZYNOVA.git#main"}
        assert service["environment"]["ODOO_ADDONS_PATH"] == "/mnt/extra,/opt/a b"
    strange = compose(STRANGE)["services"]["odoo"]
    # Compose makes one dollar sign of two, and replaces nothing
    assert strange["build"]["context"].endswith('.git#feature/#1 "x": $${HOME}')
    assert strange["environment"]["ODOO_ADDONS_PATH"] == "/mnt/$$x: y"


def test_no_password_is_in_it_and_without_one_nothing_starts():
    services = compose(IMAGE)["services"]
    wanted = {services["db"]["environment"]["POSTGRES_PASSWORD"], services["odoo"]["environment"]["PGPASSWORD"]}
    assert len(wanted) == 1
    assert wanted.pop().startswith("${POSTGRES_PASSWORD:?")


def test_both_pages_say_the_same_commands_in_their_own_language():
    french, english = kit(BUILT)["LISEZMOI.md"], kit(BUILT)["README.md"]
    commands = [re.findall(r"^ {4,}(\S.*)$", page, re.M) for page in (french, english)]
    assert commands[0] == commands[1]
    assert len(commands[0]) == 12
    assert french.count("\n## ") == english.count("\n## ") == 5
    for page in (french, english):
        assert IMAGE.filename in page
        assert "branch" in page
        assert "{" not in page
    assert "mot de passe sont ceux" in french
    assert (
        re.search(r"(?<![\u00a0\u202f]) ?[;!?»]|(?<!\u00a0):\s", re.sub(r"`[^`]*`|^ {4,}.*$", "", french, flags=re.M))
        is None
    )


def test_the_zip_is_small_the_same_each_time_and_for_everybody_to_read():
    made = files.zipped(files.files_of(IMAGE))
    assert made == files.zipped(files.files_of(IMAGE))
    assert len(made) < 16_000
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.namelist() == ["LISEZMOI.md", "README.md", "SHA256SUMS", "compose.yml"]
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o100644}
        assert archive.read("SHA256SUMS").decode() == f"{'a' * 64}  {IMAGE.filename}\n"


@pytest.mark.parametrize(
    ("said", "image", "major"),
    [
        ("17.6", "ghcr.io/x/postgres-ssl:16.9", 17),
        ("", "ghcr.io/x/postgres-ssl:16.9", 16),
        ("", "postgres@sha256:0", 17),
    ],
)
def test_the_major_version_is_that_of_the_server_that_dumped(said, image, major):
    assert postgres_major(image, said) == major


# what the image brings, as far as the loading asks it: a server with a file a database, and an Odoo that may be killed
PROGRAMS = {
    "psql": 'ls "$HOME/databases"',
    "odoo": """
        case "$2" in
        load) [ "$3" = --force ] && rm -f "$HOME/databases/$4"; touch "$HOME/databases/$4"
              [ ! -e "$HOME/kill" ] || exit 137; cp "$5" "$HOME/databases/$4";;
        rename) [ -e "$HOME/databases/$3" ] && mv "$HOME/databases/$3" "$HOME/databases/$4";;
        esac""",
}


@pytest.fixture
def load(tmp_path):
    """Runs what the service ``load`` runs; the kit's folder and the server's are of this test."""
    backup, programs = tmp_path / IMAGE.filename, tmp_path / "bin"
    backup.write_bytes(b"PK")
    (tmp_path / "databases").mkdir()
    programs.mkdir()
    for name, program in PROGRAMS.items():
        (programs / name).write_text(f"#!/bin/sh\n{program}\n")
        (programs / name).chmod(0o755)
    digest = hashlib.sha256(b"PK").hexdigest()
    for name, content in kit(replace(IMAGE, sha256=digest)).items():
        (tmp_path / name).write_text(content)
    service = yaml.safe_load((tmp_path / "compose.yml").read_text())["services"]["load"]

    def load():
        environ = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(tmp_path)}
        command = [*service["entrypoint"], *service["command"]]
        return subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)

    load.folder = tmp_path
    return load


def databases(load):
    return {each.name: each.read_bytes() for each in (load.folder / "databases").iterdir()}


def test_the_backup_is_loaded_once(load):
    assert load().returncode == 0
    assert databases(load) == {"acme_corp_prod": b"PK"}
    (load.folder / IMAGE.filename).write_bytes(b"another")
    assert "loaded already" in load().stdout
    assert databases(load) == {"acme_corp_prod": b"PK"}


def test_a_loading_that_was_killed_begins_anew(load):
    (load.folder / "kill").touch()
    assert load().returncode == 137
    assert databases(load) == {"acme_corp_prod_new": b""}
    (load.folder / "kill").unlink()
    assert load().returncode == 0
    assert databases(load) == {"acme_corp_prod": b"PK"}


@pytest.mark.parametrize("trouble", ["damaged", "missing"])
def test_a_backup_that_is_not_whole_is_not_loaded(load, trouble):
    if trouble == "damaged":
        (load.folder / IMAGE.filename).write_bytes(b"P")
    else:
        (load.folder / IMAGE.filename).unlink()
    done = load()
    assert done.returncode
    assert IMAGE.filename in done.stdout + done.stderr
    assert databases(load) == {}
