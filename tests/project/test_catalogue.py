import re

import polib
import pytest
from django.conf import settings

CATALOGUE = settings.LOCALE_PATHS[0] / "fr" / "LC_MESSAGES" / "django"
NARROW, HARD = "\u202f", "\u00a0"
# an address, a command in quotes, a code example or markup has a typography of its own
FOREIGN = re.compile(r"https?://\S+|<[^>]*>|\{[^}]*\}|%\(\w+\)[a-z]|&\w+;|'[^']*'|\b[\w-]+:[\w-]+\b")


@pytest.fixture(scope="module")
def entries():
    return polib.pofile(f"{CATALOGUE}.po")


def texts(entry):
    return [entry.msgstr, *entry.msgstr_plural.values()] if not entry.msgid_plural else entry.msgstr_plural.values()


def test_every_text_is_translated_and_no_translation_is_a_guess(entries):
    assert not entries.metadata_is_fuzzy
    assert [entry.msgid for entry in entries.untranslated_entries()] == []
    assert [entry.msgid for entry in entries.fuzzy_entries()] == []


def test_the_compiled_catalogue_says_what_the_source_says(entries):
    compiled = {
        (entry.msgctxt, entry.msgid): (entry.msgstr, entry.msgstr_plural) for entry in polib.mofile(f"{CATALOGUE}.mo")
    }
    assert compiled == {
        (entry.msgctxt, entry.msgid): (entry.msgstr, entry.msgstr_plural) for entry in entries.translated_entries()
    }


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        ("a narrow no-break space before ; ! ?", rf"[^{NARROW}\s;!?][;!?]|[ {HARD}][;!?]"),
        ("a no-break space before :", rf"(?:[^{HARD}\d]|^):(?=\s|$)"),
        ("narrow no-break spaces inside « »", rf"«(?!{NARROW})|(?<!{NARROW})»"),
        ("the typographic apostrophe", r"(?<=\w)'(?=\w)"),
        ("three dots as one sign", r"\.\.\."),
    ],
)
def test_french_is_typeset_as_french(entries, rule, broken):
    offenders = [
        text for entry in entries for text in texts(entry) if re.search(broken, FOREIGN.sub("", text), re.MULTILINE)
    ]
    assert offenders == [], rule


def test_no_line_of_a_page_breaks_within_the_word_for_an_email(entries):
    pages = ("templates/web/", "templates/404", "tenants/web/")
    shown = [entry.msgstr for entry in entries if any(place.startswith(pages) for place, _line in entry.occurrences)]
    assert [text for text in shown if re.search("[Ee]-mail", text)] == []


def test_translations_keep_the_placeholders(entries):
    placeholder = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")
    for entry in entries.translated_entries():
        wanted = set(placeholder.findall(entry.msgid)) | set(placeholder.findall(entry.msgid_plural))
        for text in texts(entry):
            assert set(placeholder.findall(text)) == wanted, entry.msgid
