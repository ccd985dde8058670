"""The former version on today's schema, as after a rollback: it goes on with what today's began, and sells on."""

import json
from pathlib import Path

import httpx
import psycopg
import pytest
from django.db import connection

from provisioning.sandbox import Sandbox
from tests import environment, former
from tests.journeys.test_command_line import _log_in
from tests.journeys.test_production import sign_up
from tests.ports import free_port
from tests.processes import Workers, until
from tests.provisioning.site_backup.conftest import address_of
from tests.tenants.api.conftest import order

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("services")]
# a partner's two customers: the Odoo of one is ready, the creation of the other's is under way
BEGIN = """
import json
from provisioning import driver
from provisioning.engine import running
from provisioning.models import Operation
from tenants.services import keys
from tests import factories
partner = factories.make_partner()
key, secret = keys.issue(partner)
names = ("made-before", "begun-before")
made, begun = (factories.order_instance(name, partner=partner, key=key) for name in names)
driver.drive(Operation.objects.get(instance=made).pk, timeout=60, tick=lambda row: None)
running.run(Operation.objects.get(instance=begun).pk)
print(json.dumps({"key": secret, "made": made.public_id, "begun": begun.public_id}))
"""
WRITE_DOWN = """
import json
from django.apps import apps
from django.conf import settings
models = apps.get_models(include_auto_created=True)
known = {model._meta.db_table: [field.column for field in model._meta.local_concrete_fields] for model in models}
print(json.dumps([str(settings.BASE_DIR), known]))
"""
COLUMNS = """
SELECT table_name, column_name, is_nullable = 'YES' OR column_default IS NOT NULL OR is_identity = 'YES'
FROM information_schema.columns WHERE table_schema = 'public'
"""


@pytest.fixture(scope="module")
def code(tmp_path_factory):
    return former.unpack(tmp_path_factory.mktemp("former"))


@pytest.fixture
def database(transactional_db):
    """A copy of what today's migrations made, since the former version's `migrate` makes its own triggers there."""
    # whoever is in a database keeps it from being copied
    connection.close()
    made = connection.settings_dict["NAME"]
    name = f"{made}_former"
    with psycopg.connect(environment.DATABASE_URL, autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{made}"')
        yield address_of(name)
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def versions(code, database, tmp_path):
    """Today's and the former one, with one database and broker, one address, and one Railway."""
    environment.REDIS.flushdb()
    with Sandbox(agent_pace=0.01) as sandbox:
        port, storage = free_port(), sandbox.options
        site = f"http://localhost:{port}"
        given = {
            "DATABASE_URL": database,
            "PUBLIC_BASE_URL": site,
            "RAILWAY_API_URL": sandbox.url,
            "RAILWAY_API_TOKEN": sandbox.token,
            "RAILWAY_WORKSPACE_ID": sandbox.workspace_id,
            "BACKUP_S3_ENDPOINT": sandbox.s3_url,
            "BACKUP_S3_REGION": storage.s3_region,
            "BACKUP_S3_BUCKET": storage.s3_bucket,
            "BACKUP_S3_ACCESS_KEY_ID": storage.s3_access_key_id,
            "BACKUP_S3_SECRET_ACCESS_KEY": storage.s3_secret_access_key,
            "PORT": str(port),
        }
        today, back = Workers(tmp_path, **given), Workers(tmp_path, code=code, **given)
        try:
            yield today, back, site
        finally:
            back.stop()


class Partner:
    """A program with a key that today's version gave."""

    def __init__(self, site, key):
        self._client = httpx.Client(base_url=f"{site}/api", headers={"Authorization": f"Bearer {key}"}, timeout=30)

    def ask(self, method, path, **options):
        answer = self._client.request(method, f"/instances{path}", **options)
        assert answer.is_success, answer.text
        return answer.json()

    def await_status(self, instance, status):
        until(lambda: self.ask("GET", f"/{instance}")["status"] == status, f"{instance} is {status}")
        return self.ask("GET", f"/{instance}")

    def await_backup(self, instance):
        self.ask("POST", f"/{instance}/backups")
        until(lambda: self.ask("GET", f"/{instance}/backups")["data"][0]["status"] == "good", "the backup is good")


def log_in(told):
    return _log_in(told["instanceUrl"], told["databaseName"], told["adminEmail"], told["adminPassword"])


def is_ready(site):
    try:
        return httpx.get(f"{site}/readyz?checks=database,migrations,broker").is_success
    except httpx.TransportError:
        return False


def test_every_row_of_the_former_version_has_a_place_in_todays_schema(code, database, tmp_path):
    told = Workers(tmp_path, code=code, DATABASE_URL=database).manage("shell", "--verbosity", "0", "-c", WRITE_DOWN)
    folder, known = json.loads(told)
    assert Path(folder) == code
    with psycopg.connect(database) as connected:
        there = {(table, column): may_be_left_out for table, column, may_be_left_out in connected.execute(COLUMNS)}
    written = {(table, column) for table, columns in known.items() for column in columns}
    assert written - set(there) == set(), "a column that the former version writes has gone"
    needed = {place for place, may_be_left_out in there.items() if place[0] in known and not may_be_left_out}
    assert needed - written == set(), "a new column needs a default in the database (db_default) or no NOT NULL"


def test_the_former_version_goes_on_with_what_todays_began_and_sells_on(versions):
    today, back, site = versions
    began = json.loads(today.manage("shell", "--verbosity", "0", "-c", BEGIN))
    # as compose.yml does with every image that is started
    back.manage("migrate", "--noinput", "--verbosity", "0")
    back.serve()
    back.start("-B", "--pool", "threads")
    until(lambda: is_ready(site), "the former version is ready to serve")
    partner = Partner(site, began["key"])
    new = partner.ask("POST", "", json=order("ordered-after"))["instanceId"]
    with httpx.Client(base_url=site, timeout=30) as visitor:
        signed_up = sign_up(visitor)
    assert log_in(signed_up)
    for instance in (new, began["begun"]):
        assert log_in(partner.await_status(instance, "ready"))
    partner.await_backup(began["made"])
    given = partner.ask("GET", f"/{began['made']}")["adminPassword"]
    partner.ask("POST", f"/{began['made']}/reset-password")
    until(lambda: partner.ask("GET", f"/{began['made']}").get("adminPassword", given) != given, "another password")
    assert log_in(partner.ask("GET", f"/{began['made']}"))
