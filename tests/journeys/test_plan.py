"""Another plan in a real browser: ordered, not come true and told so, ordered again and true, and smaller again."""

import re

import pytest
from django.core import mail as mailbox

from provisioning.models import Backup, Operation
from provisioning.odoo.client import OdooClient
from tenants.mails import outbox
from tenants.models import Agreement, Instance, Plan
from tenants.space import browsers
from tests import factories
from tests.journeys.test_backup import site as railway  # noqa: F401  a fixture
from tests.journeys.test_backup import work_until

pytestmark = pytest.mark.any_store("what the browser does is tried; tests/provisioning/steps changes plans on both")
EMAIL = "marie@etoile.example"
PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture
def letters(settings):
    """The subjects and texts of the mails that go out now."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    def letters():
        before = len(mailbox.outbox)
        outbox.deliver_due()
        return [(letter.subject, letter.body) for letter in mailbox.outbox[before:]]

    return letters


@pytest.fixture
def trial(chromium, transactional_db, railway):  # noqa: F811
    """An instance that is proven, whose agent calls."""
    instance = factories.order_instance("etoile", email=EMAIL, company="Café Étoile")
    work_until(lambda: Instance.objects.get().state == "ready")
    instance.refresh_from_db()
    return instance


@pytest.mark.parametrize("scripts", [True, False])
def test_a_plan_is_changed_and_changed_back_after_a_failure(live_server, railway, trial, visitor, letters, scripts):  # noqa: F811
    letters()
    page = visitor(java_script_enabled=scripts, **PHONE)
    page.goto(f"{live_server.url}/espace/")
    page.fill("#id_email", EMAIL)
    page.click("form button.main")
    [(_subject, body)] = letters()
    page.fill("#id_code", re.search(r"\b(\d{3}) (\d{3})\b", body).expand(r"\1\2"))
    page.click("form button.main")

    # nothing starts with this plan: what was there comes back
    railway.faults.add(kind="failed", service="odoo", times=1)
    order(page, "business")
    assert "en cours de mise en place" in page.inner_text("[role=status]")
    work_until(lambda: not Operation.objects.active().exists())
    page.reload()
    assert "La formule n’a pas été changée" in page.inner_text("main")
    assert "Démonstration" in page.inner_text("main")
    [(subject, body)] = letters()
    assert subject == "La formule de l’Odoo de Café Étoile n’a pas été changée"
    assert "rien de plus n’est facturé" in body
    assert opens(trial)
    assert Backup.objects.filter(occasion="before_change", state="good").exists()

    order(page, "business")
    work_until(lambda: not Operation.objects.active().exists())
    page.reload()
    assert "Entreprise" in page.inner_text("main")
    [(subject, body)] = letters()
    assert subject == "L’Odoo de Café Étoile a la formule « Entreprise »"
    assert "129,00" in body
    instance = Instance.objects.get()
    assert (instance.plan.code, instance.expires_at, opens(instance)) == ("business", None, True)

    # smaller again: nothing is taken away, and that is said before
    page.goto(page.url.partition("?")[0])
    assert "mais pas retirés" in page.inner_text("main")
    order(page, "starter")
    work_until(lambda: not Operation.objects.active().exists())
    instance.refresh_from_db()
    assert (instance.plan.code, opens(instance)) == ("starter", True)
    assert list(Agreement.objects.order_by("pk").values_list("plan__code", flat=True)) == ["business", "starter"]
    page.click("text=Retour")
    assert "La formule a été changée." in page.inner_text("main")
    page.click("text=Se déconnecter")
    assert browsers.SESSION not in {cookie["name"] for cookie in page.context.cookies()}


def order(page, code):
    """By the page of the instance, as a person finds it."""
    if "/formule/" not in page.url:
        page.click("text=Changer de formule")
    name = Plan.objects.get(code=code).name_fr
    page.check(f"label:has-text('{name}') input[name=plan]")
    page.click("text=Commander cette formule")
    page.wait_for_selector("[role=status]")


def opens(instance):
    account = OdooClient(instance.url, instance.database_name).authenticate(EMAIL, instance.admin_password())
    return account.is_administrator
