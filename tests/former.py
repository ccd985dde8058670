"""The former version of this site, which a rollback brings back: found in git, unpacked into a folder of its own.

It is the last release: the newest tag ``v…`` before this commit. As long as nothing is released it is what stood here
before the newest migration, which need not be committed yet. ``TEST_FORMER=COMMIT`` tries how far back one could go.
"""

import io
import os
import subprocess
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from django.conf import settings
from packaging.requirements import Requirement

MIGRATIONS = ":(glob)*/migrations/*.py"
SHIPPED = ("manage.py", "gunicorn.conf.py", "pyproject.toml", "eazynova_site", "provisioning", "tenants", "templates")


def unpack(folder: Path) -> Path:
    """Its code, in ``folder``. Where it cannot be had the test is skipped: an archive or a shallow clone lacks it."""
    commit = _commit()
    files = _git("archive", "--format=zip", "-0", commit, *SHIPPED) if commit else b""
    if not files:
        pytest.skip("needs the former version, which this folder's git history does not hold")
    zipfile.ZipFile(io.BytesIO(files)).extractall(folder)
    lacking = [each for each in _requirements(folder) if not _is_installed(each)]
    if lacking:
        pytest.skip(f"needs the packages of the former version, and here is another {', '.join(lacking)}")
    return folder


def _commit() -> str:
    """Empty when it is not known here."""
    if chosen := os.environ.get("TEST_FORMER"):
        return chosen
    if release := _line("describe", "--tags", "--abbrev=0", "--match", "v[0-9]*", "HEAD^"):
        return release
    if _line("status", "--porcelain", "--", MIGRATIONS):
        return "HEAD"
    # of a branch that was merged, the merge
    newest = _line("log", "-1", "--first-parent", "--format=%H", "--", MIGRATIONS)
    return newest and _line("rev-parse", "--verify", f"{newest}^")


def _line(*arguments: str) -> str:
    return _git(*arguments).decode().strip()


def _git(*arguments: str) -> bytes:
    """What git answers, nothing when it cannot: it is not here, or this is no clone, or a shallow one."""
    # a hook of git's own tells of another index; a folder may be somebody else's in a container
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-c", "safe.directory=*", "-C", str(settings.BASE_DIR), *arguments]
    try:
        return subprocess.run(command, env=own, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return b""


def _requirements(folder: Path) -> list[str]:
    return tomllib.loads((folder / "pyproject.toml").read_text())["project"]["dependencies"]


def _is_installed(requirement: str) -> bool:
    wanted = Requirement(requirement)
    try:
        return metadata.version(wanted.name) in wanted.specifier
    except metadata.PackageNotFoundError:
        return False
