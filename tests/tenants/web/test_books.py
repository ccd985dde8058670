"""The books of docs/ on the site: for customers and partners, in their language, with links that lead somewhere."""

import re

import pytest
from django.conf import settings

from tenants.web import books

pytestmark = pytest.mark.django_db
ADDRESSES = [books.address_of(name, language) for name in ("books", *books.BOOKS) for language in ("fr", "en")]


def test_the_foot_of_every_page_leads_to_all_guides(client):
    assert 'href="/docs/"' in client.get("/").content.decode()
    assert 'href="/en/docs/"' in client.get("/en/").content.decode()
    shelf = client.get("/docs/").content.decode()
    for name in books.BOOKS:
        assert f'href="{books.address_of(name, "fr")}"' in shelf


def test_a_customer_reads_the_guide_in_french_and_in_english(client):
    french = client.get("/docs/guide-client/").content.decode()
    assert "<h1 id=" in french
    assert "Le premier jour" in french
    assert 'hreflang="en" href="http://testserver/en/docs/customer-guide/"' in french
    assert "The first day" in client.get("/en/docs/customer-guide/").content.decode()


def chapters(book):
    """How many of each depth: they follow each other alike in both languages."""
    return re.findall(r"^(#+) ", re.sub(r"^```.*?^```", "", written(book), flags=re.M | re.S), re.M)


def written(book):
    return (settings.BASE_DIR / "docs" / book).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", books.BOOKS)
def test_a_guide_has_the_same_chapters_in_both_languages(name):
    files = books.BOOKS[name]
    assert chapters(files["fr"]) == chapters(files["en"])


def test_the_samples_of_the_french_guides_are_those_that_are_tried_in_english():
    samples = re.compile(r"^```(?:bash|python|javascript|php)\n.*?^```", re.M | re.S)
    assert samples.findall(written("guide-api.md")) == samples.findall(written("api.md"))
    indented = re.compile(r"(?:^    .+\n|^\n(?=    ))+", re.M)
    assert indented.findall(written("guide-widget.md")) == indented.findall(written("widget.md"))


def test_the_guide_of_the_api_lists_the_same_calls_in_both_languages():
    calls = re.compile(r"`((?:GET|POST|PATCH|PUT|DELETE) [^`]*)`")
    # the errors have a page of their own, in both languages
    english = re.sub(r"^\| `\w+` \| \d{3} \|.*\n", "", written("api.md"), flags=re.M)
    assert set(calls.findall(written("guide-api.md"))) == set(calls.findall(english))


@pytest.mark.parametrize("book", [files["fr"] for files in books.BOOKS.values()])
def test_a_french_guide_breaks_no_line_before_a_sign(book):
    prose = re.sub(r"^```.*?^```|^    [^\n]*$|`[^`\n]*`", "", written(book), flags=re.M | re.S)
    assert re.findall(r".{20} [;!?:»%](?!\w)|.{20}[«] .{5}", prose) == []


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_link_of_a_book_leads_to_a_page_and_to_a_place_in_it(client, address):
    page = client.get(address)
    assert page.status_code == 200
    html = page.content.decode()
    assert ".md" not in "".join(re.findall(r'href="[^"]*"', html))
    for path, place in re.findall(r'href="(/[^"#]*)?(?:#([\w-]+))?"', re.search("<main.*</main>", html, re.S)[0]):
        there = client.get(path, follow=True).content.decode() if path else html
        assert not place or f'id="{place}"' in there, (path, place)


def test_a_book_shows_markup_and_never_runs_it(client):
    assert "&lt;script src=" in client.get("/docs/widget/").content.decode()
