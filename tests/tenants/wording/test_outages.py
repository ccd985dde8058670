"""An outage of Railway as those see it who wait for an instance."""

import pytest
from django.test import Client
from django.urls import reverse

from provisioning.engine import running
from provisioning.gate import circuit, clients, outages
from provisioning.models import Operation
from provisioning.railway.errors import RailwayError

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(sandbox, order_instance):
    """A creation that waits for the end of an outage."""
    sandbox.faults.add(kind="server_error", status=503)
    for _ in range(circuit.threshold()):
        with pytest.raises(RailwayError):
            clients.railway().platform_status()
    outages.tend()
    instance = order_instance()
    running.run(Operation.objects.get(instance=instance).pk)
    return instance


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("fr", "L’hébergeur est momentanément indisponible. Tout reprendra de soi-même dès son retour."),
        ("en", "The hosting platform is unavailable at the moment. The work goes on by itself when it is back."),
    ],
)
def test_the_visitor_reads_in_plain_words_that_it_goes_on_by_itself(language, sentence, waiting):
    address = f"/instances/{waiting.public_id}/?token={waiting.status_token}"
    assert sentence in Client().get(address, headers={"Accept-Language": language}).content.decode()


def test_the_api_says_the_same_and_calls_nothing_failed(waiting):
    body = Client().get(f"/api/instances/{waiting.public_id}", headers={"Accept-Language": "en"}).json()
    assert body["status"] == "creating"
    assert "unavailable at the moment" in str(body)


def test_staff_read_it_on_the_instances_page(waiting, sign_in):
    shown = sign_in("Support").get(reverse("admin:tenants_instance_change", args=[waiting.pk])).content.decode()
    assert "momentanément indisponible" in shown
