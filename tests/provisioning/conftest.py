import pytest
import time_machine
from django.utils import timezone

from provisioning.agents import tokens
from tests.provisioning.backups.little_agent import LittleAgent


@pytest.fixture
def clock():
    """Time that goes on by itself and can be shifted; the sandbox in this process lives in it too."""
    with time_machine.travel(timezone.now(), tick=True) as traveller:
        yield traveller


@pytest.fixture
def bucket(sandbox, storage):
    """The sandbox, whose storage the settings point at."""
    return sandbox


@pytest.fixture
def instance(make_instance, bucket):
    return make_instance(state="ready")


@pytest.fixture
def agent(client, instance):
    return LittleAgent(client, tokens.renew(instance.pk))
