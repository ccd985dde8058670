"""A queue seen by those who wait in it: the visitor, the partner's developer and staff."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from provisioning.engine import running
from provisioning.models import Operation
from tenants.wording import dates

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sandbox")]


@pytest.fixture
def last(settings, order_instance):
    """The last of four orders that came at once; the first one's project is being created."""
    settings.RAILWAY_PROJECT_INTERVAL_SECONDS = settings.RAILWAY_VOLUME_INTERVAL_SECONDS = 3600
    ordered = [order_instance(f"client-{number}") for number in range(4)]
    for instance in ordered:
        running.run(Operation.objects.get(instance=instance).pk)
    return ordered[-1]


def page(instance, language):
    address = f"/instances/{instance.public_id}/?token={instance.status_token}"
    return Client().get(address, headers={"Accept-Language": language}).content.decode()


def status(instance):
    return Client().get(f"/api/instances/{instance.public_id}")


def test_the_api_tells_the_place_and_counts_it_into_the_estimate(last):
    body = status(last).json()
    start = parse_datetime(body["queue"].pop("estimatedStartAt"))
    assert body["queue"] == {"position": 3, "waiting": 3}
    assert abs(start - timezone.now() - timedelta(hours=3)) < timedelta(minutes=1)
    assert parse_datetime(body["estimatedReadyAt"]) > start


def test_who_does_not_wait_has_no_place(last):
    running.cancel(last.active_operation())
    assert status(last).json()["queue"] is None


def test_a_place_that_moves_up_is_news_and_the_clock_is_not(last):
    etag = status(last)["ETag"]
    with time_machine.travel(timezone.now() + timedelta(seconds=30), tick=True):
        assert status(last)["ETag"] == etag
    running.cancel(Operation.objects.get(instance__client_name="client-1"))
    assert status(last)["ETag"] != etag


def test_the_visitor_reads_who_is_before_and_when_it_starts(last):
    at = dates.clock_element(timezone.now() + timedelta(hours=3))
    assert f"2 demandes avant la vôtre, début vers {at}." in page(last, "fr")
    assert "2 requests before yours, start around" in page(last, "en")
    for number in (1, 2):
        running.cancel(Operation.objects.get(instance__client_name=f"client-{number}"))
    assert "Votre tour est le prochain" in page(last, "fr")


def test_staff_read_the_place_on_the_instances_page(last, sign_in):
    shown = sign_in("Support").get(reverse("admin:tenants_instance_change", args=[last.pk])).content.decode()
    assert "3 sur 3 dans project_create:default" in shown
