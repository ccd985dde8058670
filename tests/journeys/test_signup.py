"""A visitor's way from a company name to an open Odoo, in a real browser."""

import re
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from email.policy import default

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe

from provisioning.models import Operation
from tenants.models import Instance
from tests import factories
from tests.journeys import states
from tests.processes import until

PATIENCE = 90_000
SEEN = "what a browser makes of the form; the orders that are sent are tried above on both"


# what a screen reader is told
LISTEN = """window.said = []; new MutationObserver(() => said.push(news.textContent)).observe(
  document.querySelector("[role=status]"), { childList: true, characterData: true, subtree: true })"""


def fill(page, site, company="Café de l’Étoile", email="marie@etoile.example"):
    page.goto(site)
    page.fill("#id_company", company)
    page.fill("#id_email", email)


def send(page):
    page.click("form button.main")


def log_in(url, instance, password):
    params = {"db": instance.database_name, "login": instance.admin_email, "password": password}
    body = {"jsonrpc": "2.0", "method": "call", "params": params}
    return httpx.post(f"{url}/web/session/authenticate", json=body).json().get("result", {}).get("uid")


def violations(page):
    found = Axe().run(page).response["violations"]
    return [(violation["id"], violation["nodes"][0]["html"][:120]) for violation in found]


def test_a_visitor_signs_up_watches_and_logs_in_with_the_password_shown(site, worker, visitor):
    page = visitor()
    fill(page, site)
    page.wait_for_selector("#client_name-help strong")
    assert page.inner_text("#client_name-help strong") == "eazynova-cafe-de-l-etoile.up.railway.app"
    assert page.get_attribute("#id_client_name", "placeholder") == "cafe-de-l-etoile"
    send(page)
    page.wait_for_url(re.compile(r"/instances/cafe-de-l-etoile-"))
    page.evaluate(LISTEN)
    page.wait_for_selector("[data-reveal]", timeout=PATIENCE)
    assert "Votre Odoo est prêt" in page.evaluate("said").pop(), "what has changed is announced"
    assert "Votre Odoo est prêt" in page.inner_text("h1")
    assert not page.is_visible("#password")
    page.click("[data-reveal] [type=submit]")
    page.wait_for_selector("#password:visible")
    instance = Instance.objects.get()
    assert log_in(instance.url, instance, page.inner_text("#password"))
    assert violations(page) == []
    until(lambda: worker.is_dir() and list(worker.iterdir()), "the welcome e-mail")
    welcome = message_from_bytes(next(worker.iterdir()).read_bytes(), policy=default)
    link = re.search(r"http\S+/instances/\S+", welcome.get_body(("plain",)).get_content())[0]
    assert page.goto(link).status == 200


def test_everything_works_without_javascript(site, worker, visitor):
    page = visitor(java_script_enabled=False)
    fill(page, site, "Atelier Sans Script")
    send(page)
    page.wait_for_selector("[data-reveal]", timeout=PATIENCE)
    page.click("[data-reveal] [type=submit]")
    page.wait_for_selector("#password")
    instance = Instance.objects.get()
    assert log_in(instance.url, instance, page.inner_text("#password"))


@pytest.mark.any_store(SEEN)
def test_a_failing_deployment_is_told_in_words_and_with_a_reference(site, worker, visitor, sandbox):
    sandbox.faults.add(kind="failed", service="odoo")
    page = visitor(locale="en-GB")
    fill(page, site, "Unlucky Ltd")
    send(page)
    page.wait_for_selector("text=The creation has stopped", timeout=PATIENCE)
    assert page.inner_text(".facts code") == Operation.objects.get().reference
    assert violations(page) == []


def test_a_double_click_the_back_button_and_a_reload_create_nothing_twice(site, visitor):
    page = visitor()
    fill(page, site, "Une Seule")
    page.dblclick("form button.main")
    page.wait_for_url(re.compile("/instances/"))
    first = page.url
    page.reload()
    page.go_back()
    page.fill("#id_company", "Une Seule")
    page.fill("#id_email", "marie@etoile.example")
    send(page)
    page.wait_for_url(re.compile("/instances/"))
    assert page.url == first
    assert Instance.objects.count() == 1


def test_the_same_form_sent_at_the_same_moment_leads_everybody_to_one_instance(site, visitor):
    page = visitor(java_script_enabled=False)
    fill(page, site, "Une Seule")
    form = page.evaluate("Object.fromEntries(new FormData(document.getElementById('form')))")
    with ThreadPoolExecutor(4) as hands:
        answers = list(hands.map(lambda _hand: httpx.post(f"{site}/signup", data=form), range(4)))
    assert {answer.status_code for answer in answers} == {302}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert Instance.objects.count() == 1


@pytest.mark.any_store(SEEN)
def test_the_sixth_attempt_is_told_when_to_come_back(site, visitor):
    for number in range(5):
        order = {"company": f"Acme {number}", "email": f"a@acme-{number}.example", "plan": "demo"}
        assert httpx.post(f"{site}/signup", json=order).status_code == 202
    page = visitor()
    fill(page, site, "Sixième")
    send(page)
    page.wait_for_selector("text=Revenez après")
    assert violations(page) == []
    assert Instance.objects.count() == 5


@pytest.mark.any_store(SEEN)
def test_a_taken_address_is_told_while_typing_and_a_free_one_is_a_press_away(site, visitor):
    factories.order_instance("acme")
    page = visitor(viewport={"width": 320, "height": 700})
    fill(page, site, "Acme Conseil")
    page.focus("#id_client_name")
    page.keyboard.type("acme")
    page.wait_for_selector("#client_name-help button")
    assert "Cette adresse est déjà prise" in page.inner_text("#client_name-help")
    assert page.locator("#client_name-help button").all_inner_texts() == ["acme-conseil", "acme-2", "acme-pro"]
    assert page.get_attribute("#id_client_name", "aria-invalid") == "true"
    assert page.get_attribute("#client_name-help", "aria-live") == "polite"
    assert violations(page) == []
    for key in ("Tab", "Tab", "Enter"):
        page.keyboard.press(key)
    page.wait_for_selector("#client_name-help strong")
    assert page.inner_text("#client_name-help") == "Cette adresse est libre\u00a0: eazynova-acme-2.up.railway.app"
    assert page.evaluate("document.activeElement.value") == "acme-2"
    assert page.get_attribute("#id_client_name", "aria-invalid") == "false"
    page.click("button[lang=en]")
    page.wait_for_selector("text=This address is free: eazynova-acme-2")
    send(page)
    page.wait_for_url(re.compile("/instances/acme-2-"))
    page.go_back()
    assert page.input_value("#id_client_name") == "acme-2"


@pytest.mark.any_store(SEEN)
def test_a_hint_that_cannot_be_asked_for_says_nothing_wrong(site, visitor):
    page = visitor()
    fill(page, site, "Acme")
    page.wait_for_selector("#client_name-help strong")
    page.route("**/availability*", lambda route: route.fulfill(status=429, body="{}"))
    with page.expect_response("**/availability*"):
        page.fill("#id_company", "Acme et fils")
    page.wait_for_selector("#client_name-help:not(:has(strong))")
    assert page.get_attribute("#id_client_name", "placeholder") == ""


def test_without_javascript_a_taken_address_is_told_when_the_form_is_sent(site, visitor):
    factories.order_instance("acme")
    page = visitor(java_script_enabled=False)
    fill(page, site, "Acme Conseil")
    page.fill("#id_client_name", "acme")
    send(page)
    assert "Encore libres\u00a0: acme-conseil, acme-2, acme-pro." in page.inner_text("#client_name-error")
    page.fill("#id_client_name", "acme-2")
    send(page)
    page.wait_for_url(re.compile("/instances/acme-2-"))


def test_an_address_that_was_taken_before_it_was_confirmed_is_chosen_anew(site, visitor):
    page = visitor()
    page.goto(f"{site}/confirm/{states.confirmation_token('fr', client_name='etoile')}/")
    assert not page.locator("#id_client_name").count()
    factories.order_instance("etoile")
    send(page)
    page.wait_for_selector("#summary:focus")
    assert violations(page) == []
    page.click("#client_name-help button >> nth=1")
    page.wait_for_selector("#client_name-help strong")
    send(page)
    page.wait_for_url(re.compile("/instances/etoile-2-"))


@pytest.mark.any_store(SEEN)
def test_an_error_leads_to_its_field_and_the_page_can_be_read_in_the_other_language(site, visitor):
    page = visitor()
    page.goto(site)
    page.evaluate("for (const each of document.querySelectorAll('[name=plan]')) each.checked = false")
    page.fill("#id_company", "Acme")
    send(page)
    page.click("#summary a[href='#id_plan']")
    assert page.evaluate("document.activeElement.name") == "plan"
    page.click("button[lang=en]")
    assert "Your own Odoo" in page.inner_text("h1")
    assert page.input_value("#id_company") == "Acme"


def test_a_double_click_on_the_confirmation_leads_to_the_progress_page(site, visitor):
    page = visitor()
    page.goto(f"{site}/confirm/{states.confirmation_token('fr')}/")
    page.dblclick("form button.main")
    page.wait_for_selector(".steps")
    assert Instance.objects.count() == 1


@pytest.mark.any_store(SEEN)
def test_on_a_phone_the_form_comes_first_and_a_price_is_never_broken(site, visitor):
    page = visitor(viewport={"width": 320, "height": 700})
    page.goto(site)
    assert page.evaluate("document.querySelector('#form').getBoundingClientRect().top") < 700
    assert page.evaluate("[...document.querySelectorAll('.price')].every((each) => each.getClientRects().length === 1)")


@pytest.mark.any_store(SEEN)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_form_and_its_errors_take_the_focus(site, visitor, scheme):
    page = visitor(color_scheme=scheme, viewport={"width": 390, "height": 844})
    page.goto(site)
    assert violations(page) == []
    send(page)
    page.wait_for_selector("#summary:focus")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.any_store(SEEN)
@pytest.mark.parametrize("scripts", [True, False])
def test_enter_in_a_field_sends_the_form(site, visitor, scripts):
    page = visitor(java_script_enabled=scripts)
    fill(page, site, "Entrée")
    page.press("#id_client_name", "Enter")
    page.wait_for_url(re.compile("/instances/entree-"))


@pytest.mark.any_store(SEEN)
def test_the_whole_form_is_filled_and_sent_by_keyboard(site, visitor):
    page = visitor()
    page.goto(site)
    page.focus("#id_company")
    for keys in ("Clavier", "", "c@clavier.example"):
        page.keyboard.type(keys)
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    for _ in range(2):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/instances/clavier-"))
    assert Instance.objects.get().plan.code == "starter"
    assert violations(page) == []
