"""The broker is a doorbell: while it is away, orders are taken as fast as ever and carried out when it is back."""

import os
import subprocess
import sys
import time

import httpx
import pytest
from django.conf import settings

from provisioning.models import Operation
from provisioning.states import OperationState
from tests.journeys.test_command_line import _environment
from tests.processes import Workers, until
from tests.tenants.api.conftest import order

pytestmark = pytest.mark.django_db(transaction=True)
SERVER = """
import sys
from wsgiref.simple_server import make_server
from eazynova_site.wsgi import application
server = make_server("127.0.0.1", 0, application)
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.fixture
def server_without_redis(sandbox):
    """A web process of its own, whose REDIS_URL is a closed port."""
    environment = os.environ | _environment(sandbox) | {"REDIS_URL": "redis://127.0.0.1:1/0"}
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER], cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, text=True
    )
    yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    process.terminate()
    process.communicate(timeout=10)


def test_an_order_without_redis_is_taken_at_once_and_waits_for_the_sweep(server_without_redis):
    httpx.get(f"{server_without_redis}/api/plans")
    started = time.monotonic()
    answer = httpx.post(f"{server_without_redis}/api/instances", json=order())
    seconds = time.monotonic() - started
    assert answer.status_code == 202, answer.text
    assert seconds < 2
    assert Operation.objects.due(Operation.objects.get().run_after).count() == 1


def test_what_was_ordered_without_redis_is_created_once_redis_is_back(server_without_redis, services, tmp_path):
    answer = httpx.post(f"{server_without_redis}/api/instances", json=order())
    assert answer.status_code == 202, answer.text
    workers = Workers(tmp_path)
    try:
        workers.start("-B")
        until(lambda: Operation.objects.get().state == OperationState.SUCCEEDED, "the instance is ready")
    finally:
        workers.stop()
