"""Who sells, under which terms, in which language: what a visitor may know before ordering."""

import re
import xml.etree.ElementTree as ET
from decimal import Decimal

import pytest
from django.utils import translation

from tenants.mail_domains import COMMON, likely
from tenants.models import Agreement, Instance, Plan
from tenants.wording import prices

pytestmark = pytest.mark.django_db
FORM = {"company": "Café Étoile", "email": "marie@etoile.example", "plan": "demo", "language": "fr"}


@pytest.fixture(autouse=True)
def _at_once(settings):
    settings.SIGNUP_MIN_SECONDS = 0


@pytest.fixture
def _written(settings, tmp_path):
    settings.LEGAL_FOLDER = str(tmp_path)
    settings.SELLER_NAME, settings.SELLER_ADDRESS = "EAZYNOVA SAS", "1 rue de la Paix, 75002 Paris"
    settings.HOSTED_BY = "Railway, Amsterdam"
    (tmp_path / "terms.fr.txt").write_text("Version: 2026-11-01\n# Conditions\n\nUn & deux.\n\n- Un point <b>\n")
    (tmp_path / "terms.en.txt").write_text("Version: 2026-11-02\n# Terms\n\nOne.\n")


def ticket(page):
    return re.search(r'name="ticket"[^>]*value="([^"]+)"', page.content.decode())[1]


def send(client, path="/signup", **changes):
    return client.post(path, FORM | {"ticket": ticket(client.get("/"))} | changes)


@pytest.mark.usefixtures("_written")
def test_the_foot_names_the_seller_and_leads_to_what_the_operator_has_written(client):
    page = client.get("/").content.decode()
    assert "EAZYNOVA SAS, 1 rue de la Paix" in page
    assert 'href="/conditions/"' in page
    assert "/confidentialite/" not in page, "there is no such text"
    terms = client.get("/conditions/").content.decode()
    assert "<h1>Conditions</h1>" in terms
    assert "Un &amp; deux." in terms
    assert "&lt;b&gt;" in terms
    assert "Version 2026-11-01" in terms
    assert "<h1>Terms</h1>" in client.get("/en/terms/").content.decode()
    assert "EAZYNOVA SAS" in client.get("/mentions-legales/").content.decode()
    assert client.get("/confidentialite/").status_code == 404


def test_without_texts_and_seller_there_is_no_page_that_pretends(client):
    assert client.get("/mentions-legales/").status_code == 404
    assert "/conditions/" not in client.get("/").content.decode()


@pytest.mark.usefixtures("_written")
def test_what_was_agreed_is_kept_as_it_was(client):
    assert send(client).status_code == 302
    row = Agreement.objects.get()
    Plan.objects.filter(code="demo").update(price_per_month=Decimal(99))
    row.refresh_from_db()
    assert (row.terms_version, row.email, row.network) == ("2026-11-01", FORM["email"], "127.0.0.0/24")
    assert row.price_per_month == Decimal(0)


def test_english_has_an_address_of_its_own_and_each_page_names_the_other(client, settings):
    settings.PUBLIC_BASE_URL = "https://portal.example"
    page = client.get("/en/", headers={"Accept-Language": "fr"}).content.decode()
    assert '<html lang="en">' in page
    assert '<link rel="canonical" href="https://portal.example/en/">' in page
    assert 'hreflang="fr" href="https://portal.example/"' in page
    assert 'action="/en/signup"' in page
    home = client.get("/", headers={"Accept-Language": "en"}).content.decode()
    assert '<link rel="canonical" href="https://portal.example/en/">' in home


@pytest.mark.usefixtures("_written")
def test_the_sitemap_lists_each_page_in_both_languages(client, settings):
    settings.PUBLIC_BASE_URL = "https://portal.example"
    places = {
        each.text for each in ET.fromstring(client.get("/sitemap.xml").content).iter() if each.tag.endswith("loc")
    }
    pages = ["/", "/en/", "/conditions/", "/en/terms/"]
    assert {f"https://portal.example{path}" for path in (*pages, "/docs/", "/en/docs/")} < places
    assert not any("confidentialite" in place for place in places)
    assert "Sitemap: https://portal.example/sitemap.xml" in client.get("/robots.txt").content.decode()


def test_changing_the_language_keeps_what_was_typed_and_orders_nothing(client):
    number = ticket(client.get("/"))
    page = client.post("/en/", FORM | {"company": "Café <Étoile>", "ticket": number})
    text = page.content.decode()
    assert '<html lang="en">' in text
    assert 'value="Café &lt;Étoile&gt;"' in text
    assert 'value="marie@etoile.example"' in text
    assert ticket(page) == number
    assert not Instance.objects.exists()
    assert client.cookies["django_language"].value == "en"


def test_an_order_in_english_goes_on_in_english(client):
    answer = send(client, "/en/signup", language="en")
    assert client.cookies["django_language"].value == "en"
    assert answer.status_code == 302


@pytest.mark.parametrize("typed", ["marie@gmial.com", "marie@hotmail.con", "marie@orange.rf", "marie@gmai.com",
                                   "marie@outlok.fr", "marie@yahooo.fr"])  # fmt: skip
def test_a_slip_in_a_common_domain_is_asked_about_once(client, typed):
    asked = send(client, email=typed)
    assert asked.status_code == 422
    assert likely(typed) in asked.content.decode()
    form = FORM | {"email": typed, "ticket": ticket(asked), "asked_about": typed}
    assert client.post("/signup", form).status_code == 302
    assert Instance.objects.get().admin_email == typed


RIGHT = ["a@etoile.example", "a@free.org", "a@mycompany.com", "a@g.fr", "a@company.fr", "a@mel.com"]


@pytest.mark.parametrize("email", [*(f"marie@{domain}" for domain in COMMON), *RIGHT])
def test_nobody_is_asked_about_an_address_that_looks_right(email):
    assert likely(email) == ""


@pytest.mark.parametrize(("tax", "french", "english"), [
    ("excluded", "49,00\u00a0€\u00a0HT\u00a0/\u00a0mois", "€49.00 excl. tax / month"),
    ("included", "49,00\u00a0€\u00a0TTC\u00a0/\u00a0mois", "€49.00 incl. tax / month"),
    ("", "49,00\u00a0€\u00a0/\u00a0mois", "€49.00 / month"),
])  # fmt: skip
def test_a_price_says_what_it_holds(settings, tax, french, english):
    settings.PRICES_TAX = tax
    for language, words in (("fr", french), ("en", english)):
        with translation.override(language):
            assert prices.offered(Decimal(49), "EUR") == words
