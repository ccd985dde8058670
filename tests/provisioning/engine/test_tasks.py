import base64
import json

import pytest
import redis
from django.conf import settings

from provisioning.models import Operation

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("services")]


def test_the_broker_carries_an_operations_number_and_nothing_else(order_instance):
    broker = redis.Redis.from_url(settings.REDIS_URL)
    broker.flushdb()
    instance = order_instance(company="L’Étoile & Fils")
    operation = Operation.objects.get(instance=instance)
    messages = [json.loads(message) for message in broker.lrange("celery:6", 0, -1)]
    [ring] = [message for message in messages if message["headers"]["task"] == "provisioning.tasks.run_operation"]
    arguments, options, _links = json.loads(base64.b64decode(ring["body"]))
    assert (arguments, options) == ([operation.pk], {})
    for private in (operation.secrets()["admin_password"], instance.admin_email, "Étoile"):
        assert private not in json.dumps(messages, ensure_ascii=False)
