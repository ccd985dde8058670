"""manage.py doctor finds each trap by asking, says what mends it, and ends with 1 only when something is wrong."""

import json
from datetime import timedelta
from io import StringIO
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from eazynova_site import beats
from eazynova_site.doctor import inside, outside
from eazynova_site.doctor.findings import Level, looked
from provisioning.models import Agent
from provisioning.vitals import heartbeat
from tenants.lifecycle import InstanceState
from tenants.models import Instance
from tests import environment
from tests.factories import make_instance

pytestmark = pytest.mark.django_db


@pytest.fixture
def whole(sandbox, settings):
    """Everything that the doctor asks, as a rehearsal has it."""
    settings.DEBUG = settings.SANDBOX = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.BACKUP_S3_ENDPOINT, settings.BACKUP_S3_REGION = sandbox.s3_url, sandbox.options.s3_region
    settings.BACKUP_S3_BUCKET, settings.BACKUP_LOCK_DAYS = sandbox.options.s3_bucket, 0
    settings.BACKUP_S3_ACCESS_KEY_ID = sandbox.options.s3_access_key_id
    settings.BACKUP_S3_SECRET_ACCESS_KEY = sandbox.options.s3_secret_access_key
    for name in heartbeat.patience():
        heartbeat.beat(name)
    return sandbox


def told(subject, look):
    return [(found.level, found.said, found.mend) for found in looked(subject, look, "mend it")]


def one(subject, look):
    """The only thing that is not well."""
    found = [each for each in told(subject, look) if each[0] is not Level.GOOD]
    assert len(found) == 1, found
    return found[0]


@pytest.mark.django_db(transaction=True)
def test_a_whole_site_is_well_as_text_and_as_json(whole, live_server, settings):
    settings.PUBLIC_BASE_URL, settings.ALLOWED_HOSTS = live_server.url, ["*"]
    out = StringIO()
    call_command("doctor", "--json", "--mail-to", "ops@example.com", stdout=out)
    found = json.loads(out.getvalue())
    assert [each for each in found if each["level"] == "wrong"] == []
    assert {each["subject"] for each in found} >= {"database", "workers", "railway", "mail", "storage", "site"}
    screen = StringIO()
    call_command("doctor", "--offline", stdout=screen, no_color=True)
    assert "✓ database" in screen.getvalue()
    assert "railway" not in screen.getvalue()


def test_whoever_is_away_or_refuses_is_named_with_what_mends_it(whole, settings, monkeypatch):
    monkeypatch.setattr(outside, "TIMEOUT_SECONDS", 1)
    settings.PUBLIC_BASE_URL = settings.BACKUP_S3_ENDPOINT = "http://127.0.0.1:9"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    settings.RAILWAY_API_TOKEN = "revoked"
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("doctor", "--json", stdout=out)
    wrong = {each["subject"]: each for each in json.loads(out.getvalue()) if each["level"] == "wrong"}
    assert {"railway", "mail", "site", "storage"} <= set(wrong)
    assert all(wrong[subject]["mend"] for subject in ("railway", "mail", "site", "storage"))
    assert "revoked" not in out.getvalue()


def test_a_token_of_another_workspace_is_found(whole, settings):
    settings.RAILWAY_WORKSPACE_ID = "another"
    level, said, _mend = next(each for each in told("railway", outside.railway) if each[0] is Level.WRONG)
    assert (level, "default" in said) == (Level.WRONG, True)


def test_silent_workers_and_a_schema_behind_or_ahead_are_found(whole, monkeypatch):
    from django.db.migrations.recorder import MigrationRecorder  # noqa: PLC0415

    heartbeat.Heartbeat.objects.filter(name="beat").update(at=timezone.now() - timezone.timedelta(minutes=9))
    assert "beat" in one("workers", inside.workers)[1]
    recorder = MigrationRecorder(connection)
    recorder.record_applied("tenants", "9999_of_the_next_release")
    assert "9999_of_the_next_release" in one("database", inside.database)[1]
    recorder.record_unapplied("tenants", "9999_of_the_next_release")
    latest = recorder.migration_qs.filter(app="tenants").order_by("-name").first().name
    recorder.record_unapplied("tenants", latest)
    assert "manage.py migrate" in one("database", inside.database)[2]


def test_two_beats_and_a_redis_that_evicts_are_found(services, whole, monkeypatch):
    policy = environment.REDIS.config_get("maxmemory-policy")["maxmemory-policy"]
    try:
        environment.REDIS.config_set("maxmemory-policy", "allkeys-lru")
        assert "noeviction" in one("broker", inside.broker)[2]
    finally:
        environment.REDIS.config_set("maxmemory-policy", policy)
    environment.REDIS.delete(beats.KEY)
    beats.tell()
    assert told("workers", inside.workers)[0][0] is Level.GOOD
    monkeypatch.setattr(beats, "OWN", "another-machine:7")
    beats.tell()
    assert "another-machine:7" in one("workers", inside.workers)[1]
    environment.REDIS.delete(beats.KEY)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("hops", "proxies", "mend"), [(0, 1, "=1"), (2, 1, "=1"), (1, 0, "=0")])
def test_proxies_that_are_counted_wrong_are_found_by_a_real_request(
    whole, live_server, settings, monkeypatch, hops, proxies, mend
):
    settings.PUBLIC_BASE_URL, settings.ALLOWED_HOSTS, settings.TRUSTED_PROXY_HOPS = live_server.url, ["*"], hops
    plain = outside._client

    def through_proxies():
        client = plain()
        if proxies:
            client.headers["X-Forwarded-For"] = ", ".join(["203.0.113.9"] * proxies)
        return client

    monkeypatch.setattr(outside, "_client", through_proxies)
    assert f"TRUSTED_PROXY_HOPS{mend}" in one("site", outside.site)[2]
    # and nobody without a ticket of ours is told
    with through_proxies() as client:
        assert client.get(f"{live_server.url}/healthz").json() == {"status": "ok"}


def test_agents_that_stopped_calling_are_found(whole):
    agents = [
        Agent.objects.create(
            instance=make_instance(name, state=InstanceState.READY), token_hash=name, reported_at=timezone.now()
        )
        for name in ("acme-corp", "boulangerie")
    ]
    Instance.objects.update(ready_at=timezone.now() - timedelta(hours=1))
    # made a moment ago: it has had no time to call
    Agent.objects.create(instance=make_instance("young-corp", state=InstanceState.READY), token_hash="young")
    assert told("agents", outside.agents)[0][0] is Level.GOOD
    Agent.objects.filter(pk=agents[0].pk).update(reported_at=None)
    assert one("agents", outside.agents)[0] is Level.WARNING
    Agent.objects.update(reported_at=None)
    assert one("agents", outside.agents)[0] is Level.WRONG


def test_the_address_of_another_site_is_not_taken_for_ours(whole, settings):
    parts = urlsplit(whole.url)
    settings.PUBLIC_BASE_URL = f"{parts.scheme}://{parts.netloc}"
    assert "404" in one("site", outside.site)[1]
