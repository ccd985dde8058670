"""Webhooks from Railway over real HTTP, to a real site and a real worker that hardly ever ask by themselves."""

import time

import pytest
from django.core.management import call_command

from provisioning.sandbox import Sandbox
from tests import factories
from tests.processes import Workers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("services")]
PATIENCE_SECONDS = 60


@pytest.fixture
def sandbox(settings):
    """With deployments that take a moment: Railway calls when our ledger knows them."""
    with Sandbox(deploy_seconds=1.0) as running:
        settings.RAILWAY_API_URL, settings.RAILWAY_API_TOKEN = running.url, running.token
        settings.RAILWAY_WORKSPACE_ID = running.workspace_id
        yield running


def test_a_creation_goes_on_because_railway_calls(live_server, sandbox, settings, tmp_path):
    settings.RAILWAY_WEBHOOK_SECRET = "hook-" * 8
    settings.PUBLIC_BASE_URL = live_server.url
    call_command("railway_webhook", "register", "--json")
    workers = Workers(tmp_path, RAILWAY_POLL_SECONDS="300")
    instance = factories.order_instance()
    workers.start("-B")
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while instance.state != "ready" and time.monotonic() < deadline:
            time.sleep(0.1)
            instance.refresh_from_db()
    finally:
        workers.stop()
    assert instance.state == "ready"
