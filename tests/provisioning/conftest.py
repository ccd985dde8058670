import pytest
import time_machine
from django.utils import timezone

from provisioning.agents import tokens
from provisioning.backups import bucket as backup_bucket
from tests.provisioning.backups.little_agent import LittleAgent


@pytest.fixture
def clock():
    """Time that goes on by itself and can be shifted; the sandbox in this process lives in it too."""
    with time_machine.travel(timezone.now(), tick=True) as traveller:
        yield traveller


@pytest.fixture
def bucket(sandbox, settings):
    """The sandbox's storage, which the settings point at; returns the sandbox."""
    backup_bucket.locks.cache_clear()
    given = sandbox.options
    settings.BACKUP_S3_ENDPOINT = sandbox.s3_url
    settings.BACKUP_S3_REGION, settings.BACKUP_S3_BUCKET = given.s3_region, given.s3_bucket
    settings.BACKUP_S3_ACCESS_KEY_ID = given.s3_access_key_id
    settings.BACKUP_S3_SECRET_ACCESS_KEY = given.s3_secret_access_key
    return sandbox


@pytest.fixture
def instance(make_instance, bucket):
    return make_instance(state="ready")


@pytest.fixture
def agent(client, instance):
    return LittleAgent(client, tokens.renew(instance.pk))
