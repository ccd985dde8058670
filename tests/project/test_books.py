"""The books cannot rot: their commands are read by the programs themselves, their links and settings are there."""

import re
import shlex
from pathlib import Path

import polib
import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.utils.translation import override

from tenants.models import Alert
from tests.project.test_settings_documented import documented

ROOT = Path(settings.BASE_DIR)
BOOKS = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
SERVICES = set(yaml.safe_load((ROOT / "compose.yml").read_text())["services"])
# what stands for something of the reader's own
STAND_INS = {"ID": "1", "OP-…": "OP-1", "NAME": "name", "FILE": "file", "CLIENT": "acme-corp"}


def spans(path):
    """What a book prints as code: a line of a block, or a word in a sentence."""
    text = path.read_text()
    for block in re.findall(r"(?:^    .+\n)+", text, re.M):
        yield from (line.strip().partition(" #")[0] for line in block.splitlines())
    yield from re.findall(r"`([^`\n]+)`", text)


def commands(path):
    for span in spans(path):
        if found := re.search(r"manage\.py ([a-z_]+)(.*)", span.rstrip(".")):
            yield found[1], found[2].strip()


def test_every_command_of_a_book_is_one_and_takes_these_options():
    known, wrong = get_commands(), []
    # what changed is told there in passing
    for path in (each for each in BOOKS if each.name != "CHANGELOG.md"):
        for name, rest in commands(path):
            if name not in known:
                wrong.append(f"{path.name}: {name}")
                continue
            words = [STAND_INS.get(word, word) for word in shlex.split(rest.split(" (")[0].replace("’", ""))]
            if "…" in rest or not words or not words[-1].isascii():
                continue
            parser = load_command_class(known[name], name).create_parser("manage.py", name)
            try:
                parser.parse_args(words)
            except Exception as error:
                # a sentence may name a verb alone
                if not all(word.isidentifier() for word in words):
                    wrong.append(f"{path.name}: manage.py {name} {rest}: {error}")
    assert wrong == []


def test_every_service_that_a_book_names_is_in_compose():
    named = {
        word
        for path in BOOKS
        for span in spans(path)
        for found in re.findall(
            r"docker compose (?:exec|run --rm --no-deps|restart|logs[^\n]*?\d+[hm]?|up -d --wait) ([a-z ]+)", span
        )
        for word in found.split(" python")[0].split(" psql")[0].split()
    }
    assert named - SERVICES == set()


def anchors(path):
    titles = re.findall(r"^#+ (.+)$", path.read_text(), re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("book", BOOKS, ids=lambda path: path.name)
def test_every_link_of_a_book_leads_somewhere(book):
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", book.read_text()):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        path = (book.parent / name).resolve() if name else book
        if not path.exists() or (anchor and anchor not in anchors(path)):
            dead.append(target)
    assert dead == []


def test_the_tests_that_the_recipes_run_are_there():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    chosen = re.findall(r"pytest -n0 (tests/\S+\.py) -k (\w+)", text)
    chosen += [(f"tests/**/{room}/*.py", word) for room, word in re.findall(r"ROOM=(\w+)(?: K=(\w+))?", text)]
    assert chosen
    for where, word in chosen:
        assert any(word in path.read_text() for path in ROOT.glob(where)), (where, word)


def test_every_setting_that_the_book_of_operations_names_is_one():
    named = set(re.findall(r"`([A-Z][A-Z0-9]+_[A-Z0-9_]+)`", (ROOT / "docs/operations.md").read_text()))
    assert named - set(documented()) == set()


def test_what_runs_beside_the_services_starts_none_of_them():
    """Else the engine would first fill the database that is to be restored."""
    wrong = [span for path in BOOKS for span in spans(path) if "docker compose run" in span and "--no-deps" not in span]
    assert wrong == []


def plain(words):
    """Without what typography and the beginning of a line make of them."""
    return re.sub(r"\s", " ", words).replace("‑", "-").casefold()


FRENCH = {
    plain(entry.msgid): plain(entry.msgstr)
    for entry in polib.pofile(settings.LOCALE_PATHS[0] / "fr/LC_MESSAGES/django.po")
}
STAFFS = [ROOT / "docs" / f"{name}.md" for name in ("operations", "support", "backups", "pool", "costs")] + [
    ROOT / "README.md"
]
# *Words of the console* (*Mots de la console*), “an alert” (« une alerte »)
PAIR = re.compile(r"[*“]([^*“”\n]+)[*”] \((?:\*|« )([^*»\n]+?)(?:\*| »)\)")


@pytest.mark.parametrize("book", STAFFS, ids=lambda path: path.name)
def test_the_words_of_the_console_are_in_a_book_as_staff_read_them_in_both_languages(book):
    found = PAIR.findall(book.read_text())
    assert [pair for pair in found if FRENCH.get(plain(pair[0])) != plain(pair[1])] == []


# the menus of Odoo 19 that a customer is led to
ODOOS = {
    *("My Preferences", "Security", "Settings", "Companies", "Apps", "Users", "New", "Action", "Archive"),
    *(
        "Outgoing Mail Servers",
        "Reset Password",
        "Mes préférences",
        "Sécurité",
        "Paramètres",
        "Sociétés",
        "Applications",
    ),
    *("Utilisateurs", "Nouveau", "Archiver", "Serveurs de messagerie sortants", "Réinitialiser le mot de passe"),
}


@pytest.mark.parametrize(("book", "words"), [("customer-guide", FRENCH.keys()), ("guide-client", FRENCH.values())])
def test_a_customer_is_led_to_buttons_that_are_there(book, words):
    text = (ROOT / f"docs/{book}.md").read_text()
    named = {plain(each) for each in re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", re.sub(r"\*\*[^*]+\*\*", "", text))}
    assert named - {plain(each) for each in ODOOS} - set(words) == set()


def test_every_alert_has_its_case_in_the_book_of_operations():
    told = {plain(english) for english, _french in PAIR.findall((ROOT / "docs/operations.md").read_text())}
    assert {plain(untranslated(kind)) for kind in Alert.Kind} - told == set()


def untranslated(kind):
    with override("en"):
        return str(kind.label)
