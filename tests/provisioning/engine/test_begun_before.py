"""Work that the code of November 2026, before its files moved into rooms, had begun goes on after the change.

``begun_before.json`` is what that code left in the database: an order whose answer to ProjectCreate was lost.
"""

import json
from pathlib import Path

import pytest
import time_machine
from django.core import serializers
from django.core.management.color import no_style
from django.db import connection
from django.utils.dateparse import parse_datetime

from eazynova_site.celery import app
from provisioning.gate import clients
from provisioning.models import Operation
from provisioning.states import OperationState
from tenants.models import Instance, Plan
from tenants.services import partners
from tests import trials

ROWS = Path(__file__).with_name("begun_before.json")
KEY = "3kPkvMJMZ0yQqmDh5vKkE3pS7M6Zq1kq3oZcQ1l0m2g="
LEFT_AT = parse_datetime("2026-11-27T02:08:31Z")
# what may still lie in a broker, or be asked for by a beat of the former code
TASKS = {
    *(f"provisioning.tasks.{name}" for name in ("run_operation", "sweep", "watch", "catch_up", "tend_outages")),
    *(f"tenants.tasks.{name}" for name in ("deliver_mail", "sweep_mails", "deliver_webhook", "sweep_webhooks")),
    *(f"tenants.tasks.{name}" for name in ("purge_api_records", "forget_and_remind", "expire_instances")),
    *(f"tenants.tasks.{name}" for name in ("reconcile_daily", "probe_instances", "tend_alerts")),
}


@pytest.fixture
def clock():
    with time_machine.travel(LEFT_AT, tick=True) as traveller:
        yield traveller


@pytest.fixture
def begun(settings):
    settings.ENCRYPTION_KEYS = [KEY]
    homes = {"partner": partners.house().pk, "plan": Plan.objects.get(code="demo").pk}
    rows = json.loads(ROWS.read_text())
    for row in rows:
        row["fields"] |= {name: homes[name] for name in homes.keys() & row["fields"].keys()}
    loaded = list(serializers.deserialize("python", rows, ignorenonexistent=True))
    for row in loaded:
        row.save()
    with connection.cursor() as cursor:
        # the next rows must not be given the same numbers
        for sql in connection.ops.sequence_reset_sql(no_style(), {type(row.object) for row in loaded}):
            cursor.execute(sql)
    return Operation.objects.get()


@pytest.mark.django_db
@pytest.mark.usefixtures("quick_hashes")
def test_a_creation_that_was_begun_before_the_change_is_finished_after_it(clock, sandbox, begun):
    instance = Instance.objects.get()
    clients.railway().create_project(
        workspace_id=sandbox.workspace_id,
        name="eazynova-acme-corp",
        description="eazynova-instance=acme-corp-85cu8thrmn",
    )
    ended = trials.finish(begun, clock, sandbox)
    assert ended.state == OperationState.SUCCEEDED, ended.message
    trials.assert_exactly_one_of_everything(sandbox, instance)


def test_the_tasks_keep_the_names_that_they_had():
    app.loader.import_default_modules()
    assert set(app.tasks) >= TASKS
