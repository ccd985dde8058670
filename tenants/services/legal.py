"""The operator's legal texts: files that people write, each in French and English, with a version.

In LEGAL_FOLDER: ``notice.fr.txt``, ``terms.fr.txt``, ``privacy.fr.txt`` and the same with ``.en.``. Their first line is
``Version: 2026-11-01``; ``# `` and ``## `` begin headings, ``- `` points, an empty line a new paragraph.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

KINDS = ("notice", "terms", "privacy")
MARKS = {"# ": "title", "## ": "heading", "- ": "point"}
VERSION = "Version:"
LONGEST_VERSION = 40


@dataclass(frozen=True)
class Document:
    """``blocks`` are pairs of a kind (title, heading, point, text) and its words."""

    kind: str
    language: str
    version: str
    blocks: tuple[tuple[str, str], ...]

    @property
    def title(self) -> str:
        return next((words for kind, words in self.blocks if kind == "title"), "")


def current(kind: str, language: str) -> Document | None:
    """The text as it is now, in this language, else in the other; None when the operator has written none."""
    if not settings.LEGAL_FOLDER or kind not in KINDS:
        return None
    for code in dict.fromkeys((language, "fr", "en")):
        path = Path(settings.LEGAL_FOLDER) / f"{kind}.{code}.txt"
        if path.is_file():
            return _read(kind, code, path.read_text(encoding="utf-8"))
    return None


def present() -> tuple[str, ...]:
    """The kinds that the operator has written."""
    return tuple(kind for kind in KINDS if current(kind, settings.LANGUAGE_CODE) is not None)


def terms_version() -> str:
    """What an order agrees to; empty while there are no terms."""
    terms = current("terms", settings.LANGUAGE_CODE)
    return terms.version if terms else ""


def _read(kind: str, language: str, text: str) -> Document:
    lines = text.splitlines()
    told = lines[0].partition(VERSION)[2].strip() if lines and lines[0].startswith(VERSION) else ""
    # a text without a version is known by what it says
    version = told[:LONGEST_VERSION] or hashlib.sha256(text.encode()).hexdigest()[:12]
    return Document(kind, language, version, tuple(_blocks(lines[1:] if told else lines)))


def _blocks(lines: list[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    open_text = False
    for line in (each.strip() for each in lines):
        mark = next((mark for mark in MARKS if line.startswith(mark)), "")
        if mark:
            found.append((MARKS[mark], line.removeprefix(mark)))
        elif line and open_text:
            found[-1] = ("text", f"{found[-1][1]} {line}")
        elif line:
            found.append(("text", line))
        open_text = bool(line) and not mark
    return found
