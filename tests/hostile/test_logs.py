"""With every logger at DEBUG, nothing that was made on the way stands in the log."""

import json
import logging
import logging.config
import re
from io import StringIO

import pytest
import time_machine
from django.conf import settings as live
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from eazynova_site.logging import Redacted, logging_config
from provisioning.redaction import HIDDEN, SECRETS
from tenants.mails import composing
from tenants.models import Instance, Mail, Plan
from tenants.services import keys
from tests import factories
from tests.hostile.addresses import every_address
from tests.tenants.sign_in.conftest import PASSWORD, START, Person, recovery_codes_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def log(settings):
    """What the site's own handler would have written so far, of everything that anybody logs."""
    config = logging_config(debug=True, form="text", level="DEBUG", secrets=live.LOGGED_SECRETS)
    make, stream = logging.config.DictConfigurator(config), StringIO()
    handler = logging.StreamHandler(stream)
    for name in config["handlers"]["stderr"]["filters"]:
        handler.addFilter(make.configure_filter(dict(config["filters"][name])))
    handler.setFormatter(make.configure_formatter(dict(config["formatters"]["text"])))
    loggers = [each for each in logging.root.manager.loggerDict.values() if isinstance(each, logging.Logger)]
    before = {each: each.level for each in (*loggers, logging.root)}
    for each in before:
        each.setLevel(logging.DEBUG)
    logging.root.addHandler(handler)
    yield stream.getvalue
    logging.root.removeHandler(handler)
    for each, level in before.items():
        each.setLevel(level)


def assert_silent_about(text, *secrets):
    assert "eazynova_site.access" in text, "something was logged"
    assert all(len(secret) >= 6 for secret in secrets)
    assert [secret for secret in secrets if secret in text] == []


def test_a_customers_way_leaves_no_secret_in_the_log(log, settings, sandbox, client):
    settings.CONFIRM_EMAIL, settings.SIGNUP_MIN_SECONDS = True, 0
    form = {"company": "Acme", "email": "boss@acme.example", "plan": "demo", "language": "fr"}
    ticket = re.search(r'name="ticket"[^>]*value="([^"]+)"', client.get("/").content.decode())[1]
    client.post("/signup", form | {"ticket": ticket})
    token = re.search(r"/confirm/([^/]+)/", composing.letter(Mail.objects.get(kind=Mail.Kind.CONFIRMATION)).text)[1]
    Plan.objects.update(takes_orders=False)
    assert client.post(f"/confirm/{token}/").status_code == 503
    Plan.objects.update(takes_orders=True)
    assert client.post(f"/confirm/{token}/").status_code == 302
    instance = Instance.objects.get()
    call_command(
        "create_instance", instance.client_name, "boss@acme.example", company="Acme", plan="demo", stdout=StringIO()
    )
    path = f"/instances/{instance.public_id}/"
    page = f"{path}?token={instance.status_token}"
    client.get("/language/en/", {"next": page}, headers={"Referer": f"http://testserver{page}"})
    client.get(f"{path}?token=wrong{instance.status_token}")
    client.get(page)
    client.post(f"{path}password?token={instance.status_token}")
    password = instance.admin_password()
    assert password
    assert_silent_about(log(), token, ticket, instance.status_token, password)


def test_a_partners_way_leaves_no_secret_in_the_log(log):
    partner = factories.make_partner()
    instance = factories.order_instance(partner=partner)
    row, key = keys.issue(partner, scopes=["read", "write", "secrets"])
    _new, second = keys.rotate(row)
    headers = {"Authorization": f"Bearer {second}", "X-Status-Token": instance.status_token}

    def post(path, **values):
        return (
            Client().post(f"/api/{path}", json.dumps(values), content_type="application/json", headers=headers).json()
        )

    Client().get("/api/me", headers={"X-Api-Key": key})
    endpoint = post("webhook-endpoints", url="https://93.184.215.14/hook")
    rotated = post(f"webhook-endpoints/{endpoint['id']}/rotate-secret")
    Client().get(f"/api/instances/{instance.public_id}?token={instance.status_token}", headers=headers)
    post(f"instances/{instance.public_id}/reset-password")
    assert_silent_about(log(), key, second, endpoint["secret"], rotated["secret"], instance.status_token)


def test_the_way_of_staff_leaves_no_secret_in_the_log(log):
    User.objects.create_superuser("olga", password=PASSWORD)
    with time_machine.travel(START, tick=False) as clock:
        person = Person(Client(), clock)
        person.sign_in(password="a-wrong-pass-phrase")
        person.sign_in()
        offered = person.client.get(reverse("admin:second_factor_enrol")).context
        codes = recovery_codes_on(person.enrol())
        person.later()
        person.prove(codes[0])
        renewed = recovery_codes_on(person.client.post(reverse("admin:second_factor_codes")))
    session = person.client.cookies[live.SESSION_COOKIE_NAME].value
    typed = offered["typed"]
    assert len(codes) > 4
    secrets = (PASSWORD, "a-wrong-pass-phrase", typed, typed.replace(" ", ""), session, *codes, *renewed)
    assert_silent_about(log(), *secrets)


@pytest.mark.parametrize(
    "name", ["django.template", "django.db.backends", "httpcore.http11", "celery.worker", "urllib3"]
)
def test_what_others_log_below_info_is_dropped_whatever_their_level(log, name):
    logging.getLogger(name).setLevel(logging.DEBUG)
    logging.getLogger(name).debug("context: %s", {"anything": "at-all"})
    assert "at-all" not in log()


def test_every_address_that_holds_a_token_is_told_without_it():
    """A new route with a token or a secret in it has to be known to the filter."""
    clean = Redacted([]).clean
    secret = "Zm9v-bar_0123456789abcdef"
    routes = [each for each in every_address() if re.search(r"<\w+:(token|secret|code_sent)>", each.route)]
    assert len(routes) >= 2
    for each in routes:
        path = each.path({}, secret)
        assert secret not in clean(f"Service Unavailable: {path}"), path


@pytest.mark.parametrize(
    "line",
    [
        "GET /language/en/?next=/instances/x/%3Ftoken%3Dabcdef123456",
        "GET /language/en/?next=%252Finstances%252F%253Ftoken%253Dabcdef123456",
        "https://x.example/instances/x/?a=1&token=abcdef123456",
        "Authorization: Basic abcdef123456",
        "{'statusToken': 'abcdef123456', 'a': 1}",
        '{"adminPassword": "abcdef123456 &\'"}',
        "whsec_abcdef123456+/=",
        "eaz_test_abcdef123456",
    ],
)
def test_whatever_looks_like_a_secret_is_hidden(line):
    told = SECRETS.sub(HIDDEN, line)
    assert "abcdef123456" not in told
    assert HIDDEN in told
