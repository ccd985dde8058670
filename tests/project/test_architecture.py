"""What keeps the code readable is checked by a machine, since taste without a gate does not hold."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PACKAGES = ("eazynova_site", "tenants", "provisioning")
MODULES = sorted(
    path.relative_to(ROOT)
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if "migrations" not in path.parts
)
TESTS = sorted(path.relative_to(ROOT) for path in (ROOT / "tests").rglob("*.py"))
MOST_LINES = 300
MOST_LINES_OF_A_FUNCTION = 40
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "base", "core"}


def functions(path):
    """Each with its number of lines; the promise of a docstring is free."""
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            promise = node.body[0].end_lineno - node.body[0].lineno + 1 if ast.get_docstring(node) else 0
            yield node, node.end_lineno - node.lineno + 1 - promise


@pytest.mark.parametrize("path", [*MODULES, *TESTS], ids=str)
def test_no_file_is_too_long_to_hold_in_the_head(path):
    assert len((ROOT / path).read_text().splitlines()) <= MOST_LINES


def test_no_function_is_too_long_to_see_at_once():
    long = {
        f"{path}:{node.name}": lines
        for path in MODULES
        for node, lines in functions(path)
        if lines > MOST_LINES_OF_A_FUNCTION
    }
    assert long == {}


def test_no_module_has_a_name_that_says_nothing():
    assert [str(path) for path in MODULES if path.stem in VAGUE] == []


def test_the_names_of_tests_are_sentences():
    short = [
        f"{path}:{node.name}"
        for path in TESTS
        for node, _ in functions(path)
        if node.name.startswith("test_") and node.name.count("_") < 3
    ]
    assert short == []


def test_imports_follow_the_one_direction():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
