"""What no page, header or script may ever give away, asked for at every address that the public can reach."""

import re
from pathlib import Path

import pytest
from django.conf import settings as live
from django.test import Client
from django.urls import get_resolver

from tenants.models import Instance

pytestmark = [
    pytest.mark.any_store("answers are searched for what none may hold; hostile/test_logs does so on both stores"),
    pytest.mark.django_db,
]
TOKEN = "railway-token-that-nobody-may-see"
OTHER = {"client_name": "secret-rival", "company": "Rival Confidentiel", "email": "boss@rival.example"}
TRACE = re.compile(r"Traceback|File &quot;|File \"|DEBUG = True|site-packages|DoesNotExist|\.py\b")


@pytest.fixture
def _production(settings):
    settings.DEBUG = False
    settings.SECURE_SSL_REDIRECT = False
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.RAILWAY_API_TOKEN = TOKEN


@pytest.fixture
def addresses(order_instance):
    """Every address of the site with the values of an instance of ours, and some that lead nowhere."""
    ours = order_instance("acme-corp")
    rival = order_instance(**OTHER)
    token = f"?token={ours.status_token}"
    values = {"instance_id": ours.public_id, "token": "nonsense", "code": "fr", "secret": "guess", "path": "x"}
    found = ["/", f"/instances/{rival.public_id}/", f"/api/instances/{rival.public_id}", "/nowhere", "/%00", "/é"]
    for pattern in _patterns(get_resolver()):
        if not pattern.startswith(live.ADMIN_PATH):
            path = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: values.get(match[1], "1"), pattern)
            found += ["/" + path, "/" + path + token]
    return [*found, f"/{live.ADMIN_PATH}", f"/{live.ADMIN_PATH}login/"]


def _patterns(resolver, stem=""):
    for each in resolver.url_patterns:
        route = stem + str(each.pattern)
        if hasattr(each, "url_patterns"):
            yield from _patterns(each, route)
        else:
            yield route


def answers(addresses):
    client = Client(raise_request_exception=False)
    for path in addresses:
        yield path, client.get(path, secure=True)
        yield path, client.post(path, "{", content_type="application/json", secure=True)
        yield path, client.post(path, {"company": "\0", "email": "x" * 400, "plan": "none"}, secure=True)


@pytest.mark.usefixtures("_production")
def test_no_answer_holds_a_secret_another_customer_or_a_trace(addresses):
    private = [TOKEN, live.SECRET_KEY, *live.ENCRYPTION_KEYS, *OTHER.values(), "Rival"]
    seen = set()
    for path, answer in answers(addresses):
        body = b"".join(answer) if answer.streaming else answer.content
        text = body.decode(errors="replace") + str(dict(answer.headers))
        # the address that was asked for may be repeated
        text = text.replace(Instance.objects.get(client_name=OTHER["client_name"]).public_id, "")
        # Anymail has an address for every provider and complains of those that are not configured
        if not path.startswith("/webhooks/mail/"):
            seen.add(answer.status_code)
        for secret in private:
            assert secret not in text, (path, secret)
        if "javascript" not in answer.headers.get("Content-Type", ""):
            assert not TRACE.search(text), (path, TRACE.search(text))
    assert {200, 404, 405, 422} <= seen
    assert 500 not in seen


@pytest.mark.usefixtures("_production")
def test_every_answer_carries_the_headers_that_protect_it(addresses):
    for path, answer in answers(addresses):
        headers = answer.headers
        assert headers.get("X-Content-Type-Options") == "nosniff", path
        assert headers.get("Referrer-Policy") in ("same-origin", "no-referrer"), path
        assert headers.get("Strict-Transport-Security", "").startswith("max-age=31536000"), path
        assert "default-src 'none'" in headers.get("Content-Security-Policy", ""), path


@pytest.mark.usefixtures("_production")
@pytest.mark.parametrize("path", ["/", "/instances/x/", "/api/instances", "/confirm/x/"])
def test_an_error_that_nobody_foresaw_says_nothing_of_itself(path, monkeypatch):
    def broken(*arguments, **options):
        raise ZeroDivisionError(f"{TOKEN} in a message")

    for name in ("tenants.services.signup.offered_plans", "tenants.services.signup.find_confirmable"):
        monkeypatch.setattr(name, broken)
    monkeypatch.setattr("tenants.services.standing.read", broken)
    monkeypatch.setattr("tenants.services.keys.recognise", broken)
    client = Client(raise_request_exception=False, headers={"X-Api-Key": "eaz_live_x"})
    answer = client.get(path, secure=True, headers={"X-Api-Key": "eaz_live_x"})
    assert answer.status_code == 500
    text = answer.content.decode() + str(dict(answer.headers))
    assert TOKEN not in text
    assert "ZeroDivision" not in text
    assert answer.headers["X-Request-Id"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


# the one address elsewhere that a widget may open, when its captcha is configured
TURNSTILE = "https://challenges.cloudflare.com"


def test_no_file_that_browsers_get_holds_a_secret_or_an_address_elsewhere():
    for file in Path(live.STATICFILES_DIRS[0]).rglob("*"):
        if file.suffix in (".js", ".css", ".svg", ".html"):
            text = file.read_text()
            assert not re.search(r"backboard|RAILWAY_|SECRET", text), file
            outside = set(re.findall(r"https?://[\w.-]+", text)) - {"http://www.w3.org", TURNSTILE}
            assert not outside, (file, outside)
