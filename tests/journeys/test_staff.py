"""A member of staff's day, in a real browser: a creation fails, is understood, mended, and ended in good order."""

import re

import pytest
from django.contrib.auth.models import Group, User

from provisioning import driver
from provisioning.engine import running
from provisioning.gate import clients
from provisioning.models import Operation, Resource
from provisioning.states import ResourceState
from tenants.models import ApiKey, AuditEntry, Instance
from tests import factories
from tests.journeys.test_signup import violations
from tests.processes import until

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "a-long-word-for-the-staff"
ORDER = "tenants/instance/add/"
TWO_DAYS = 49 * 3600
# what axe says of django-unfold's own frame around our pages
SKELETON = {"region", "landmark-one-main", "page-has-heading-one"}


@pytest.fixture
def staff(site, visitor, settings):
    """A signed-in member of the group, at the console's first page."""
    settings.ADMIN_REQUIRE_2FA = False

    def arrive(group):
        user = User.objects.create_user(f"olga-{group.lower()}", password=PASSWORD, is_staff=True)
        user.groups.add(Group.objects.get(name=group))
        page = visitor()
        page.goto(f"{site}/admin/")
        page.fill("[name=username]", user.username)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_selector(".console")
        return page

    return arrive


def confirm(page, **values):
    for name, value in values.items():
        page.fill(f"form [name={name}]", value)
    page.click("[name=confirmed]")


def state():
    return Instance.objects.get().state


def test_from_a_failed_creation_to_a_customer_and_to_the_end(site, worker, sandbox, staff):
    fault = sandbox.faults.add(kind="failed", service="odoo", message="ModuleNotFoundError: eazynova_theme")
    instance = factories.order_instance("etoile")
    until(lambda: state() == "failed", "the creation fails")
    page = staff("Operations")

    assert "1" in page.inner_text("a.tile[href$='?to_do=any']")
    page.click("a.tile[href$='?to_do=any']")
    assert "un travail a échoué" in page.inner_text("#result_list")
    page.click("text=etoile")
    page.wait_for_selector("table.timeline")
    told = page.inner_text("table.timeline")
    assert "Lisez le journal du déploiement" in told
    page.click(f"a[href$='/{instance.pk}/logs/']")
    page.wait_for_selector("pre.bad")
    assert "ModuleNotFoundError: eazynova_theme" in page.inner_text("pre.bad")

    sandbox.faults.remove(fault)
    page.goto(f"{site}/admin/tenants/instance/{instance.pk}/change/")
    page.click("a.act[href$='/act/retry/']")
    confirm(page, reason="image mended")
    until(lambda: state() == "ready", "the retry succeeds")
    assert [row.state for row in Operation.objects.all()] == ["succeeded"], "the same operation went on"

    page.goto(f"{site}/admin/tenants/instance/{instance.pk}/act/decommission/")
    assert "etoile" in page.inner_text(".console")
    confirm(page, reason="left us", client_name="wrong", grace_days="0")
    assert state() == "ready"
    confirm(page, reason="left us", client_name="etoile", grace_days="0")
    until(lambda: state() == "decommissioning", "the end begins")
    removal = Operation.objects.get(kind="decommission")
    until(lambda: removal.steps.filter(code="prove_gone", state="waiting").exists(), "Railway is asked to delete")
    sandbox.advance(TWO_DAYS)
    running.wake(removal.pk)
    until(lambda: state() == "decommissioned", "it is gone")
    assert clients.railway().list_projects(clients.workspace_id()) == ()
    assert not Resource.objects.exclude(state=ResourceState.GONE).exists()
    acts = AuditEntry.objects.filter(actor="olga-operations").values_list("act", "reason")
    assert {("staff:retry", "image mended"), ("staff:decommission", "left us")} <= set(acts)


def test_a_list_and_a_page_show_what_moves_without_being_loaded_again(site, sandbox, staff):
    instance = factories.order_instance("etoile")
    page, other = staff("Operations"), staff("Support")
    for each in (page, other):
        each.add_init_script("window.setTimeout = ((wait) => (act, ms) => wait(act, ms / 20))(window.setTimeout)")
    page.goto(f"{site}/admin/tenants/instance/")
    other.goto(f"{site}/admin/tenants/instance/{instance.pk}/change/")
    other.focus("#now a.act")
    driver.drive(Operation.objects.get().pk, timeout=60, tick=lambda operation: None)
    page.wait_for_selector("#result_list :text('prête')")
    page.wait_for_function("!document.getElementById('moving')")
    assert "en création" in other.inner_text("#now"), "nothing is taken from under somebody's hands"
    other.evaluate("document.activeElement.blur()")
    other.wait_for_selector("#now .pill.ready")
    assert "Vérification de votre connexion" in other.inner_text("#timeline")


def test_the_diagnosis_is_copied_with_one_click(site, sandbox, staff):
    instance = factories.order_instance("etoile")
    page = staff("Support")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site)
    page.goto(f"{site}/admin/tenants/instance/{instance.pk}/change/")
    page.click("summary:has-text('Diagnostic')")
    page.click("button:has-text('Copier')")
    page.wait_for_selector("text=Copié.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert instance.public_id in copied
    assert Operation.objects.get().reference in copied


def test_a_list_is_taken_away_as_a_file(site, sandbox, staff):
    factories.order_instance("etoile")
    page = staff("Support")
    page.goto(f"{site}/admin/tenants/instance/")
    page.click("#action-toggle")
    page.select_option("select[name=action]", "export_csv")
    with page.expect_download() as download:
        page.click("button[name=index]")
    assert "etoile" in download.value.path().read_text(encoding="utf-8-sig")


def test_support_may_retry_and_neither_end_an_instance_nor_see_keys(site, worker, sandbox, staff):
    ApiKey.issue(factories.make_partner(), kind="live", scopes=["read"])
    fault = sandbox.faults.add(kind="failed", service="odoo")
    instance = factories.order_instance("etoile")
    until(lambda: state() == "failed", "the creation fails")
    sandbox.faults.remove(fault)
    page = staff("Support")
    page.goto(f"{site}/admin/tenants/instance/{instance.pk}/change/")
    assert page.query_selector("a[href$='/act/decommission/']") is None
    assert page.goto(f"{site}/admin/tenants/instance/{instance.pk}/act/decommission/").status == 403
    assert page.goto(f"{site}/admin/tenants/apikey/").status == 403
    page.goto(f"{site}/admin/tenants/instance/{instance.pk}/change/")
    page.click("a.act[href$='/act/retry/']")
    confirm(page)
    until(lambda: state() == "ready", "the retry succeeds")


def test_the_pages_of_the_console_hold_no_barrier_of_ours(site, sandbox, staff):
    instance = factories.order_instance("etoile")
    page = staff("Operations")
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    mine = f"tenants/instance/{instance.pk}"
    for path in ("", f"{mine}/change/", f"{mine}/logs/", f"{mine}/act/cancel/", f"{mine}/act/suspend/", ORDER):
        page.goto(f"{site}/admin/{path}")
        found = [each for each in violations(page) if each[0] not in SKELETON]
        assert not found, (path, found)
    assert not complaints
    assert re.search("EAZYNOVA", page.title())
