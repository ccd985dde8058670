"""The customer's password: kept for as long as somebody may need it, and told only while it opens something."""

from datetime import timedelta

import pytest
from django.utils import timezone

from provisioning.models import Operation
from tenants.lifecycle import InstanceState
from tenants.models import Instance
from tenants.services import access, retention

pytestmark = pytest.mark.django_db
TOLD_BY_API = {InstanceState.READY, InstanceState.SUSPENDED}


def end(operation, state, days=0):
    Operation.objects.filter(pk=operation.pk).update(state=state, ended_at=timezone.now() - timedelta(days=days))


def put(instance, state):
    Instance.objects.filter(pk=instance.pk).update(
        state=state, url="https://eazynova-acme-corp.example", ready_at=timezone.now()
    )
    instance.refresh_from_db()


@pytest.fixture
def proven(order_instance):
    """An instance whose creation has proven a password, with the link that its customer was given."""
    instance = order_instance()
    end(Operation.objects.get(instance=instance), "succeeded")
    put(instance, InstanceState.READY)
    return instance


@pytest.mark.parametrize(
    ("days", "ended", "state", "kept"),
    [
        (6, "succeeded", InstanceState.READY, True),
        (8, "succeeded", InstanceState.READY, False),
        (8, "failed", InstanceState.FAILED, True),
        (800, "failed", InstanceState.FAILED, True),
        (8, "cancelled", InstanceState.FAILED, True),
        (6, "failed", InstanceState.DECOMMISSIONED, True),
        (8, "failed", InstanceState.DECOMMISSIONED, False),
        (8, "cancelled", InstanceState.DECOMMISSIONED, False),
    ],
)
def test_a_creations_password_is_kept_for_a_week_or_until_nobody_can_retry_it(order_instance, days, ended, state, kept):
    creation = Operation.objects.get(instance=order_instance())
    end(creation, ended, days)
    put(creation.instance, state)
    retention.forget_passwords()
    creation.refresh_from_db()
    assert bool(creation.sealed) is kept


def test_what_is_under_way_keeps_its_password_however_long_it_takes(order_instance):
    creation = Operation.objects.get(instance=order_instance())
    Operation.objects.update(created_at=timezone.now() - timedelta(days=30))
    assert retention.forget_passwords() == 0
    creation.refresh_from_db()
    assert creation.secrets()["admin_password"]


def test_a_reset_that_failed_a_week_ago_leaves_no_password_behind(proven):
    reset = access.reset_password(proven)
    end(reset, "failed", days=8)
    assert retention.forget_passwords() == 1
    reset.refresh_from_db()
    assert reset.sealed == ""


@pytest.mark.parametrize("state", InstanceState)
def test_the_password_is_told_only_while_there_is_something_to_log_in_to(client, proven, state):
    put(proven, state)
    link = f"token={proven.status_token}"
    told = client.get(f"/api/instances/{proven.public_id}?{link}").json()
    assert ("adminPassword" in told) is (state in TOLD_BY_API)
    page = client.post(f"/instances/{proven.public_id}/password?{link}", headers={"Accept": "application/json"})
    assert (page.json()["password"] is not None) is (state == InstanceState.READY)


@pytest.mark.parametrize("ended", ["active", "failed", "cancelled"])
def test_a_password_that_no_login_has_proven_is_never_told_as_the_present_one(client, proven, ended):
    present = proven.admin_password()
    reset = access.reset_password(proven)
    if ended != "active":
        end(reset, ended)
    assert reset.secrets()["admin_password"] != present
    told = client.get(f"/api/instances/{proven.public_id}?token={proven.status_token}").json()
    assert told["adminPassword"] == present
