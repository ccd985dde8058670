"""Railway's webhooks: a hint that makes us look, and nothing else."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from provisioning.engine import running
from provisioning.models import Operation, Resource
from provisioning.railway.notification import deployment_id
from provisioning.sandbox import Sandbox
from provisioning.watching import watcher
from tests import factories

pytestmark = pytest.mark.django_db
SECRET = "hook-" * 8
NEW = {"type": "Deployment.failed", "details": {"status": "SUCCESS"}, "resource": {"deployment": {"id": "d-1"}}}
OLD = {"type": "DEPLOY", "status": "SUCCESS", "deployment": {"id": "d-1", "creator": {}, "meta": {}}}


@pytest.fixture(autouse=True)
def _settings(settings):
    settings.RAILWAY_WEBHOOK_SECRET = SECRET
    settings.PUBLIC_BASE_URL = "https://eazynova.example"


@pytest.fixture
def sandbox(settings):
    with Sandbox(deploy_seconds=60) as running:
        settings.RAILWAY_API_URL, settings.RAILWAY_API_TOKEN = running.url, running.token
        settings.RAILWAY_WORKSPACE_ID = running.workspace_id
        yield running


@pytest.fixture
def waiting(sandbox, quick_hashes, settings):
    """The Odoo of a creation, which Railway is still deploying, its database too."""
    settings.RAILWAY_POLL_SECONDS = 300
    operation = Operation.objects.get(instance=factories.order_instance())
    while Operation.objects.get(pk=operation.pk).steps.filter(code="deploy_odoo", state="pending").exists():
        Operation.objects.update(run_after=operation.created_at)
        running.run(operation.pk)
    return Resource.objects.get(kind="deployment", name="odoo")


def post(client, body, secret=SECRET):
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return client.post(f"/webhooks/railway/{secret}", text, content_type="application/json")


@pytest.mark.parametrize("form", [NEW, OLD])
def test_both_forms_name_their_deployment(form):
    assert deployment_id(json.dumps(form).encode()) == "d-1"


@pytest.mark.parametrize(
    "form", [{}, [], {"type": "Monitor.triggered"}, {"deployment": "d-1"}, {"resource": {"deployment": {"id": 7}}}]
)
def test_what_names_no_deployment_is_taken_and_changes_nothing(client, form):
    assert post(client, form).status_code == 204


@pytest.mark.parametrize("body", ["", "no json", "[" * 30_000, b"\xff\xfe"])
def test_what_cannot_be_read_is_refused(client, body):
    assert post(client, body).status_code == 400


def test_the_address_is_the_secret(client):
    assert post(client, NEW, "hook-" * 7 + "hooc-").status_code == 404
    assert client.get(f"/webhooks/railway/{SECRET}").status_code == 405
    with override_settings(RAILWAY_WEBHOOK_SECRET=""):
        assert post(client, NEW).status_code == 404


def test_a_flood_in_one_request_is_refused(client):
    assert post(client, json.dumps(NEW | {"padding": "x" * 70_000})).status_code == 413


def test_news_of_a_deployment_lead_to_one_look_at_railway_however_often_they_come(client, waiting, sandbox):
    sandbox.advance(61)
    for form in (NEW, OLD, NEW, NEW):
        named = json.loads(json.dumps(form).replace("d-1", waiting.external_id))
        assert post(client, named).status_code == 204
    asked = sandbox.state()["requests"]
    assert watcher.catch_up() == 1
    assert sum(sandbox.state()["requests"].values()) == sum(asked.values()) + 1
    assert watcher.catch_up() == 0, "what was looked at is no news any more"
    waiting.refresh_from_db()
    assert waiting.status == "SUCCESS"
    assert running.run(waiting.instance.operations.get().pk), "the operation was woken"


def test_a_lying_webhook_changes_nothing(client, waiting):
    lie = json.loads(json.dumps(NEW).replace("d-1", waiting.external_id))
    watcher.watch()
    before = Operation.objects.values("run_after", "wakes").get()
    assert post(client, lie).status_code == 204
    assert watcher.catch_up() == 0
    waiting.refresh_from_db()
    assert waiting.status not in ("SUCCESS", "FAILED")
    assert Operation.objects.values("run_after", "wakes").get() == before


def test_news_of_what_nobody_waits_for_are_forgotten(client, sandbox):
    instance = factories.make_instance(state="ready")
    Resource.objects.create(instance=instance, kind="deployment", name="odoo", external_id="d-1", state="present")
    assert post(client, NEW).status_code == 204
    assert watcher.catch_up() == 0
    assert not sandbox.state()["requests"]


def command(verb, *options):
    out = StringIO()
    call_command("railway_webhook", verb, "--json", *options, stdout=out)
    return json.loads(out.getvalue())


def test_registering_twice_makes_one_rule_and_shows_no_secret(sandbox: Sandbox):
    first, again = command("register"), command("register")
    assert first == again
    [rule] = again
    assert rule["ours"]
    assert rule["url"] == "https://eazynova.example/webhooks/railway/…"
    assert "Deployment.deployed" in rule["events"]
    assert sandbox.state()["rules"] == 1


def test_removing_takes_older_secrets_too_and_leaves_what_is_not_ours(sandbox, settings):
    command("register")
    settings.RAILWAY_WEBHOOK_SECRET = "next-" * 8
    assert len(command("register")) == 2
    settings.PUBLIC_BASE_URL = "https://somebody-else.example"
    assert command("register")[-1]["ours"]
    settings.PUBLIC_BASE_URL = "https://eazynova.example"
    assert [rule["ours"] for rule in command("remove")] == [False]


def test_without_a_secret_nothing_is_registered(sandbox, settings):
    settings.RAILWAY_WEBHOOK_SECRET = ""
    with pytest.raises(CommandError, match="RAILWAY_WEBHOOK_SECRET"):
        command("register")
    assert sandbox.state()["rules"] == 0


def test_a_refused_token_is_told_and_not_shown(sandbox, settings):
    settings.RAILWAY_API_TOKEN = "wrong-token-of-railway"
    with pytest.raises(CommandError) as told:
        command("list")
    assert "wrong-token" not in str(told.value)
