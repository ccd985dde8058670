"""What a backup leaves where it must not be: keys, other customers' addresses, and what customers wrote."""

import json
import logging

import pytest
from django.apps import apps
from django.conf import settings as site_settings
from django.test import Client

from provisioning.backups import asking
from provisioning.models import Agent, Backup
from tenants.models import Instance
from tests import factories
from tests.journeys.test_backup import call, site, work_until
from tests.provisioning.backups.little_agent import LittleAgent
from tests.tenants.api.conftest import Caller, key_of, order

__all__ = ["call", "site"]
pytestmark = pytest.mark.django_db(transaction=True)
# in every file and in every dump that an agent of the sandbox sends
WRITTEN = (".o_web_client", "CREATE TABLE", "INSERT INTO")


def variables_of(sandbox, instance):
    """All that the customer's project holds, as one text."""
    services = [each for each in sandbox.workspace.store.services.values() if each.project_id == instance.project_id]
    return json.dumps([each.variables for each in services])


def token_of(sandbox, instance):
    [found] = [
        each.variables["PROV_AGENT_TOKEN"]
        for each in sandbox.workspace.store.services.values()
        if each.project_id == instance.project_id and "PROV_AGENT_TOKEN" in each.variables
    ]
    return found


def rows():
    """Everything in our own database, as one text."""
    return "\n".join(
        json.dumps(list(model.objects.values()), default=str, ensure_ascii=False) for model in apps.get_models()
    )


def test_keys_addresses_and_what_customers_wrote_stay_where_they_belong(call, site, caplog):
    caplog.set_level(logging.INFO)
    other = Caller(key_of(factories.make_partner("Bob Services")))
    other("POST", "/instances", order("other-corp"))
    work_until(lambda: Instance.objects.filter(state="ready").count() == 2)
    mine, others = Instance.objects.order_by("pk")
    storage = (site_settings.BACKUP_S3_SECRET_ACCESS_KEY, site_settings.BACKUP_S3_ACCESS_KEY_ID)
    for each in (mine, others):
        asking.ask(each.pk, Backup.Occasion.MANUAL)
    work_until(lambda: Backup.objects.filter(state="good").count() == 2)
    for one, another in ((mine, others), (others, mine)):
        held = variables_of(site, one)
        assert one.database_name in held
        for secret in (*storage, site_settings.BACKUP_S3_ENDPOINT, site_settings.BACKUP_S3_BUCKET):
            assert secret not in held
        for foreign in (another.url, another.public_id, another.database_name, token_of(site, another)):
            assert foreign not in held
        # a signed address names the key, which opens nothing without its secret
        asking.ask(one.pk, Backup.Occasion.MANUAL)
        answer = LittleAgent(Client(), token_of(site, one)).call(report={}).content.decode()
        assert storage[0] not in answer
        assert another.public_id not in answer
        assert another.url not in answer
    told, kept = "\n".join(record.getMessage() for record in caplog.records), rows()
    for secret in (storage[0], token_of(site, mine), token_of(site, others), "X-Amz-Signature", *WRITTEN):
        assert secret not in told
        assert secret not in kept
    assert Agent.objects.count() == 2
