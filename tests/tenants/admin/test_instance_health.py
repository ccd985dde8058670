"""What an instance's page tells of its agent and its last good backup."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from provisioning.models import Agent, Backup
from tenants.admin.instance_health import health_of

pytestmark = pytest.mark.django_db
REPORT = {
    "users": 12,
    "databaseBytes": 80_000_000,
    "filestoreBytes": 2_000_000,
    "freeBytes": 40,
    "totalBytes": 100,
    "odooVersion": "19.0.1.3",
}


@pytest.fixture
def instance(make_instance):
    return make_instance(state="ready")


@pytest.fixture
def told(instance):
    """What is told after a report, by its name."""

    def tell(ago=timedelta(minutes=15), **report):
        values = {"token_hash": "0", "report": REPORT | report, "reported_at": timezone.now() - ago}
        Agent.objects.update_or_create(instance=instance, defaults=values)
        instance.refresh_from_db()
        return {str(row.name): row for row in health_of(instance)}

    return tell


def test_the_page_says_what_was_reported_in_words(sign_in, instance, told):
    told(lastLogin="2026-11-27T01:02:03Z")
    page = sign_in("Support").get(reverse("admin:tenants_instance_change", args=[instance.pk])).content.decode()
    for words in (
        "12",
        "27 novembre 2026 02:02",
        "19.0.1.3",
        "40\xa0octets sur 100\xa0octets",
        "Aucune pour l’instant",
    ):
        assert words in page


def test_who_never_logged_in_is_told_apart_from_what_cannot_be_read(told):
    assert told()["dernière connexion"].value == "jamais"
    for odd in ("yesterday", "9999-12-31T23:59:59Z", "2026-13-01T00:00:00Z", "2026-11-27T01:02:03"):
        assert "dernière connexion" not in told(lastLogin=odd)


def test_a_disk_that_is_nearly_full_is_a_warning(told):
    assert not told(freeBytes=10)["espace libre"].bad
    scarce = told(freeBytes=9)["espace libre"]
    assert scarce.bad
    assert "presque plein" in scarce.value


def test_an_agent_that_has_not_reported_for_an_hour_is_silent(instance, told):
    assert "silencieux" not in told(timedelta(minutes=59))["agent"].value
    silent = told(timedelta(minutes=61))["agent"]
    assert silent.bad
    assert silent.value.startswith("silencieux")
    type(instance).objects.update(state="suspended")
    assert not told(timedelta(days=61))["agent"].bad


def test_an_agent_that_never_came_is_told(instance, told):
    assert health_of(instance)[0].value.startswith("Aucun pour l’instant")
    told()
    Agent.objects.update(reported_at=None)
    assert health_of(instance)[0].value == "Il n’a encore rien rapporté."


def test_the_last_good_backup_is_named(instance, told):
    now = timezone.now()
    backup = Backup.objects.create(
        instance=instance, occasion="manual", state="good", size=1, sha256="0", key="k", taken_at=now, ended_at=now
    )
    assert told()["dernière bonne sauvegarde"].value.startswith(backup.public_id)
