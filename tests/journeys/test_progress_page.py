"""The progress page in a browser, while things change behind it: no reload, no lie, nothing missed."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from provisioning.models import Operation, Step
from provisioning.states import OperationState
from tenants.lifecycle import InstanceState
from tenants.models import Instance
from tenants.wording import dates
from tests.journeys import states

COME_BACK = "document.dispatchEvent(new Event('visibilitychange'))"


@pytest.fixture
def running(site):
    """A creation that waits for Odoo, and the address of its page."""
    instance = states.at_step("fr", "running", "deploy_odoo", "waiting_for_odoo")
    return instance, states.address_of(site, instance)


def become_ready(instance):
    now = timezone.now()
    Operation.objects.filter(instance=instance).update(state=OperationState.SUCCEEDED, ended_at=now)
    changes = {"state": InstanceState.READY, "url": "https://eazynova-x.up.railway.app", "ready_at": now}
    Instance.objects.filter(pk=instance.pk).update(**changes)


def begin(instance, seconds_ago):
    begun = timezone.now() - timedelta(seconds=seconds_ago)
    Step.objects.filter(operation__instance=instance, code="deploy_odoo").update(started_at=begun)


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/St_Johns"])
def test_the_estimate_is_in_the_readers_own_time_zone(running, visitor, zone):
    page = visitor(timezone_id=zone)
    page.goto(running[1])
    page.wait_for_selector("time[data-local]")
    end = datetime.fromisoformat(page.get_attribute("time", "datetime")).astimezone(ZoneInfo(zone))
    assert page.inner_text("time") == f"{end.hour}\u00a0h\u00a0{end.minute:02d}"
    assert "UTC" not in page.inner_text(".gauge")


def test_without_scripts_the_estimate_names_its_zone(running, visitor):
    page = visitor(timezone_id="Asia/Tokyo", java_script_enabled=False)
    page.goto(running[1])
    assert f"({dates.zone(timezone.now())})" in page.inner_text(".gauge")


def test_what_changes_is_shown_and_announced_and_the_rest_of_the_page_stays(running, visitor):
    instance, address = running
    page = visitor(timezone_id="Asia/Tokyo")
    page.goto(address)
    page.evaluate("document.querySelector('[aria-current] .mark').kept = true")
    before = page.inner_text(".percent")
    begin(instance, seconds_ago=30)
    page.evaluate(COME_BACK)
    page.wait_for_function("before => document.querySelector('.percent').innerText !== before", arg=before)
    assert page.evaluate("document.querySelector('[aria-current] .mark').kept"), "what turns goes on turning"
    assert page.inner_text(".percent") in page.title()
    assert page.locator("time[data-local]").count() == 1
    become_ready(instance)
    page.evaluate(COME_BACK)
    page.wait_for_selector("[data-reveal]")
    assert page.inner_text("#news") == "Votre Odoo est prêt"
    assert page.title().startswith("Votre Odoo est prêt")


def test_a_lost_connection_is_told_to_everybody_and_its_return_as_well(running, visitor):
    page = visitor()
    page.goto(running[1])
    page.context.set_offline(True)
    page.evaluate(COME_BACK)
    page.wait_for_selector("#trouble:visible")
    assert "interrompue" in page.inner_text("#trouble")
    assert "interrompue" in page.inner_text("#news")
    page.context.set_offline(False)
    page.wait_for_selector("#trouble", state="hidden")


def test_who_waits_on_the_page_of_a_failure_sees_that_it_went_well_after_all(site, visitor):
    instance = states.PROGRESS["failed"]("fr")
    page = visitor()
    page.goto(states.address_of(site, instance))
    assert page.title().startswith("La création s’est arrêtée")
    reference = Operation.objects.get(instance=instance).reference
    assert page.get_attribute("main a[href^=mailto]", "href").endswith(f"?subject={reference}")
    become_ready(instance)
    page.evaluate(COME_BACK)
    page.wait_for_selector("text=Votre Odoo est prêt")


def test_asking_for_the_password_without_a_connection_says_so(site, visitor):
    instance = states.ready("fr")
    page = visitor()
    page.goto(states.address_of(site, instance))
    page.context.set_offline(True)
    page.click("[data-reveal] [type=submit]")
    page.wait_for_selector("#trouble:visible")
    page.context.set_offline(False)
    page.click("[data-reveal] [type=submit]")
    page.wait_for_selector("#password:visible")
    assert page.inner_text("#password") == instance.admin_password()
    assert not page.is_visible("#trouble")
