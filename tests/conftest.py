import shutil
import socket
import time
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.cache import caches
from django.db import connection
from django.db.models.signals import post_migrate

from provisioning.gate import budget_redis, circuit
from provisioning.odoo import container
from provisioning.sandbox.odoo import passwords
from provisioning.sandbox.sandbox import Sandbox
from tenants.limits import counters, counts_redis
from tests import environment, factories

_connect = socket.socket.connect
_look_up = socket.getaddrinfo


def _stay_here(host):
    name = host.decode() if isinstance(host, bytes) else str(host or "")
    if name not in ("", "localhost", "::1", "0.0.0.0", "::") and not name.startswith("127."):
        raise AssertionError(f"A test tried to leave this machine: {name}")


def _connect_here(self, address):
    if isinstance(address, tuple):
        _stay_here(address[0])
    return _connect(self, address)


def _look_up_here(host, *arguments, **options):
    _stay_here(host)
    return _look_up(host, *arguments, **options)


@pytest.fixture(autouse=True, scope="session")
def _no_network():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _connect_here)
        patch.setattr(socket, "getaddrinfo", _look_up_here)
        yield
    shutil.rmtree(environment.SCRATCH, ignore_errors=True)


@pytest.fixture(autouse=True)
def _redis_lives_in_the_time_of_the_test(monkeypatch):
    monkeypatch.setattr(budget_redis, "server_clock", time.time)


@pytest.fixture(autouse=True)
def quick_hashes(request, monkeypatch, settings):
    """Passwords at a hundredth of their cost, but where it is tried how strong they are kept (``real_hashes``)."""
    if "real_hashes" not in request.keywords:
        monkeypatch.setattr(container, "PASSWORD_ROUNDS", 6_000)
        monkeypatch.setattr(passwords, "ROUNDS", 6_000)
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _caches_forget():
    """What one test counted is not held against the next; the broker's queue beside it is left alone."""
    circuit.forget()
    counters.memory.clear()
    if environment.WITH_SERVICES:
        for kind in (":1:*", f"{budget_redis.PREFIX}*", f"{counts_redis.PREFIX}*"):
            for key in environment.REDIS.scan_iter(kind, count=1000):
                environment.REDIS.delete(key)
    else:
        for cache in caches.all(initialized_only=True):
            cache.clear()


def _lack(what):
    if environment.MODE == "required":
        pytest.fail(f"{what} is required here and missing")
    pytest.skip(f"needs {what}")


@pytest.fixture(scope="session")
def services():
    """For tests that only make sense on PostgreSQL and Redis."""
    if not environment.WITH_SERVICES:
        if environment.MODE == "none":
            pytest.skip("needs PostgreSQL and Redis; this run is on the embedded defaults")
        _lack("PostgreSQL and Redis")


@pytest.fixture(scope="session")
def caddy():
    """For tests that stand behind the proxy of production."""
    if not environment.WITH_CADDY:
        _lack("Debian's Caddy")


@pytest.fixture(scope="session")
def chromium_path():
    """For tests that look at pages as a person does."""
    if not environment.WITH_CHROMIUM:
        _lack("Debian's Chromium")
    return environment.CHROMIUM


@pytest.fixture
def make_instance():
    return factories.make_instance


@pytest.fixture
def order_instance():
    return factories.order_instance


@pytest.fixture
def make_partner():
    return factories.make_partner


@pytest.fixture(autouse=True, scope="session")
def _what_the_migrations_brought_comes_back(django_db_setup):
    """Tests with real transactions end by emptying the tables; Django tells so with post_migrate."""
    first_offer = import_module("tenants.migrations.0002_first_offer")
    pinned_images = import_module("tenants.migrations.0027_versions")
    staff_groups = import_module("tenants.migrations.0009_staff_groups")
    staff_orders = import_module("tenants.migrations.0016_staff_order_instances")
    backups = import_module("tenants.migrations.0025_backups")
    limits = import_module("tenants.migrations.0026_limits")
    site_backups = import_module("tenants.migrations.0029_site_backups")
    exports = import_module("tenants.migrations.0030_export_instance")
    prices = import_module("provisioning.migrations.0012_usage_and_prices")
    costs = import_module("tenants.migrations.0033_costs")

    def restore(sender, **news):
        if sender.name == "tenants" and not apps.get_model("tenants", "Partner").objects.exists():
            first_offer.bring(apps, None)
            pinned_images.pin(apps, None)
            staff_groups.bring(apps, SimpleNamespace(connection=connection))
            staff_orders.grant(apps, SimpleNamespace(connection=connection))
            backups.grant(apps, SimpleNamespace(connection=connection))
            limits.grant(apps, SimpleNamespace(connection=connection))
            site_backups.grant(apps, SimpleNamespace(connection=connection))
            exports.grant(apps, SimpleNamespace(connection=connection))
            prices.bring(apps, None)
            costs.grant(apps, SimpleNamespace(connection=connection))

    post_migrate.connect(restore)
    yield
    post_migrate.disconnect(restore)


def _audit_guards():
    """What takes the audit trail's guards away, and what brings them back."""
    if connection.vendor == "postgresql":
        table = "ALTER TABLE tenants_auditentry {} TRIGGER USER"
        return [table.format("DISABLE")], [table.format("ENABLE")]
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'tenants_auditentry'")
        rows = cursor.fetchall()
    return [f"DROP TRIGGER {name}" for name, _sql in rows], [sql for _name, sql in rows]


@pytest.fixture(autouse=True, scope="session")
def _the_audit_trail_is_emptied_between_tests_only(django_db_setup):
    """Tests with real transactions empty the tables, which the trail's own guards refuse."""
    empty = connection.ops.sql_flush

    def sql_flush(*arguments, **options):
        away, back = _audit_guards()
        return [*away, *empty(*arguments, **options), *back]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(connection.ops), "sql_flush", staticmethod(sql_flush))
        yield


@pytest.fixture
def sandbox(settings):
    """The stand-in for Railway and Odoo, in this process, which the settings point at."""
    with Sandbox() as running:
        settings.RAILWAY_API_URL = running.url
        settings.RAILWAY_API_TOKEN = running.token
        settings.RAILWAY_WORKSPACE_ID = running.workspace_id
        yield running
