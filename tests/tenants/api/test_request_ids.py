"""One id from the partner's request to the worker's log line."""

import logging

import pytest

from provisioning import logcontext
from provisioning.engine import running
from provisioning.models import Operation
from tests import factories
from tests.tenants.api.conftest import Caller, key_of

pytestmark = pytest.mark.django_db


def test_the_workers_log_lines_carry_the_id_of_the_request_that_ordered(settings):
    settings.RAILWAY_API_URL = "http://127.0.0.1:9/graphql/v2"
    seen = []

    class Listener(logging.Handler):
        def emit(self, record):
            seen.append((record.name, dict(logcontext.current())))

    call = Caller(key_of(factories.make_partner()))
    assert call.order(**{"X-Request-Id": "req-of-the-partner-1"}).headers["X-Request-Id"] == "req-of-the-partner-1"
    operation = Operation.objects.get()
    listener = Listener()
    logging.getLogger("provisioning").addHandler(listener)
    try:
        running.run(operation.pk)
    finally:
        logging.getLogger("provisioning").removeHandler(listener)
    assert seen
    assert all(ids["request"] == "req-of-the-partner-1" for _name, ids in seen)
    assert all(ids["operation"] == operation.reference for _name, ids in seen)


def test_what_nobody_asked_for_over_http_carries_none():
    factories.order_instance()
    assert Operation.objects.get().request_id == ""
