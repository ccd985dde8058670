import gc
import shutil
import socket
import time
from datetime import timedelta

import pytest
from django.core.cache import caches
from django.test import TransactionTestCase
from django.utils import timezone

from provisioning.backups import bucket, reach
from provisioning.gate import budget_redis, circuit, workspaces
from provisioning.odoo import container
from provisioning.sandbox.odoo import passwords
from provisioning.sandbox.sandbox import Sandbox
from tenants.limits import counters, counts_redis
from tenants.models import Mail
from tenants.services import ending
from tenants.wording import progress
from tests import environment, factories
from tests.as_migrated import AsMigrated

COUNTED = tuple(kind.encode() for kind in (":1:", budget_redis.PREFIX, counts_redis.PREFIX))
_connect = socket.socket.connect
_look_up = socket.getaddrinfo


def pytest_collection_finish():
    """What was imported lives until the end: looking through it for garbage took a sixth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """What was logged meanwhile goes home as UTF-8: a lone surrogate in it would end the whole run."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report


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
    """Passwords at a thousandth of their cost, but where it is tried how strong they are kept (``real_hashes``)."""
    if "real_hashes" not in request.keywords:
        monkeypatch.setattr(container, "PASSWORD_ROUNDS", 600)
        monkeypatch.setattr(passwords, "ROUNDS", 600)
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _caches_forget():
    """What one test counted is not held against the next; the broker's queue beside it is left alone."""
    circuit.forget()
    reach.forget()
    progress.forget()
    counters.memory.clear()
    if environment.WITH_SERVICES:
        counted = [key for key in environment.REDIS.scan_iter(count=1000) if key.startswith(COUNTED)]
        if counted:
            environment.REDIS.delete(*counted)
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


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """pytest-django's, and what tests with transactions of their own have written is taken back."""
    with django_db_blocker.unblock():
        as_migrated = AsMigrated()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: as_migrated.come_back())
        yield


@pytest.fixture
def sandbox(settings):
    """The stand-in for Railway and Odoo, in this process, which the settings point at."""
    with Sandbox() as running:
        settings.RAILWAY_API_URL = running.url
        settings.RAILWAY_API_TOKEN = running.token
        settings.RAILWAY_WORKSPACE_ID = running.workspace_id
        yield running


@pytest.fixture
def sandbox_of_tests(settings):
    """The one in which partners' test keys create instances, as `manage.py sandbox --test-mode` makes it."""
    options = {"token": workspaces.test_token(), "workspace_id": workspaces.TEST_IDENTIFIER}
    with Sandbox(**options, deletion_grace_seconds=0, named_outcomes=True) as running:
        settings.TEST_MODE_URL = running.url
        yield running


@pytest.fixture
def storage(sandbox, settings):
    """The sandbox's, to which the settings point: backups are in service."""
    bucket.locks.cache_clear()
    given = sandbox.options
    settings.BACKUP_S3_ENDPOINT = sandbox.s3_url
    settings.BACKUP_S3_REGION, settings.BACKUP_S3_BUCKET = given.s3_region, given.s3_bucket
    settings.BACKUP_S3_ACCESS_KEY_ID = given.s3_access_key_id
    settings.BACKUP_S3_SECRET_ACCESS_KEY = given.s3_secret_access_key
    return bucket.storage()


@pytest.fixture
def told():
    """The customer has known of every end that has come for two days: its notice went out then."""

    def told():
        ending.expire()
        long_ago = timezone.now() - timedelta(days=2)
        Mail.objects.exclude(announces=None).update(state=Mail.State.SENT, sent_at=long_ago)

    return told
