"""One of everything that there is, and somebody who asks for it in every way."""

import re
import signal
from base64 import b64encode
from html import unescape
from urllib.parse import urlencode

import pytest
from django.conf import settings as live
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client

from eazynova_site.wsgi_request import Application, Request
from tenants.mails import outbox
from tenants.models import Instance, Signup
from tenants.services import customer_sessions, keys, partners, webhooks
from tenants.space import browsers
from tests import factories
from tests.tenants.sign_in.conftest import PASSWORD

PATIENCE_SECONDS = 20
RAILWAY_SECRET = "hook-" * 8
PROVEN = {"HTTP_AUTHORIZATION": "Basic " + b64encode(live.ANYMAIL["WEBHOOK_SECRET"].encode()).decode()}
FIELD = re.compile(r"<(?:input|select|textarea)\b[^>]*?\bname=\"([^\"]+)\"[^>]*?(?:\bvalue=\"([^\"]*)\"|>)")


class Hung(BaseException):
    """Nobody may catch it on its way to the test."""


@pytest.fixture(autouse=True)
def _generous(settings):
    settings.API_KEY_RATE = settings.API_VISITOR_RATE = settings.SIGNUP_RATE = "1000000/m"
    settings.RAILWAY_WEBHOOK_SECRET = RAILWAY_SECRET
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def known(db):
    """What fills the places of an address: ids that exist, and the first row of each list of the console."""
    partner = factories.make_partner()
    instance = factories.order_instance(partner=partner)
    endpoint, _secret = webhooks.create_endpoint(partner, url="https://93.184.215.14/hook")
    webhooks.send_test(endpoint)
    Signup.objects.create(ticket="t", partner=partners.house(), plan=instance.plan, company="A", email="a@a.example")
    outbox.write_welcome(instance, instance.operations.get())
    User.objects.create_superuser("olga", password=PASSWORD)
    _row, key = keys.issue(partner, scopes=["read", "write", "secrets", "delete"])
    found = {"instance_id": instance.public_id, "endpoint_id": endpoint.public_id, "code": "en", "token": "t"}
    found |= {"public_id": instance.public_id, "backup_id": "BK-1"}
    found |= {"secret": RAILWAY_SECRET, "name": "suspend", "content_type_id": "1", "key": key}
    for model in admin.site._registry:
        row = model._base_manager.first()
        found[f"{model._meta.app_label}/{model._meta.model_name}"] = str(row.pk) if row else "1"
    return found


class _Request(Request):
    # the token would only keep what is tried from getting in
    _dont_enforce_csrf_checks = True


class _Application(Application):
    request_class = _Request


class Browser(Client):
    """Asks the application as the web server does, not Django's own stand-in for it."""

    application = _Application()

    def request(self, **request):
        return self.application(self._base_environ(**request), lambda status, headers, error=None: None)


class Stranger:
    """Sends anything anywhere, and insists on an answer within a time, in a form of ours."""

    def __init__(self, known):
        self.known = known

    def client(self, *, staff=False):
        client = Browser()
        if staff:
            client.force_login(User.objects.get_or_create(username="vera", is_staff=True, is_superuser=True)[0])
        return client

    def customer(self):
        """The headers of a browser that is signed in to the space of the known instance's customer."""
        instance = Instance.objects.get(public_id=self.known["instance_id"])
        _session, key = customer_sessions.start(
            instance.admin_email, instance.tenant.partner, language="fr", browser="", network="", known=True
        )
        return {"HTTP_COOKIE": f"{browsers.SESSION}={key}"}

    def send(self, address, method="GET", *, staff=False, path=None, query="", body=b"", media="", headers=None):
        path = path or address.path(self.known)
        # as a server does: the type of a body that is empty is told as well
        extra = {"QUERY_STRING": query} | ({"CONTENT_TYPE": media} if media else {}) | (headers or {})
        signal.signal(signal.SIGALRM, _hang)
        signal.alarm(PATIENCE_SECONDS)
        try:
            answer = self.client(staff=staff).generic(method, path, body, **extra)
            content = b"".join(answer)
            answer.close()
        finally:
            signal.alarm(0)
        judge(answer, content, (method, path[:200], query[:200], body[:200], media[:60], headers))
        return answer

    def form_of(self, address):
        """The names and values that the page itself asks for."""
        page = self.client(staff=True).get(address.path(self.known))
        found = FIELD.findall(b"".join(page).decode())
        return {unescape(name): unescape(value) for name, value in found}


def _hang(number, frame):
    raise Hung


def judge(answer, content, sent):
    """Never an error of ours, and of the refusals each in our own words."""
    # /readyz says so of everything that a test lacks
    assert answer.status_code < 500 or sent[1] == "/readyz", (answer.status_code, sent, content[:300])
    if not 400 <= answer.status_code < 500 or not content:
        return
    kind = answer.headers.get("Content-Type", "")
    if sent[1].startswith("/api/") or kind.startswith("application/"):
        assert kind == "application/problem+json", (sent, content[:300])
    elif kind.startswith("text/html"):
        # what a partner has sold is shown in its name
        assert b"EAZYNOVA" in content or b'class="brand"' in content, (sent, content[:300])


@pytest.fixture
def stranger(known):
    return Stranger(known)


def form_body(fields):
    return urlencode(fields, errors="replace").encode()
