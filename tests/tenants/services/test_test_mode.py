"""What partners try out is apart from what is real: in names, in limits, and in every figure that anybody is shown."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from eazynova_site.metrics import Everything
from provisioning.engine.running import priority_of
from provisioning.gate import turns, workspaces
from provisioning.gate.workspaces import UnknownWorkspace
from provisioning.models import Agent, Operation, Outage, Resource
from tenants.alerts import conditions
from tenants.costs import upkeep
from tenants.errors import ClientNameTaken, NoRoom, NoTestMode, QuotaReached
from tenants.lifecycle import InstanceState
from tenants.models import ApiKey, Instance, Mail, Partner, Pool, Unit, WebhookEndpoint
from tenants.pool import counting
from tenants.services import (
    backups,
    instances,
    keys,
    partners,
    probes,
    reconciliation,
    statistics,
    webhooks,
)
from tests import factories
from tests.tenants.api.conftest import Caller, key_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _somewhere(settings):
    settings.TEST_MODE_URL = "http://127.0.0.1:9/graphql/v2"


@pytest.fixture
def alice():
    return factories.make_partner(allowed_origins=["https://www.alice.example"])


@pytest.fixture
def tested(alice):
    return partners.in_test_mode(alice)


def figures(pool):
    """Everything that staff are shown, asked or told, in one value."""
    metrics = {each.name: [(s.name, s.labels, s.value) for s in each.samples] for each in Everything().collect()}
    days = statistics.creations_by_day()
    return {
        "metrics": metrics,
        "sold": statistics.live(),
        "days": days,
        "weeks": statistics.last_weeks(days),
        "troubles": statistics.troubles(),
        "alerts": conditions.present(),
        "compared": reconciliation.workspaces(),
        "paid": upkeep.workspaces(),
        "orders": counting.standing(pool).orders,
        "looked at": probes.look_around(),
        "backed up": backups.order_due(),
        "sellers": list(Partner.objects.sold_to("admin@acme-0.example")),
    }


def live_through_everything(tested):
    """An instance in test mode in each state, with all that could go wrong beside it."""
    long_ago = timezone.now() - timedelta(days=2)
    for number, state in enumerate(InstanceState.values):
        instance = factories.make_instance(f"acme-{number}", partner=tested)
        Instance.objects.filter(pk=instance.pk).update(state=state, url="http://x.example", ready_at=long_ago)
        Operation.objects.create(
            instance=instance, kind="create", state="failed", reason="deployment_failed", deadline_at=long_ago,
            spec={"workspace": "test", "source": {"repository": ""}}, ended_at=timezone.now(), sealed="",
        )  # fmt: skip
        Operation.objects.create(
            instance=instance, kind="suspend", run_after=long_ago, deadline_at=long_ago, sealed="",
            spec={"workspace": "test", "source": {"repository": ""}},
        )  # fmt: skip
        Resource.objects.create(
            instance=instance, workspace="test", kind="project", name="project", external_id=f"p{number}"
        )
        Resource.objects.create(
            instance=instance, workspace="test", kind="volume_instance", name="odoo", external_id=str(number),
            checked_at=long_ago,
        )  # fmt: skip
        Agent.objects.create(instance=instance, token_hash=str(number))
        Mail.objects.create(
            instance=instance, kind="welcome", purpose=f"p{number}", recipient="x@acme.example",
            message_id=f"m{number}", state="bounced",
        )  # fmt: skip
    endpoint, _secret = webhooks.create_endpoint(tested, url="https://alice.example/hook")
    webhooks.send_test(endpoint)
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(state="disabled", disabled_reason="gone")
    for kind in Outage.Kind.values:
        Outage.objects.create(workspace="test", kind=kind, began_at=long_ago, opened_at=long_ago, probe_at=long_ago)


@time_machine.travel("2026-03-02 09:00:00+00:00", tick=False)
def test_whatever_happens_in_test_mode_changes_no_figure_and_tells_nobody(tested, settings):
    settings.TEST_MODE_INSTANCES = 50
    settings.BACKUP_S3_BUCKET = "bucket"
    pool = Pool.objects.create(plan=instances.find_plan("demo"), language="fr", country="FR", size=0)
    late = Operation.objects.get(instance=factories.order_instance("late"))
    Operation.objects.filter(pk=late.pk).update(deadline_at=timezone.now() - timedelta(hours=1))
    before = figures(pool)
    assert "stuck" in {each.kind for each in before["alerts"]}
    live_through_everything(tested)
    after = figures(pool)
    changed = {f"metrics {name}": each for name, each in after["metrics"].items() if each != before["metrics"][name]}
    changed |= {name: each for name, each in after.items() if name != "metrics" and each != before[name]}
    assert changed == {}


def test_a_name_is_free_in_test_mode_for_each_partner_and_takes_no_live_one(alice, tested):
    other = partners.in_test_mode(factories.make_partner("Bob Services"))
    for partner in (tested, other, alice):
        factories.order_instance("acme-corp", partner=partner)
    for partner in (tested, alice):
        with pytest.raises(ClientNameTaken):
            factories.order_instance("acme-corp", partner=partner)


def test_the_quota_of_test_mode_is_its_own(alice, tested, settings):
    settings.TEST_MODE_INSTANCES = 1
    alice.quota = 1
    alice.save(update_fields=["quota"])
    factories.order_instance("acme-a", partner=tested)
    with pytest.raises(QuotaReached):
        factories.order_instance("acme-b", partner=tested)
    factories.order_instance("acme-c", partner=alice)
    told = Caller(key_of(tested))("GET", "/me").json()
    assert (told["mode"], told["partner"], told["quota"]) == ("test", str(alice), {"limit": 1, "used": 1, "left": 0})


def test_a_test_costs_nothing_waits_behind_customers_and_for_no_turn(tested, alice, settings):
    settings.RAILWAY_PROJECT_INTERVAL_SECONDS = 31
    tried, sold = factories.order_instance("acme-a", partner=tested), factories.order_instance("acme-b", partner=alice)
    assert (tried.estimated_cost, tried.workspace, sold.workspace) == (0, "test", "default")
    assert priority_of("create", "test") > priority_of("create", "default")
    assert list(Operation.objects.due(timezone.now()).values_list("instance", flat=True)) == [sold.pk, tried.pk]
    assert [turns.interval(f"project_create:{name}") for name in ("test", "default")] == [0, 31]


def test_no_order_of_test_mode_takes_a_unit_that_waits_for_a_customer(tested, monkeypatch):
    def take(*_key):
        raise AssertionError("a unit was taken")

    monkeypatch.setattr(instances.units, "take", take)
    factories.order_instance(partner=tested)
    assert not Unit.objects.exists()


def test_orders_in_test_mode_use_up_no_limit_of_real_ones(alice, tested, settings):
    settings.ORDER_PARTNER_RATE, settings.MAIL_RECIPIENT_RATE = "2/d", "1/d"
    tester, seller = Caller(key_of(tested)), Caller(key_of(alice))
    for number in range(2):
        assert tester.order(f"acme-{number}", **{"Idempotency-Key": f"k{number}"}).status_code == 202
    assert tester.order("acme-3").json()["code"] == "rate_limited"
    assert seller.order("acme-0", **{"Idempotency-Key": "k0"}).status_code == 202


def test_a_public_test_key_orders_from_its_partners_pages_without_proof(alice, tested, settings):
    settings.CONFIRM_EMAIL, settings.TURNSTILE_SECRET_KEY = True, "secret"
    key = key_of(tested, ApiKey.Kind.PUBLISHABLE)
    assert key.startswith("eaz_pubtest_")
    body = {"clientName": "test-fails-at-build", "adminEmail": "a@acme.example", "plan": "demo"}
    assert Caller(key, "https://elsewhere.example")("POST", "/instances", body).json()["code"] == "origin_not_allowed"
    answer = Caller(key, alice.allowed_origins[0])("POST", "/instances", body)
    assert (answer.status_code, answer.json()["mode"]) == (202, "test")


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("test-refused-name", 409, "client_name_taken"),
        ("test-refused-quota-2", 429, "quota_reached"),
        ("test-refused-room", 503, "no_room"),
        ("test-refused-plan", 503, "orders_stopped"),
    ],
)
def test_a_name_makes_a_test_order_be_refused_and_no_live_one(alice, tested, name, status, code):
    answer = Caller(key_of(tested)).order(name)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (status in (429, 503)) == ("Retry-After" in answer)
    assert Caller(key_of(alice)).order(name).status_code == 202


def test_keys_say_their_mode_and_end_with_their_partner(alice, tested):
    row, clear = keys.issue(tested)
    assert clear.startswith("eaz_test_")
    assert str(row) == f"eaz_test_{row.public_id}_…"
    assert keys.recognise(clear) == row
    assert keys.recognise(clear.replace("eaz_test_", "eaz_live_")) is None
    Partner.objects.filter(pk=alice.pk).update(is_active=False)
    assert keys.recognise(clear) is None


def test_without_a_sandbox_there_are_no_test_keys_and_no_orders_of_old_ones(tested, alice, settings):
    settings.TEST_MODE_URL = ""
    with pytest.raises(NoTestMode):
        partners.in_test_mode(alice)
    with pytest.raises(UnknownWorkspace):
        workspaces.named("test")
    with pytest.raises(NoRoom):
        factories.order_instance(partner=tested)


def test_the_workspace_of_test_mode_is_in_no_list_and_no_plan_leads_there(alice):
    assert "test" not in workspaces.configured()
    plan = instances.find_plan("demo")
    plan.workspace = "test"
    plan.save(update_fields=["workspace"])
    with pytest.raises(NoRoom):
        factories.order_instance(partner=alice)


def test_commands_make_and_list_keys_of_either_mode(alice, capsys):
    call_command("create_api_key", alice.name, "--test")
    call_command("create_api_key", alice.name, "--test", "--publishable")
    call_command("create_api_key", alice.name)
    words = capsys.readouterr().out.split()
    prefixes = [word.rsplit("_", 2)[0] for word in words if word.startswith("eaz_")]
    assert prefixes == ["eaz_test", "eaz_pubtest", "eaz_live"]
    call_command("api_keys", "list")
    listed = capsys.readouterr().out
    assert [listed.count(f'"mode": "{mode}"') for mode in ("test", "live")] == [2, 1]


def test_the_address_of_a_test_instance_is_a_page_that_says_so(tested, alice, client):
    tried, sold = (factories.make_instance(n, partner=p, state="ready") for n, p in (("a-a", tested), ("b-b", alice)))
    assert tried.address == f"http://testserver/test-instances/{tried.public_id}/"
    assert sold.address == sold.url
    page = client.get(f"/test-instances/{tried.public_id}/", headers={"accept-language": "en"})
    assert (page.status_code, "A test instance" in page.content.decode()) == (200, True)
    assert tried.admin_email not in page.content.decode()
    assert client.get(f"/test-instances/{sold.public_id}/").status_code == 404
