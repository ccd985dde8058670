"""The books of docs/ on the site: for customers and partners, in their language, with links that lead somewhere."""

import re

import pytest

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


def test_what_is_there_in_english_only_says_so_and_in_which_language_it_is(client):
    page = client.get("/docs/api/").content.decode()
    assert "n’existe qu’en anglais" in page
    assert '<article lang="en">' in page
    assert "en anglais" not in client.get("/en/docs/api/").content.decode()


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
