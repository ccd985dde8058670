"""What keeps the code readable is checked by a machine, since taste without a gate does not hold."""

import ast
import re
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


def test_no_mapping_says_the_same_key_twice():
    for path in MODULES:
        for node in ast.walk(ast.parse((ROOT / path).read_text())):
            if isinstance(node, ast.Dict):
                keys = [ast.unparse(key) for key in node.keys if key is not None]
                assert len(keys) == len(set(keys)), f"{path}:{node.lineno}"


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


def folders():
    """Every package two deep; what lies deeper belongs to its room."""
    found = {path.parent for path in MODULES if len(path.parts) > 2 and "templatetags" not in path.parts}
    return {"/".join(folder.parts[:2]) for folder in found}


def map_of_the_rooms():
    text = (ROOT / "docs/architecture.md").read_text()
    return text.partition("## The rooms")[2].partition("\n## ")[0]


def test_the_map_names_every_room_and_no_other():
    named = re.findall(r"^\| `([a-z_/]+)/` \|", map_of_the_rooms(), re.M)
    assert sorted(named) == sorted(folders())


def test_the_map_names_what_stands_beside_the_rooms():
    beside = {path.stem for path in MODULES if len(path.parts) == 2 and path.parts[0] != "eazynova_site"}
    words = set(re.findall(r"[a-z_]+", map_of_the_rooms().rpartition("|\n")[2]))
    assert beside - words == {"__init__", "apps"}


def test_every_room_says_what_lives_there_and_what_it_must_not_know():
    silent = [room for room in sorted(folders()) if not re.search(r"must\s+not|Nothing imports", purpose(room))]
    assert silent == []


def purpose(room):
    return ast.get_docstring(ast.parse((ROOT / room / "__init__.py").read_text())) or ""


@pytest.mark.parametrize("document", ["CONTRIBUTING.md", "README.md", "docs/architecture.md"])
def test_what_a_document_points_to_is_there(document):
    text = (ROOT / document).read_text()
    pointed = re.findall(r"`((?:eazynova_site|tenants|provisioning|tests|templates|docs)/[a-z_/.]+)`", text)
    assert pointed
    assert [path for path in pointed if not (ROOT / path).exists()] == []
