"""Test mode as a partner's developer meets it: the same API and webhooks, and names that say what happens."""

import re
import time
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.utils import timezone
from standardwebhooks import Webhook

from provisioning.engine import running
from provisioning.gate import clients
from provisioning.models import Operation
from provisioning.railway.errors import RailwayError
from provisioning.sandbox import outcomes as of_the_sandbox
from provisioning.watching import watcher
from tenants.mails import outbox
from tenants.models import Instance, Mail, Partner
from tenants.services import ending, outcomes, partners, test_mode
from tenants.webhooks import deliveries
from tests import factories
from tests.provisioning.hooks.partner_site import PartnerSite
from tests.tenants.api.conftest import Caller, key_of

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_SECONDS = 60


@pytest.fixture
def alice(sandbox, sandbox_of_tests):
    return factories.make_partner(contact_email="dev@alice.example")


@pytest.fixture
def tester(alice):
    return Caller(key_of(partners.in_test_mode(alice), scopes=["read", "write", "secrets", "delete"]))


@pytest.fixture
def seller(alice):
    return Caller(key_of(alice))


def work():
    """What workers do until nothing is left to do."""
    end = time.monotonic() + PATIENCE_SECONDS
    while Operation.objects.active().exists() and time.monotonic() < end:
        running.run_due()
        watcher.watch()
        outbox.deliver_due()
        time.sleep(0.02)
    while deliveries.deliver_due():
        pass
    outbox.deliver_due()


def order(caller, name):
    answer = caller.order(name)
    assert answer.status_code == 202, answer.content
    work()
    return caller("GET", f"/instances/{answer.json()['instanceId']}").json()


def projects(sandbox):
    return {each["name"] for each in sandbox.state()["projects"] if not each["deleted"]}


def test_a_test_instance_comes_true_in_the_sandbox_of_tests_and_a_live_one_at_railway(
    sandbox, sandbox_of_tests, tester, seller
):
    tried, sold = order(tester, "acme-corp"), order(seller, "acme-corp")
    assert (tried["mode"], tried["status"]) == ("test", "ready")
    assert (sold["mode"], sold["status"]) == ("live", "ready")
    assert tried["adminPassword"] != sold["adminPassword"]
    assert [len(projects(each)) for each in (sandbox, sandbox_of_tests)] == [1, 1]
    tester("DELETE", f"/instances/{tried['instanceId']}?immediately=true")
    work()
    assert tester("GET", f"/instances/{tried['instanceId']}").json()["status"] == "decommissioned"
    assert [len(projects(each)) for each in (sandbox, sandbox_of_tests)] == [1, 0]


def test_neither_side_knows_the_others_token(sandbox, sandbox_of_tests, settings):
    settings.TEST_MODE_URL, settings.RAILWAY_API_URL = sandbox.url, sandbox_of_tests.url
    for workspace in ("test", "default"):
        with pytest.raises(RailwayError, match=r"(?i)auth|token"):
            clients.railway(workspace).workspaces()


def test_webhooks_of_test_mode_say_so_and_reach_the_endpoints_of_test_keys_only(tester, seller):
    with PartnerSite() as site, PartnerSite() as live:
        secret = tester("POST", "/webhook-endpoints", {"url": site.url}).json()["secret"]
        seller("POST", "/webhook-endpoints", {"url": live.url})
        tried = order(tester, f"{outcomes.MAIL_BOUNCES}-1")
    assert live.received == []
    news = [Webhook(secret).verify(body, headers) for _path, headers, body in site.received]
    assert sorted(each["type"] for each in news) == ["instance.ready", "welcome.bounced"]
    assert {each["mode"] for each in news} == {"test"}
    assert {each["data"]["instanceUrl"] for each in news} == {tried["instanceUrl"]}


def test_nobody_gets_a_mail_from_test_mode(tester):
    tried = order(tester, "acme-corp")
    tester("POST", f"/instances/{tried['instanceId']}/resend-welcome")
    tester("POST", f"/instances/{tried['instanceId']}/suspend")
    work()
    assert mail.outbox == []
    assert set(Mail.objects.values_list("state", flat=True)) == {"withheld"}
    assert Mail.objects.count() == 3


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("test-fails-at-build", "deployment_failed"),
        ("test-fails-at-start-2", "deployment_crashed"),
        ("test-fails-at-login", "odoo_login_refused"),
        ("test-fails-once", "deployment_failed"),
    ],
)
def test_a_name_makes_the_creation_fail_where_it_says(tester, name, code):
    tried = order(tester, name)
    assert (tried["status"], tried["errorCode"]) == ("failed", code)
    tester("POST", f"/instances/{tried['instanceId']}/retry")
    work()
    again = tester("GET", f"/instances/{tried['instanceId']}").json()
    assert again["status"] == ("ready" if name == "test-fails-once" else "failed")


def test_a_slow_one_is_still_under_way_long_after_others_are_ready(tester, sandbox_of_tests):
    slow = tester.order("test-slow").json()
    end = time.monotonic() + 3
    while time.monotonic() < end:
        running.run_due()
        watcher.watch()
    told = tester("GET", f"/instances/{slow['instanceId']}").json()
    assert (told["status"], told["step"]["code"]) == ("creating", "deploy_odoo")
    sandbox_of_tests.advance(of_the_sandbox.SLOW)
    work()
    assert tester("GET", f"/instances/{slow['instanceId']}").json()["status"] == "ready"


def test_all_that_was_tried_out_is_deleted_by_one_call_even_what_is_under_way(tester, seller, sandbox_of_tests):
    order(tester, "acme-corp")
    order(seller, "acme-corp")
    tester.order("test-slow")
    assert tester("DELETE", "/test-data").json() == {"deleting": 2}
    work()
    assert projects(sandbox_of_tests) == set()
    assert {each.state for each in Instance.objects.filter(workspace="test")} == {"decommissioned"}
    assert Instance.objects.real().get().state == "ready"
    assert seller("DELETE", "/test-data").status_code == 404


def test_what_a_sandbox_has_forgotten_can_still_be_deleted(tester, sandbox_of_tests):
    tried = order(tester, "acme-corp")
    sandbox_of_tests.reset()
    tester("DELETE", "/test-data")
    work()
    assert tester("GET", f"/instances/{tried['instanceId']}").json()["status"] == "decommissioned"


def test_what_is_old_goes_by_itself_and_nothing_live_with_it(tester, seller, settings):
    tried, sold = (order(caller, "acme-corp") for caller in (tester, seller))
    with time_machine.travel(timezone.now() + timedelta(days=settings.TEST_MODE_DAYS + 1)):
        assert test_mode.remove_old() == 1
        work()
    assert tester("GET", f"/instances/{tried['instanceId']}").json()["status"] == "decommissioned"
    assert seller("GET", f"/instances/{sold['instanceId']}").json()["status"] == "ready"


def test_a_grace_period_and_its_undoing_can_be_tried_out_too(tester):
    tried = order(tester, "acme-corp")
    address = f"/instances/{tried['instanceId']}"
    tester("DELETE", address)
    work()
    assert tester("GET", address).json()["status"] == "suspended"
    assert tester("POST", f"{address}/undo-decommission").status_code == 202
    tester("POST", f"{address}/resume")
    work()
    assert tester("GET", address).json()["status"] == "ready"
    tester("DELETE", address)
    work()
    with time_machine.travel(timezone.now() + timedelta(days=30)):
        ending.expire()
        work()
    assert tester("GET", address).json()["status"] == "decommissioned"


def test_the_tables_of_the_guides_list_every_name_that_forces_an_outcome():
    names = {*of_the_sandbox.OUTCOMES, *outcomes.REFUSED, outcomes.MAIL_BOUNCES}
    for book in ("api.md", "guide-partenaire.md"):
        text = (Path(settings.BASE_DIR) / "docs" / book).read_text(encoding="utf-8")
        rows = re.findall(r"^\| (`test-.*?) \|", text, re.MULTILINE)
        assert {name for row in rows for name in re.findall(r"`(test-[a-z-]+)`", row)} == names, book


def test_a_partner_in_test_mode_is_made_once(alice):
    assert partners.in_test_mode(alice) == partners.in_test_mode(alice)
    assert Partner.objects.real().filter(pk=alice.pk).exists()
