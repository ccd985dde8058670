"""The widget on a partner's own site: another origin, a real browser."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tenants.models import ApiKey, Instance
from tenants.services import keys
from tests import factories


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


def embed(site, partner_site, origins):
    handler, origin = partner_site
    partner = factories.make_partner(allowed_origins=origins(origin))
    _row, key = keys.issue(partner, kind=ApiKey.Kind.PUBLISHABLE)
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


def test_a_site_that_the_partner_has_not_named_gets_a_sentence_and_no_instance(site, partner_site, visitor):
    _partner, origin = embed(site, partner_site, lambda origin: ["https://elsewhere.example"])
    page = visitor()
    order(page, origin)
    page.wait_for_selector("[role=alert]:not(:empty)")
    assert not Instance.objects.exists()
