"""The widget on a partner's own site: another origin, a real browser."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.conf import settings as live

from tenants.limits import captcha
from tenants.models import ApiKey, Instance, Partner
from tenants.services import keys, partners
from tests import factories
from tests.provisioning.hooks.partner_site import PartnerSite

# what JSX and React’s three functions come to, without a build step or a network: the documented component is
# mounted, taken away and mounted again as strict mode does
REACT = """
let effects = [];
const h = (name, { ref }) => { const made = document.createElement(name); ref.current = made; return made; };
const useRef = (current) => ({ current });
const useEffect = (effect) => effects.push(effect);
%s
const made = EazynovaForm({ publishableKey: "%s", language: "en" });
document.querySelector("h2").after(made);
for (const effect of effects) { effect()(); effect(); }
"""


@pytest.fixture
def partner_site(site):
    """A page of the partner's with a rude style sheet, and a place to put the widget's script tag."""

    class Handler(BaseHTTPRequestHandler):
        markup = ""

        def do_GET(self):
            style = "<style>input{display:none!important}</style>"
            body = f"<!doctype html><html lang=fr>{style}<h2>Alice</h2>{self.markup}"
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Handler, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def embed(site, partner_site, origins, seller=lambda partner: partner):
    handler, origin = partner_site
    partner = factories.make_partner(allowed_origins=origins(origin))
    _row, key = keys.issue(seller(partner), kind=ApiKey.Kind.PUBLISHABLE)
    source = f"{site}/static/js/widget/eazynova.js"
    handler.markup = f'<script src="{source}" data-key="{key}" data-plan="demo" data-color="#0a7d4f"></script>'
    return partner, origin


def order(page, origin):
    page.goto(origin)
    page.fill("#company", "Boulangerie d’Alice")
    page.fill("#email", "alice@pain.example")
    page.click("button")


def test_a_visitor_of_a_partner_orders_there_without_cookies_or_leaking_styles(site, partner_site, visitor):
    partner, origin = embed(site, partner_site, lambda origin: [origin])
    page = visitor()
    order(page, origin)
    page.wait_for_selector(".done")
    instance = Instance.objects.get()
    assert (instance.client_name, instance.tenant.partner) == ("boulangerie-d-alice", partner)
    assert page.context.cookies() == []
    assert page.evaluate("getComputedStyle(document.querySelector('h2')).fontSize") == "24px"
    assert page.goto(page.get_attribute(".done a", "href")).status == 200


def test_with_a_key_of_test_mode_the_form_says_that_nothing_is_real_and_orders_there(
    site, partner_site, visitor, sandbox_of_tests
):
    partner, origin = embed(site, partner_site, lambda origin: [origin], partners.in_test_mode)
    page = visitor()
    page.goto(origin)
    assert "Mode test" in page.inner_text("form")
    order(page, origin)
    page.wait_for_selector(".done")
    instance = Instance.objects.get()
    assert (instance.mode, instance.tenant.partner.test_of) == ("test", partner)
    page.goto(page.get_attribute(".done a", "href"))
    assert "instance de test" in page.inner_text("main")


# what a partner's page may do to its own elements, before and after the widget's tag
RUDE = """<style>
html{font-size:4px} * {letter-spacing:9px;text-transform:uppercase;line-height:3;color:red}
div,form,label,button,p,h2{font:italic 40px serif;text-align:right;visibility:hidden;margin:50px;padding:50px}
</style>"""
LOOK = """[...document.querySelector("[data-eazynova]").shadowRoot.querySelectorAll("form, form *")].map((each) => {
  const style = getComputedStyle(each);
  return [...style].filter((name) => !/origin|inline-size|block-size|width|height/.test(name))
    .map((name) => `${each.tagName} ${name}: ${style[name]}`);
}).flat()"""


def test_the_form_looks_the_same_on_the_rudest_page_and_leaves_that_page_alone(site, partner_site, visitor):
    _partner, origin = embed(site, partner_site, lambda origin: [origin])
    page, outside = visitor(), "getComputedStyle(document.querySelector('h2')).font"
    page.goto(origin)
    calm = page.evaluate(LOOK)
    handler, tag = partner_site[0], partner_site[0].markup
    handler.markup = RUDE
    page.goto(origin)
    alone = page.evaluate(outside)
    handler.markup = RUDE + tag
    page.goto(origin)
    assert set(page.evaluate(LOOK)) ^ set(calm) == set()
    assert page.locator("#company").bounding_box()["width"] > 300
    assert page.evaluate(outside) == alone


def test_the_form_speaks_the_language_that_the_partner_chose_whatever_the_browser_speaks(site, partner_site, visitor):
    _partner, origin = embed(site, partner_site, lambda origin: [origin])
    partner_site[0].markup = partner_site[0].markup.replace("<script ", '<script data-language="fr" ')
    page = visitor(locale="en-GB")
    page.goto(origin)
    page.fill("#company", "Boulangerie d’Alice")
    page.fill("#email", "alice@pain")
    page.click("button")
    page.wait_for_selector("#email-error:not(:empty)")
    assert "adresse" in page.inner_text("#email-error"), "the server's words: a browser takes this address"


def test_what_was_agreed_with_the_partner_is_not_told_to_the_visitor(site, partner_site, visitor):
    partner, origin = embed(site, partner_site, lambda origin: [origin])
    Partner.objects.filter(pk=partner.pk).update(quota=0)
    page = visitor()
    order(page, origin)
    page.wait_for_selector("[role=alert]:not(:empty)")
    assert "réessayer plus tard" in page.inner_text("[role=alert]")


def test_whoever_puts_the_form_into_a_page_that_is_not_allowed_reads_why_in_the_browsers_console(
    site, partner_site, visitor
):
    _partner, origin = embed(site, partner_site, lambda _origin: ["https://elsewhere.example"])
    page, said = visitor(), []
    page.on("console", lambda message: said.append(message.text))
    order(page, origin)
    page.wait_for_selector("[role=alert]:not(:empty)")
    assert any(f"Is {origin} among the allowed origins" in each for each in said)


def test_the_sixth_order_on_a_partners_site_is_told_when_to_come_back(site, partner_site, visitor, settings):
    settings.SIGNUP_RATE = "1/h"
    _partner, origin = embed(site, partner_site, lambda origin: [origin])
    page = visitor()
    order(page, origin)
    page.wait_for_selector(".done")
    order(page, origin)
    page.wait_for_selector("[role=alert]:not(:empty)")
    assert re.search(r"Revenez après \d+\xa0h\xa0\d\d", page.inner_text("[role=alert]"))
    assert page.input_value("#company") == "Boulangerie d’Alice"


TURNSTILE = "window.turnstile = {render: (place, {callback}) => setTimeout(() => callback('solved'), 50)};"


def test_where_a_proof_is_asked_the_widget_shows_the_challenge_and_orders_when_it_is_solved(
    site, partner_site, visitor, settings, monkeypatch
):
    settings.TURNSTILE_SITE_KEY, settings.TURNSTILE_SECRET_KEY = "site-key", "turnstile-secret"
    _partner, origin = embed(site, partner_site, lambda origin: [origin])
    page = visitor()
    page.route(
        "https://challenges.cloudflare.com/**",
        lambda route: route.fulfill(body=TURNSTILE, content_type="text/javascript"),
    )
    with PartnerSite(status=200, body=b'{"success": true}') as cloudflare:
        monkeypatch.setattr(captcha, "VERIFY_URL", cloudflare.url)
        order(page, origin)
        page.wait_for_selector(".done")
    assert Instance.objects.count() == 1
    assert b"response=solved" in cloudflare.received[0][2]


def test_a_site_that_the_partner_has_not_named_gets_a_sentence_and_no_instance(site, partner_site, visitor):
    _partner, origin = embed(site, partner_site, lambda origin: ["https://elsewhere.example"])
    page = visitor()
    order(page, origin)
    page.wait_for_selector("[role=alert]:not(:empty)")
    assert not Instance.objects.exists()


def documented(heading, site):
    text = (Path(live.BASE_DIR) / "docs" / "widget.md").read_text(encoding="utf-8")
    code = text.split(f"## {heading}\n", 1)[1]
    lines = [line[4:] for line in code.splitlines() if line.startswith("    ")]
    return "\n".join(lines).replace("https://portal.example.com", site)


def allowed(partner_site):
    """A publishable key of a partner whose page, at another origin than ours, holds nothing yet."""
    partner = factories.make_partner(allowed_origins=[partner_site[1]])
    return keys.issue(partner, kind=ApiKey.Kind.PUBLISHABLE)[1]


def test_the_documented_fetch_orders_and_leads_to_the_progress_page(site, partner_site, visitor):
    key = allowed(partner_site)
    code = documented("With fetch", site).split("import { useEffect")[0].replace("eaz_pub_…", key)
    page = visitor()
    page.goto(partner_site[1])
    page.evaluate(f"(async () => {{ {code} }})()")
    page.wait_for_url(re.compile("/instances/boulangerie-martin-"))
    assert "Votre Odoo" in page.inner_text("h1")
    assert Instance.objects.get().admin_email == "claire@martin.example"


def test_the_documented_react_component_shows_one_form_even_when_it_is_mounted_twice(site, partner_site, visitor):
    key = allowed(partner_site)
    component = documented("With React", site).split("\n", 1)[1].replace("export ", "")
    component = component.replace("<div ref={place} />", 'h("div", { ref: place })')
    page = visitor()
    page.goto(partner_site[1])
    with page.expect_response("**/eazynova.js"):
        page.evaluate(f"(() => {{ {REACT % (component, key)} }})()")
    page.wait_for_selector("[data-eazynova] #company")
    page.wait_for_load_state("networkidle")
    assert page.locator("[data-eazynova]").count() == 1
    assert page.inner_text("button") == "Create my Odoo"


def test_an_order_whose_answer_got_lost_is_asked_for_again_and_made_once(site, partner_site, visitor):
    _partner, origin = embed(site, partner_site, lambda origin: [origin])
    page = visitor()

    def lose(route):
        route.fetch()
        route.abort()

    page.route("**/api/instances", lose, times=1)
    order(page, origin)
    page.wait_for_selector("[role=alert]:not(:empty)")
    assert "réessayer" in page.inner_text("[role=alert]")
    page.click("button")
    page.wait_for_selector(".done")
    assert Instance.objects.get().client_name == "boulangerie-d-alice"


def test_offline_and_a_double_click_cost_nothing(site, partner_site, visitor):
    _partner, origin = embed(site, partner_site, lambda origin: [origin])
    page = visitor()
    page.goto(origin)
    page.fill("#company", "Boulangerie d’Alice")
    page.fill("#email", "alice@pain.example")
    page.context.set_offline(True)
    page.click("button")
    page.wait_for_selector("[role=alert]:not(:empty)")
    assert page.input_value("#company") == "Boulangerie d’Alice"
    page.context.set_offline(False)
    page.dblclick("button")
    page.wait_for_selector(".done")
    assert Instance.objects.count() == 1


def test_the_button_has_the_partners_colour_and_a_page_can_hear_of_the_order(site, partner_site, visitor):
    _partner, origin = embed(site, partner_site, lambda origin: [origin])
    page = visitor()
    page.goto(origin)
    assert (
        page.evaluate(
            "getComputedStyle(document.querySelector('[data-eazynova]').shadowRoot.querySelector('button'))"
            ".backgroundColor"
        )
        == "rgb(10, 125, 79)"
    )
    page.evaluate("addEventListener('eazynova:created', (event) => { window.heard = event.detail.instanceId; })")
    page.fill("#company", "Boulangerie d’Alice")
    page.fill("#email", "alice@pain.example")
    page.click("button")
    page.wait_for_function("window.heard")
    assert page.evaluate("window.heard") == Instance.objects.get().public_id
