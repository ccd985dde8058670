"""The customer's space in a real browser: in by the code of a real mail, the end and its undo, another address."""

import re

import pytest
from django.core import mail as mailbox

from provisioning.models import Operation
from provisioning.states import OperationKind
from tenants.mails import outbox
from tenants.models import Instance
from tests.journeys import states

pytestmark = pytest.mark.any_store("what the browser does is tried; tests/tenants/space asks every page on both")
EMAIL, NEW = "marie@etoile.example", "nouvelle@etoile.example"
PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture
def codes(settings):
    """The codes of the mails that go out now, by the address that gets them."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    def codes():
        before = len(mailbox.outbox)
        outbox.deliver_due()
        found = {mail.to[0]: re.search(r"\b(\d{3}) (\d{3})\b", mail.body) for mail in mailbox.outbox[before:]}
        return {address: match.expand(r"\1\2") for address, match in found.items() if match}

    return codes


@pytest.mark.parametrize("scripts", [True, False])
def test_a_customer_comes_in_on_a_phone_ends_the_odoo_and_keeps_it_after_all(site, visitor, codes, scripts):
    instance = states.ready("fr", "journey")
    page = visitor(java_script_enabled=scripts, **PHONE)
    page.goto(f"{site}/espace/")
    page.fill("#id_email", EMAIL)
    page.click("form button.main")
    page.fill("#id_code", codes()[EMAIL])
    page.click("form button.main")
    page.click("text=Arrêter mon Odoo")
    page.click("button.danger")
    assert "4 décembre" in page.inner_text(".notice") or "conservées jusqu’au" in page.inner_text(".notice")
    page.click("text=Garder mon Odoo")
    assert "Il est conservé" in page.inner_text("[role=status]")
    instance.refresh_from_db()
    assert instance.decommission_after is None
    page.click("text=Se déconnecter")
    page.goto(f"{site}/espace/odoo/{instance.public_id}/")
    assert page.locator("#id_email").is_visible()


def test_an_address_is_changed_by_keyboard_alone_with_both_codes(site, visitor, codes):
    instance = states.ready("fr", "journey")
    page = visitor()
    page.goto(f"{site}/espace/odoo/{instance.public_id}/")
    page.focus("#id_email")
    page.keyboard.type(EMAIL)
    page.keyboard.press("Enter")
    page.wait_for_selector("#id_code")
    page.focus("#id_code")
    page.keyboard.type(codes()[EMAIL])
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/espace/odoo/{instance.public_id}/")
    page.focus("text=Changer l’adresse")
    page.keyboard.press("Enter")
    page.wait_for_selector("#id_email")
    page.focus("#id_email")
    page.keyboard.type(NEW)
    page.keyboard.press("Enter")
    page.wait_for_selector("#id_present")
    sent = codes()
    page.focus("#id_present")
    page.keyboard.type("000 000")
    page.keyboard.press("Tab")
    page.keyboard.type(sent[NEW])
    page.keyboard.press("Enter")
    page.wait_for_selector("#summary")
    assert page.input_value("#id_new") == sent[NEW], "the right one need not be typed again"
    assert page.get_attribute("#id_present", "aria-invalid") == "true"
    page.fill("#id_present", sent[EMAIL])
    assert page.get_attribute("#id_present", "aria-invalid") is None, "what is corrected is red no longer"
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=status]")
    work = Operation.objects.active().get(instance=instance)
    assert (work.kind in (OperationKind.CHANGE_EMAIL, OperationKind.RENEW_ACCESS), work.spec["email"]) == (True, NEW)


def test_the_language_of_the_form_changes_without_losing_what_was_typed(site, visitor):
    page = visitor(java_script_enabled=False)
    page.goto(site)
    page.fill("#id_company", "Café de l’Étoile")
    page.fill("#id_email", EMAIL)
    page.click("text=English")
    assert page.url == f"{site}/en/"
    assert page.input_value("#id_company") == "Café de l’Étoile"
    assert page.input_value("#id_email") == EMAIL
    assert not Instance.objects.exists()
    page.click("form button.main")
    page.wait_for_selector("text=Your Odoo is being created")
