"""Who may import whom. A contract that cannot fail would hold nothing: each is broken once, in a copy."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PACKAGES = ("eazynova_site", "tenants", "provisioning")
CONTRACTS = [
    contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
]
# for each contract an import that it forbids: the file that gets it, and what is imported
FORBIDDEN = {
    "Data flows one way": ("tenants/services/welcome.py", "eazynova_site.env"),
    "tenants: one direction through the rooms": ("tenants/services/partners.py", "tenants.web.forms"),
    "provisioning: one direction through the rooms": ("provisioning/gate/turns.py", "provisioning.engine.lease"),
    "Pure adapters know no Django": ("provisioning/railway/results.py", "django"),
    "The mail adapter knows Django's mail and no rows": ("provisioning/mail/letter.py", "provisioning.models.work"),
    "The vocabulary imports no room": ("provisioning/outcomes.py", "provisioning.railway.results"),
    "Only its own command reaches the sandbox": ("tenants/tasks.py", "provisioning.sandbox.store"),
}


def lint_imports(folder):
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"}, check=False,
    )  # fmt: skip


def test_imports_follow_the_one_direction():
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_is_a_forbidden_import_for_each_contract():
    assert sorted(FORBIDDEN) == sorted(CONTRACTS)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """What is said of a copy in which every contract is broken once; of each contract its own part."""
    folder = tmp_path_factory.mktemp("contracts")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "*.po", "*.mo"))
    for path, imported in FORBIDDEN.values():
        with (folder / path).open("a") as file:
            file.write(f"\nimport {imported}\n")
    said = lint_imports(folder).stdout.partition("Broken contracts")[2]
    return dict(re.findall(r"^([^\n]+)\n-{3,}\n(.*?)(?=^[^\n]+\n-{3,}\n|\Z)", said, re.M | re.S))


@pytest.mark.parametrize("contract", FORBIDDEN)
def test_a_forbidden_import_breaks_its_contract(contract, report):
    path, imported = FORBIDDEN[contract]
    importer = path.removesuffix(".py").replace("/", ".")
    assert re.search(rf"{re.escape(importer)}\s*->\s*{re.escape(imported)}", report.get(contract, "")), report


def modules():
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT), ast.parse(path.read_text())


def imports(tree):
    """What is imported from one of ours: the module, the name, and the name that it gets here."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in PACKAGES:
            yield from ((node.module, alias.name, alias.asname or alias.name) for alias in node.names)


def private(name):
    # Django documents a model's _meta for everybody
    return name.startswith("_") and not name.startswith("__") and name != "_meta"


def borrowed(tree):
    """Private names of other modules, imported or reached through the module."""
    local = {}
    for module, name, here in imports(tree):
        local[here] = module
        if private(name) or any(private(part) for part in module.split(".")):
            yield f"{module}.{name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and private(node.attr) and ast.unparse(node.value) in local:
            yield f"{ast.unparse(node)} of {local[ast.unparse(node.value)]}"


def test_nobody_imports_the_private_names_of_another():
    assert {str(path): names for path, tree in modules() if (names := list(borrowed(tree)))} == {}


@pytest.mark.parametrize("line", ["from provisioning.gate.turns import _locked",
                                  "from provisioning.gate import turns\nturns._locked('x')"])  # fmt: skip
def test_a_borrowed_private_name_is_seen(line):
    assert list(borrowed(ast.parse(line)))


def test_of_django_the_mail_adapter_knows_mail_and_settings_alone():
    known = {
        node.module
        for path, tree in modules()
        if path.is_relative_to("provisioning/mail")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module.startswith("django")
    }
    assert known <= {"django.conf", "django.core.exceptions", "django.core.mail"}
