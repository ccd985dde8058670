"""From a partner's order to the news that its customer can log in."""

import time

import pytest
from standardwebhooks import Webhook

from provisioning.engine import running
from provisioning.watching import watcher
from tenants.models import Instance
from tenants.webhooks import deliveries
from tests import factories
from tests.provisioning.hooks.partner_site import PartnerSite
from tests.tenants.api.conftest import Caller, key_of

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_SECONDS = 60


def test_a_partner_orders_hears_that_it_is_ready_and_reads_the_password(sandbox):
    call = Caller(key_of(factories.make_partner()))
    with PartnerSite() as site:
        secret = call("POST", "/webhook-endpoints", {"url": site.url}).json()["secret"]
        order = call.order(**{"Idempotency-Key": "order-1"}).json()
        _work_until(lambda: site.received)
    [(_path, headers, body)] = site.received
    news = Webhook(secret).verify(body, headers)
    assert (news["type"], news["data"]["instanceId"]) == ("instance.ready", order["instanceId"])
    status = call("GET", f"/instances/{order['instanceId']}").json()
    assert (status["status"], status["progress"]) == ("ready", 100)
    assert status["adminPassword"] == Instance.objects.get().admin_password()
    assert status["adminPassword"].encode() not in body


def _work_until(done):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done() and time.monotonic() < deadline:
        running.run_due()
        watcher.watch()
        deliveries.deliver_due()
        time.sleep(0.02)
