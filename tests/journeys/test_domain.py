"""A customer sets an own domain up on a phone, without scripts, in French, with two typical mistakes on the way."""

import re
import time

import pytest
from django.core import mail as mailbox

from provisioning import driver
from provisioning.domains import tending
from provisioning.models import Domain, OdooAddress, Operation
from provisioning.sandbox import Sandbox
from tenants.mails import outbox
from tenants.space import browsers
from tests import factories
from tests.journeys.test_restore import Odoo

pytestmark = pytest.mark.any_store("what the browser does is tried; tests/provisioning/domains looks at both")
EMAIL, ZONE, NAME = "marie@martin.example", "boulangerie-martin.fr", "erp.boulangerie-martin.fr"
PHONE = {"viewport": {"width": 390, "height": 844}, "java_script_enabled": False}


@pytest.fixture
def sandbox(settings, live_server):
    """With agents that call this site."""
    settings.PUBLIC_BASE_URL = live_server.url
    with Sandbox(agent_pace=0.003) as running:
        settings.RAILWAY_API_URL = running.url
        settings.RAILWAY_API_TOKEN = running.token
        settings.RAILWAY_WORKSPACE_ID = running.workspace_id
        settings.DNS_SANDBOX = running.dns
        yield running


@pytest.fixture
def instance(sandbox, transactional_db):
    made = factories.order_instance("boulangerie-martin", email=EMAIL, company="Boulangerie Martin")
    driver.drive(Operation.objects.get(instance=made).pk, timeout=60, tick=lambda operation: None)
    made.refresh_from_db()
    assert made.state == "ready"
    return made


@pytest.fixture
def letters(settings):
    """The mails that go out now."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    def letters():
        before = len(mailbox.outbox)
        outbox.deliver_due()
        return mailbox.outbox[before:]

    return letters


def work():
    """What the workers do now."""
    for _ in range(3):
        for domain_id in tending.sweep():
            tending.tend(domain_id)


def sign_in(page, site, letters):
    page.goto(f"{site}/espace/")
    page.fill("#id_email", EMAIL)
    page.click("form button.main")
    code = re.search(r"\b(\d{3}) (\d{3})\b", letters()[-1].body).expand(r"\1\2")
    page.fill("#id_code", code)
    page.click("form button.main")
    assert browsers.SESSION in {cookie["name"] for cookie in page.context.cookies()}


def check_again(page):
    page.click("text=Vérifier à nouveau")
    assert "en cours de vérification" in page.inner_text("[role=status]")
    work()
    page.reload()


def odoos_own_address(instance, expected):
    """As Odoo names itself, once its agent was told."""
    deadline = time.monotonic() + 20
    odoo = Odoo(instance)
    while (found := odoo.call("ir.config_parameter", "get_param", "web.base.url")) != expected:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def test_a_domain_is_set_up_with_two_mistakes_on_the_way_and_taken_away_again(
    site, visitor, chromium, chromium_path, instance, sandbox, letters
):
    page = visitor(**PHONE)
    sign_in(page, site, letters)
    page.click("text=Voir mon domaine")

    page.fill("#id_name", "https://ERP.boulangerie-martin.fr/")
    page.click("text=Ajouter mon domaine")
    work()
    page.reload()
    _host, target, proof_host, proof = [code.inner_text() for code in page.locator("dl code").all()]
    assert (proof_host, target.partition(".")[2]) == (f"_railway-verify.{NAME}", "up.railway.app")
    assert "Personne n’a enregistré" in page.inner_text("main")

    right = {"_railway-verify.erp": {"TXT": proof}}
    sandbox.set_zone(ZONE, {**right, NAME: {"CNAME": target}})
    check_again(page)
    assert "écrit deux fois" in page.inner_text(".summary")
    assert "n’écrivez que\u00a0: erp" in page.inner_text(".summary")
    assert page.locator("dl code").first.inner_text() == "erp", "the zone is known by now"

    sandbox.set_zone(ZONE, {**right, "erp": {"A": "104.21.7.9"}})
    check_again(page)
    assert "nuage gris" in page.inner_text(".summary")
    instance.refresh_from_db()
    assert instance.address == instance.url, "nothing is switched on before"

    sandbox.set_zone(ZONE, {**right, "erp": {"CNAME": target}})
    check_again(page)
    assert "Il est en service" in page.inner_text("main")
    instance.refresh_from_db()
    assert NAME in instance.address
    (letter,) = letters()
    assert NAME in letter.subject
    odoos_own_address(instance, instance.address)

    page.click("text=Retour")
    login = page.get_attribute("text=Ouvrir mon Odoo", "href")
    assert login.startswith(instance.address)
    rules = f"MAP {NAME} {sandbox_address(instance)}"
    browser = chromium.browser_type.launch(
        executable_path=chromium_path, args=["--no-sandbox", f"--host-resolver-rules={rules}"]
    )
    try:
        outside = browser.new_page()
        outside.goto(login)
        outside.fill("#login", EMAIL)
        outside.fill("#password", instance.admin_password())
        outside.click("button[type=submit]")
        outside.wait_for_url("**/odoo**")
        assert outside.url.startswith(f"http://{NAME}")
    finally:
        browser.close()

    page.click("text=Voir mon domaine")
    page.click("summary:has-text('Retirer ce domaine')")
    page.click("button.danger")
    assert "en cours de retrait" in page.inner_text("[role=status]")
    instance.refresh_from_db()
    assert instance.address == instance.url
    odoos_own_address(instance, instance.url)
    Domain.objects.update(run_after=instance.created_at)
    work()
    assert Domain.objects.get().state == "removed"
    assert OdooAddress.objects.get().told_at is not None
    page.reload()
    assert page.locator("#id_name").is_visible()


@pytest.fixture
def site(live_server):
    return live_server.url


def sandbox_address(instance):
    return instance.url.removeprefix("http://").partition(":")[0]
