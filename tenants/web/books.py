"""The books of customers and partners: the files of docs/, at an address in each language."""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.views.decorators.http import require_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tenants.web.language import in_language
from tenants.web.selling import address_of

# the file in each language
BOOKS = {
    "customer_guide": {"fr": "guide-client.md", "en": "customer-guide.md"},
    "partner_guide": {"fr": "guide-partenaire.md", "en": "partner-guide.md"},
    "api_guide": {"fr": "guide-api.md", "en": "api.md"},
    "widget_guide": {"fr": "guide-widget.md", "en": "widget.md"},
}
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True)
class Page:
    """``contents`` are the identifier and the words of each chapter."""

    title: str
    body: SafeString
    contents: tuple[tuple[str, str], ...]


@require_safe
@in_language
def shelf(request: HttpRequest) -> HttpResponse:
    """All of them, with what each is for."""
    language = _language()
    found = [(address_of(name, language), page_of(name, language)) for name in BOOKS]
    return render(request, "web/books.html", {"books": found})


@require_safe
@in_language
def book(request: HttpRequest, name: str) -> HttpResponse:
    language = _language()
    return render(request, "web/book.html", {"page": page_of(name, language), "shelf": address_of("books", language)})


@lru_cache
def page_of(name: str, language: str) -> Page:
    """Read once by each process."""
    text = (settings.BASE_DIR / "docs" / BOOKS[name][language]).read_text(encoding="utf-8")
    tokens = MARKDOWN.parse(text)
    headings = [(mark, words) for mark, words in pairwise(tokens) if mark.type == "heading_open"]
    for mark, words in headings:
        mark.attrSet("id", _identifier(words.content))
    for token in tokens:
        _lead(token.children or [], language)
    [title] = [words.content for mark, words in headings if mark.tag == "h1"]
    contents = tuple((str(mark.attrGet("id")), words.content) for mark, words in headings if mark.tag == "h2")
    # the files are ours, and HTML in them is shown as text
    body = mark_safe(MARKDOWN.renderer.render(tokens, MARKDOWN.options, {}))  # noqa: S308
    return Page(title, body, contents)


def _lead(tokens: list[Token], language: str) -> None:
    """Let links to other files lead to their pages; to those that only the repository has, nowhere."""
    pages = {file: name for name, files in BOOKS.items() for file in files.values()}
    for token in tokens:
        target = str(token.attrGet("href") or "")
        file, _, place = target.partition("#")
        if file in pages:
            token.attrSet("href", address_of(pages[file], language) + (f"#{place}" if place else ""))
        elif file.endswith(".md"):
            token.attrs.pop("href")


def _identifier(words: str) -> str:
    """As GitHub makes it, where the same files are read."""
    return re.sub(r"[^\w -]", "", words.lower()).replace(" ", "-")


def _language() -> str:
    return (get_language() or "fr")[:2]
