"""What the image is made of: exact versions, no secret, a user without rights, a way to see that it lives."""

import importlib.util
import json
import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from tenants.web import books
from tests.site_process import running

ROOT = Path(settings.BASE_DIR)
DOCKERFILE = (ROOT / "Dockerfile").read_text()
PACKAGES = ("eazynova_site", "provisioning", "tenants", "templates")


def is_left_out(path):
    """By .dockerignore, where the last line that fits decides; a folder decides for what is in it."""
    left_out = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = re.escape(line.lstrip("!")).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
        if re.fullmatch(f"{pattern}(?:/.*)?", path):
            left_out = not line.startswith("!")
    return left_out


@pytest.mark.parametrize(
    "path",
    [
        *(".env", ".env.production", ".env.local", "eazynova_site/.env", "tenants/web/.env.production", "env.backup"),
        *("var/secret_key", "var/eazynova.sqlite3", "tenants/copy.sqlite3", ".git/config", ".ssh/id_rsa", "dump.sql"),
        *("tests/conftest.py", ".venv/bin/python", "README.md", "provisioning/__pycache__/errors.cpython-311.pyc"),
    ],
)
def test_nothing_secret_or_superfluous_goes_into_the_image(path):
    assert is_left_out(path)


def test_everything_that_the_site_runs_on_goes_into_the_image():
    files = [str(path.relative_to(ROOT)) for package in PACKAGES for path in (ROOT / package).rglob("*.*")]
    missing = [path for path in files if is_left_out(path) and "__pycache__" not in path and "/." not in path]
    assert missing == []
    assert not any(map(is_left_out, ("manage.py", "gunicorn.conf.py", "pyproject.toml", "uv.lock")))
    assert not any(is_left_out(f"docs/{file}") for files in books.BOOKS.values() for file in files.values())


def test_the_image_floats_on_nothing_and_runs_without_rights():
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    exact = re.compile(r"python:\d+\.\d+\.\d+-slim-[a-z]+(@sha256:[0-9a-f]{64})?")
    assert [base for base in bases if not exact.fullmatch(base)] == []
    assert re.search(r"pip install --no-cache-dir uv==\d+\.\d+\.\d+$", DOCKERFILE, re.MULTILINE)
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE) == ["10001"]


def test_the_images_own_look_sees_whether_the_server_lives(tmp_path, monkeypatch):
    words = json.loads(re.search(r"HEALTHCHECK .* CMD (\[.*\])", DOCKERFILE)[1])
    assert (words[2], is_left_out(words[1])) == ("image", False)
    spec = importlib.util.spec_from_file_location("probe", ROOT / words[1])
    probe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(probe)
    with running(tmp_path, ALLOWED_HOSTS=".example.com,other.example") as server:
        for name in ("ALLOWED_HOSTS", "PORT"):
            monkeypatch.setenv(name, server.environment[name])
        assert probe.site("/healthz")
        assert server.stop() == 0
        with pytest.raises(OSError, match="refused"):
            probe.site("/healthz")
    # this machine's first process is another one, as in a worker's container
    assert subprocess.run(words, cwd=ROOT, check=False).returncode == 0
